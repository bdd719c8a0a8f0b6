import Redis
import Wire

/// What was found out about one thing, and what to do about it.
struct Check: Equatable {
  enum Verdict: String, Comparable, CaseIterable {
    case ok = "OK"
    /// The server does not let this user ask it.
    case unknown
    /// Nothing is broken, but somebody should know.
    case look
    /// Something does not work, or will not for long.
    case wrong

    static func < (left: Verdict, right: Verdict) -> Bool {
      guard let first = allCases.firstIndex(of: left), let second = allCases.firstIndex(of: right) else { return false }
      return first < second
    }
  }

  var topic: String
  var verdict: Verdict
  /// What is so; may hold foreign text.
  var detail: String
  /// What to do, each by itself.
  var advice: [String]

  init(_ topic: String, _ verdict: Verdict, _ detail: String, advice: String...) {
    (self.topic, self.verdict, self.detail, self.advice) = (topic, verdict, detail, advice)
  }

  /// What cannot be told, since the server refused the question.
  static func refused(_ topic: String, _ question: String, _ error: ServerError) -> Check {
    guard error.code == "NOPERM" else {
      return Check(topic, .unknown, "\(question) was refused: \(error)")
    }
    return Check(
      topic, .unknown, "this user may not ask \(question)",
      advice: "ask as a user of: vigia acl print doctor")
  }

  var json: JSONValue {
    [
      "topic": .string(topic), "verdict": .string(verdict.rawValue.lowercased()), "detail": .string(detail),
      "advice": .array(advice.map { .string($0) }),
    ]
  }
}
