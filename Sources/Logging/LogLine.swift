import FleetModel
import Wire

/// One line of the log, before it is text.
struct LogLine {
  var time: Instant
  var level: Log.Level
  var message: String
  var values: [(key: String, value: String)] = []
  /// How often the same was to be said and was not.
  var repeated: Int?

  /// The line without what must not be read.
  func redacted(_ redaction: Redaction) -> LogLine {
    var line = self
    line.message = redaction.apply(to: message)
    line.values = values.map { ($0.key, redaction.apply(to: $0.value)) }
    return line
  }

  /// `2026-11-22T08:00:00.000Z warning no connection reason="connect to …"`
  ///
  /// - Parameter isForJournal: begins it with the priority by which the journal files it, `<4>`; see sd-daemon(3).
  func text(isForJournal: Bool) -> String {
    let pairs = values.map { " \($0.key)=\(Self.quoted($0.value))" }.joined()
    let count = repeated.map { " repeated=\($0)" } ?? ""
    let priority = isForJournal ? "<\(priority)>" : ""
    return "\(priority)\(ISO8601.format(time)) \(level.rawValue) \(Self.clean(message))\(pairs)\(count)"
  }

  /// `{"time":"…","level":"warning","message":"no connection","reason":"connect to …"}`
  var json: [UInt8] {
    var object: JSONObject = [
      "time": .string(ISO8601.format(time)), "level": .string(level.rawValue), "message": .string(Self.clean(message)),
    ]
    for (key, value) in values { object[key] = .string(Self.clean(value)) }
    object["repeated"] = repeated.map { .integer(Int64($0)) }
    return JSONValue.object(object).encoded
  }

  private var priority: Int {
    switch level {
    case .debug: 7
    case .info: 6
    case .warning: 4
    case .error: 3
    }
  }

  private static func quoted(_ value: String) -> String {
    let isPlain = !value.isEmpty && value.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") }
    return isPlain ? value : "\"\(clean(value).swapping("\"", for: "'"))\""
  }

  /// A line stays a line, and steers no terminal, whatever an id or an error holds.
  private static func clean(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { isHarmless($0) ? $0 : "?" }))
  }

  private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII { return scalar.value >= 0x20 && scalar.value != 0x7F }
    switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: return false
    default: return !scalar.properties.isBidiControl
    }
  }
}
