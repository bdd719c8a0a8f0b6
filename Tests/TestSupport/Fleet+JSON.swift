import FleetModel
import Wire

extension Fleet {
  /// Takes in an event as a publisher writes it: the part of its type after `agent.`, and `data` as JSON text.
  @discardableResult
  package mutating func apply(
    _ type: String, _ agent: String, _ data: String = "{}", eventID: String? = nil, source: String? = nil,
    at instant: Instant
  ) throws -> Outcome {
    var body = Array(#"{"entity_id":"#.utf8) + JSONValue.string(agent).encoded
    body += Array(#","event_type":"\#(type)","data":\#(data)"#.utf8)
    if let eventID { body += Array(#","event_id":"\#(eventID)""#.utf8) }
    if let source { body += Array(#","source":"\#(source)""#.utf8) }
    return try apply(json: body + Array("}".utf8), at: instant)
  }

  /// Takes in a message's bytes as they stand.
  @discardableResult
  package mutating func apply(json: [UInt8], at instant: Instant) throws -> Outcome {
    let decoder = EventDecoder(metrics: metrics)
    return try json.withUnsafeBytes { apply(try decoder.decode($0, channel: nil, receivedAt: instant)) }
  }
}

extension Instant {
  /// 2026-11-22T08:00:00Z, where scenes begin.
  package static let start = Instant(milliseconds: 1_795_334_400_000)

  /// A moment so many seconds into a scene.
  package static func at(_ seconds: Int64) -> Instant { start + .seconds(seconds) }
}
