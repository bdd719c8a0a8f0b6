import FleetModel
import TestSupport
import Wire

@testable import Handler

/// A channel of Discord with one webhook: it holds its messages, and refuses what the documentation refuses.
final class DiscordChannel {
  struct Message: Equatable {
    let id: String
    /// Its content, of each state.
    var contents: [String]
    var words: String
    var isDeleted = false

    var content: String { contents.last ?? "" }
  }

  static let path = "/api/webhooks/1234/s3cret-t0ken"

  private(set) var messages: [Message] = []
  private(set) var calls: [String] = []
  /// What the next calls end with, in place of an answer.
  var answers: [MockService.Answer] = []
  var isWebhookThere = true
  private let creates: JSONSchema
  private let edits: JSONSchema

  init() throws {
    creates = try JSONSchema(named: "discord-execute-webhook")
    edits = try JSONSchema(named: "discord-edit-message")
  }

  func service(on server: TestServer) throws -> MockService {
    try MockService(loop: server.loop) { [self] request in
      guard answers.isEmpty else {
        calls.append("\(request.method) in vain")
        return answers.removeFirst()
      }
      let (answer, word) = obey(request)
      calls.append("\(request.method) \(word)")
      return answer
    }
  }

  func delete(_ place: Int) { messages[place].isDeleted = true }

  private func refusal(_ status: Int, _ code: Int, _ words: String) -> (MockService.Answer, String) {
    (.status(status, #"{"message":"\#(words)","code":\#(code)}"#), words)
  }

  private func obey(_ request: MockService.Request) -> (MockService.Answer, String) {
    let parts = request.path.split(separator: "?", maxSplits: 1)
    guard parts[0].hasPrefix(Self.path), isWebhookThere else { return refusal(404, 10015, "Unknown Webhook") }
    // A thread's id that its address names stays in it, or the message is another's.
    let query = parts.count > 1 ? parts[1].split(separator: "&").map(String.init) : []
    guard query.contains("thread_id=77") else { return refusal(400, 10003, "Unknown Channel") }
    guard request.headers["content-type"] == ["application/json"], let json = try? JSONValue.parse(request.body) else {
      return refusal(400, 50109, "The request body contains invalid JSON.")
    }
    let rest = parts[0].dropFirst(Self.path.count)
    let faults = (rest.isEmpty ? creates : edits).faults(of: json)
    guard faults.isEmpty, Self.isWithinLimits(json) else { return refusal(400, 50035, "Invalid Form Body \(faults)") }
    return rest.isEmpty ? post(json, request.method, query) : edit(json, request.method, rest)
  }

  private func post(_ json: JSONValue, _ method: String, _ query: [String]) -> (MockService.Answer, String) {
    guard method == "POST" else { return refusal(405, 0, "Method Not Allowed") }
    let id = "13000000000000000\(messages.count)"
    messages.append(Message(id: id, contents: [json["content"]?.text ?? ""], words: Self.words(json)))
    return query.contains("wait=true") ? (.status(200, #"{"id":"\#(id)","type":0}"#), "ok") : (.status(204), "ok")
  }

  private func edit(_ json: JSONValue, _ method: String, _ rest: Substring) -> (MockService.Answer, String) {
    guard method == "PATCH" else { return refusal(405, 0, "Method Not Allowed") }
    guard let place = messages.firstIndex(where: { rest == "/messages/\($0.id)" && !$0.isDeleted }) else {
      return refusal(404, 10008, "Unknown Message")
    }
    if let content = json["content"]?.text { messages[place].contents.append(content) }
    if json["embeds"] != nil { messages[place].words = Self.words(json) }
    return (.status(200, #"{"id":"\#(messages[place].id)","type":0}"#), "ok")
  }

  /// What its schema does not say: all texts of the embeds together, and something to show.
  private static func isWithinLimits(_ json: JSONValue) -> Bool {
    let embeds = json["embeds"]?.list ?? []
    let texts = embeds.flatMap { embed in
      [embed["description"]?.text ?? ""]
        + (embed["fields"]?.list ?? []).flatMap { [$0["name"]?.text ?? "", $0["value"]?.text ?? ""] }
    }
    let isSomething = json["content"]?.text?.isEmpty == false || !embeds.isEmpty
    return isSomething && texts.reduce(0) { $0 + $1.utf16.count } <= 6000
      && json["allowed_mentions"] == ["parse": []]
  }

  private static func words(_ json: JSONValue) -> String {
    (json["embeds"]?.list ?? []).flatMap { embed in
      [embed["description"]?.text].compactMap(\.self)
        + (embed["fields"]?.list ?? []).map { "\($0["name"]?.text ?? ""): \($0["value"]?.text ?? "")" }
    }.joined(separator: "\n")
  }
}
