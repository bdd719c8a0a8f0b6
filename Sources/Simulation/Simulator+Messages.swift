import FleetModel
import Redis
import Wire

/// Events as requests to the server.
extension Simulator {
  /// Streams are bounded by whoever handles them; this holds if nobody does.
  private static let longestStream = 1_000_000
  /// One message in so many goes out on the plural spelling of its channel.
  private static let pluralEvery = 16

  /// An event as a message on its channel.
  func message(_ event: SimulatedEvent, at now: Instant) -> Request {
    messageCount += 1
    let channel = event.channel(isPlural: messageCount % Self.pluralEvery == 0)
    return Request("PUBLISH", channel, payload(event.body(at: now, isDotted: false)))
  }

  /// An event as an entry of a stream.
  func entry(_ event: SimulatedEvent, at now: Instant, id: String, into stream: [UInt8]) -> Request {
    messageCount += 1
    var request = Request("XADD", stream, "MAXLEN", "~", Self.longestStream, id)
    let body = event.body(at: now, isDotted: true)
    if settings.format == .flat {
      for field in EventEncoding.fields(body) { request.append(field.name, field.value) }
    } else {
      request.append(Keys.dataField, payload(body))
    }
    return request
  }

  private func payload(_ body: JSONValue) -> [UInt8] {
    let formats = EventEncoding.Format.allCases
    let format: EventEncoding.Format =
      switch settings.format {
      case .binary: .binary
      case .envelope: .envelope
      case .plain, .flat: .plain
      case .mixed: formats[messageCount % formats.count]
      }
    return EventEncoding.encode(body, as: format, correlationID: "vigia-simulate-\(messageCount)")
  }
}
