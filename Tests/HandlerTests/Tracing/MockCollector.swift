import TestSupport
import Wire

@testable import Handler

/// A collector that takes only what the JSON mapping of OTLP allows: ids in hexadecimal digits, whole numbers of 64 bits
/// as texts, enumerations as numbers, names in lowerCamelCase, and nothing else.
final class MockCollector {
  private(set) var service: MockService!
  private(set) var faults: [String] = []
  private(set) var spans: [JSONValue] = []
  private(set) var lines: [JSONValue] = []
  private(set) var bodies: [(path: String, body: [UInt8])] = []
  /// Answers instead of its own, oldest first.
  var answers: [MockService.Answer] = []

  init(on scene: HandlerScene) throws {
    service = try MockService(loop: scene.server.loop) { [unowned self] in
      answers.isEmpty ? answer($0) : answers.removeFirst()
    }
  }

  func settings(_ change: (inout TelemetrySettings) -> Void = { _ in }) -> TelemetrySettings {
    var settings = TelemetrySettings(
      endpoint: service.url(""), headers: [.init(name: "api-key", value: "secret-key")], service: "test")
    change(&settings)
    return settings
  }

  /// The spans of a name, oldest first.
  func spans(_ name: String) -> [JSONValue] { spans.filter { $0["name"]?.text == name } }

  static func attribute(_ key: String, of record: JSONValue) -> String? {
    record["attributes"]?.list?.first { $0["key"]?.text == key }?["value"]?["stringValue"]?.text
  }

  private func answer(_ request: MockService.Request) -> MockService.Answer {
    guard request.method == "POST", request.headers["content-type"] == ["application/json"],
      request.headers["api-key"] == ["secret-key"],
      let body = request.body.withUnsafeBytes({ try? JSONValue.parse($0) })
    else { return .status(400, "{}") }
    bodies.append((request.path, request.body))
    switch request.path {
    case "/v1/traces": spans += records(body, "resourceSpans", "scopeSpans", "spans", checkSpan)
    case "/v1/logs": lines += records(body, "resourceLogs", "scopeLogs", "logRecords", checkLine)
    default: return .status(404, "{}")
    }
    return .status(200, "{}")
  }

  // MARK: The mapping

  private func records(
    _ body: JSONValue, _ resources: String, _ scopes: String, _ records: String, _ check: (JSONValue) -> Void
  ) -> [JSONValue] {
    allow([resources], in: body)
    return (body[resources]?.list ?? []).flatMap { resource -> [JSONValue] in
      allow(["resource", scopes], in: resource)
      checkAttributes(of: resource["resource"] ?? .null)
      return (resource[scopes]?.list ?? []).flatMap { scope -> [JSONValue] in
        allow(["scope", records], in: scope)
        let found = scope[records]?.list ?? []
        for record in found { check(record) }
        return found
      }
    }
  }

  private func allow(_ keys: Set<String>, in object: JSONValue) {
    for member in object.object?.members ?? [] {
      let key = String(decoding: member.key, as: UTF8.self)
      demand(keys.contains(key), "unknown \(key)")
    }
    demand(object.object != nil, "no object")
  }

  private func demand(_ isMet: Bool, _ words: String) { if !isMet { faults.append(words) } }

  private func checkSpan(_ span: JSONValue) {
    allow(
      [
        "traceId", "spanId", "parentSpanId", "name", "kind", "startTimeUnixNano", "endTimeUnixNano", "attributes",
        "status",
      ], in: span)
    checkID(span["traceId"], digits: 32)
    checkID(span["spanId"], digits: 16)
    if span["parentSpanId"] != nil { checkID(span["parentSpanId"], digits: 16) }
    demand((1...5).contains(span["kind"]?.int ?? 0), "kind")
    demand(span["name"]?.text?.isEmpty == false, "name")
    demand(nanoseconds(span["startTimeUnixNano"]) <= nanoseconds(span["endTimeUnixNano"]), "it ends before it begins")
    checkAttributes(of: span)
    guard let status = span["status"] else { return }
    allow(["code", "message"], in: status)
    demand((0...2).contains(status["code"]?.int ?? -1), "code")
  }

  private func checkLine(_ line: JSONValue) {
    allow(
      ["timeUnixNano", "observedTimeUnixNano", "severityNumber", "severityText", "body", "attributes"], in: line)
    demand(nanoseconds(line["timeUnixNano"]) > 0, "time")
    demand((1...24).contains(line["severityNumber"]?.int ?? 0), "severityNumber")
    demand(line["body"]?["stringValue"]?.text?.isEmpty == false, "body")
    checkAttributes(of: line)
  }

  private func checkID(_ value: JSONValue?, digits: Int) {
    let text = value?.text ?? ""
    demand(text.count == digits && text.allSatisfy { $0.isHexDigit && !$0.isUppercase }, "id \(text)")
    demand(!text.allSatisfy { $0 == "0" }, "an id of zeros")
  }

  private func nanoseconds(_ value: JSONValue?) -> UInt64 {
    guard let text = value?.text, let number = UInt64(text) else {
      faults.append("a time that is no text of digits")
      return 0
    }
    return number
  }

  private func checkAttributes(of record: JSONValue) {
    for attribute in record["attributes"]?.list ?? [] {
      allow(["key", "value"], in: attribute)
      demand(attribute["key"]?.text?.isEmpty == false, "key")
      let members = attribute["value"]?.object?.members ?? []
      demand(members.count == 1, "one value")
      switch members.first.map({ String(decoding: $0.key, as: UTF8.self) }) {
      case "stringValue": demand(members[0].value.text != nil, "stringValue")
      case "intValue": demand(members[0].value.text.flatMap { Int64($0) } != nil, "intValue is no text")
      default: faults.append("a value of no kind that is known")
      }
    }
  }
}
