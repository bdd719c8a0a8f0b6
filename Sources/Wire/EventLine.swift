import FleetModel

/// One event as one line of JSON: what `vigia tail --json` prints and what every recording holds.
///
/// ```json
/// {"id":"1795334137846-0","received":"2026-11-22T07:55:37.846Z","event_type":"agent.high_traffic","entity_id":"a1",
///  "event_id":"e1","timestamp":"2026-11-22T07:55:37.800Z","source":"svc","severity":"high","data":{"queue_size":500}}
/// ```
/// `id` is there if the event came from a stream, the others from `event_id` on if the publisher set them. The
/// type is dotted; `data` is as published, without white space and with null for what JSON has no number for. The line
/// is itself a plain event, which can be published again.
package enum EventLine {
  /// The line, without its end.
  package static func encode(_ event: Event, id: StreamID?) -> [UInt8] {
    var line: [UInt8] = [UInt8(ascii: "{")]
    if let id { append("id", .string(id.description), to: &line) }
    append("received", event.receivedAt.json, to: &line)
    append("event_type", .string(event.typeName), to: &line)
    append("entity_id", identity(event), to: &line)
    append("event_id", event.eventID, of: event, to: &line)
    append("timestamp", event.publishedAt?.json ?? .null, to: &line)
    append("source", event.source, of: event, to: &line)
    append("severity", event.severity, of: event, to: &line)
    if let data = data(event.bytes) {
      appendKey("data", to: &line)
      appendCompact(data, to: &line)
    }
    line.append(UInt8(ascii: "}"))
    return line
  }

  /// The beginning of the event's `data`, as much as anybody looks at.
  package static func excerpt(_ event: borrowing Event, most: Int = 8192) -> String {
    guard let data = data(event.bytes) else { return "" }
    guard data.count > most else {
      var text: [UInt8] = []
      appendCompact(data, to: &text)
      return String(decoding: text, as: UTF8.self)
    }
    let text = String(decoding: UnsafeRawBufferPointer(rebasing: data[..<most]), as: UTF8.self)
    return text.clipped(toBytes: most) + "… (\(data.count) bytes)"
  }

  /// Reads a line. The event borrows the line or the decoder's memory, as ``EventDecoder`` says.
  package static func decode(
    _ line: UnsafeRawBufferPointer, using decoder: EventDecoder
  ) throws(Unreadable) -> (event: Event, id: StreamID?) {
    let document = try JSONValue.parse(line)
    let id = document["id"]?.bytes.flatMap { StreamID($0) }
    let received = document["received"].flatMap { Instant(json: $0) }
    let event = try decoder.decode(line, channel: nil, receivedAt: received ?? id?.instant ?? .epoch)
    return (event, id)
  }

  private static func appendKey(_ key: String, to line: inout [UInt8]) {
    if line.count > 1 { line.append(UInt8(ascii: ",")) }
    JSONValue.append(string: key.utf8, to: &line)
    line.append(UInt8(ascii: ":"))
  }

  private static func append(_ key: String, _ value: JSONValue, to line: inout [UInt8]) {
    guard !value.isNull else { return }
    appendKey(key, to: &line)
    value.append(to: &line)
  }

  private static func append(_ key: String, _ text: EventText, of event: Event, to line: inout [UInt8]) {
    guard let bytes = event.unescaped(text) else { return }
    append(key, .string(bytes), to: &line)
  }

  /// A number stays one, so that it has the same text again; what is no JSON becomes a string of that text.
  private static func identity(_ event: Event) -> JSONValue {
    let bytes = event.agentID.bytes
    guard event.agent.form == .json, let value = try? JSONValue.parse(bytes), value.encoded == bytes else {
      return .string(bytes)
    }
    return value
  }

  /// The bytes of the last `data` of an event's body.
  private static func data(_ body: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    guard var cursor = try? JSONCursor(body), (try? cursor.take(UInt8(ascii: "{"))) != nil else { return nil }
    var found: UnsafeRawBufferPointer?
    repeat {
      guard let key = try? cursor.key() else { return found }
      let start = cursor.at
      guard (try? cursor.value(depth: 1)) != nil else { return found }
      if key.content == Array("data".utf8) {
        found = UnsafeRawBufferPointer(start: start, count: cursor.at - start)
      }
    } while (try? cursor.another(closing: UInt8(ascii: "}"))) == true
    return found
  }

  /// Copies a well-formed value without the white space between its tokens, NaN and infinities as null.
  private static func appendCompact(_ value: UnsafeRawBufferPointer, to line: inout [UInt8]) {
    var index = 0
    var isInString = false
    while index < value.count {
      let byte = value[index]
      index += 1
      switch byte {
      case UInt8(ascii: "\\"):
        line.append(byte)
        line.append(value[index])
        index += 1
      case UInt8(ascii: "\""):
        isInString.toggle()
        line.append(byte)
      case _ where isInString: line.append(byte)
      case 0x20, 0x09, 0x0A, 0x0D: break
      case UInt8(ascii: "N"):
        line += "null".utf8
        index += 2
      case UInt8(ascii: "I"):
        if line.last == UInt8(ascii: "-") { line.removeLast() }
        line += "null".utf8
        index += 7
      default: line.append(byte)
      }
    }
  }
}
