import FleetModel

/// Events as FastStream's publishers write them: for the simulator and for tests.
package enum EventEncoding {
  /// A message in one of the formats of ``MessageFormat``, with the two headers that FastStream sets.
  package typealias Format = MessageFormat

  package static func encode(_ body: JSONValue, as format: Format, correlationID: String) -> [UInt8] {
    encode(body: body.encoded, as: format, correlationID: correlationID)
  }

  /// The same around a body that is JSON already.
  package static func encode(body: [UInt8], as format: Format, correlationID: String) -> [UInt8] {
    switch format {
    case .plain: body
    case .envelope: envelope(body, correlationID: correlationID)
    case .binary: binary(body, correlationID: correlationID)
    }
  }

  /// The flat fields of a stream entry without `__data__`: those of the event, then those of its data, all as text.
  package static func fields(_ body: JSONValue) -> [(name: [UInt8], value: [UInt8])] {
    let outer = body.object?.members.filter { $0.key != Array("data".utf8) } ?? []
    let inner = body["data"]?.object?.members ?? []
    return (outer + inner).map { ($0.key, $0.value.bytes ?? $0.value.encoded) }
  }

  private static func headers(_ correlationID: String) -> [(name: String, value: String)] {
    [("correlation_id", correlationID), ("content-type", "application/json")]
  }

  private static func envelope(_ body: [UInt8], correlationID: String) -> [UInt8] {
    let headers = JSONObject(members: headers(correlationID).map { (Array($0.name.utf8), .string($0.value)) })
    let json: JSONValue = ["data": .string(body), "headers": .object(headers)]
    return json.encoded
  }

  /// See ``MessageFormat`` for the layout. Lengths are those of the bytes, which for these headers is what FastStream
  /// writes too.
  private static func binary(_ body: [UInt8], correlationID: String) -> [UInt8] {
    var table: [UInt8] = []
    for (name, value) in headers(correlationID) {
      append(UInt16(truncatingIfNeeded: name.utf8.count), to: &table)
      table += name.utf8
      append(UInt16(truncatingIfNeeded: value.utf8.count), to: &table)
      table += value.utf8
    }
    var message = MessageFormat.magic
    append(UInt16(1), to: &message)
    append(UInt32(MessageFormat.headerLength), to: &message)
    append(UInt32(MessageFormat.headerLength + 2 + table.count), to: &message)
    append(UInt16(2), to: &message)
    return message + table + body
  }

  private static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: value.bigEndian) { bytes += $0 }
  }
}
