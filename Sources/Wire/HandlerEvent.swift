import FleetModel

/// What the handler says of an agent, as an event: it goes straight into the stream, with `source: vigia`.
package enum HandlerEvent {
  /// - Parameters:
  ///   - type: the dotted type.
  ///   - id: an `event_id`, by which the same is counted once; nil for none.
  package static func encode(
    _ type: String, id: [UInt8]? = nil, of agent: AgentID, _ data: JSONValue, at instant: Instant
  ) -> [UInt8] {
    let event: JSONValue = [
      "entity_id": .string(agent.bytes), "event_type": .string(type), "event_id": id.map { .string($0) },
      "source": .string(Event.handlerSource), "timestamp": .string(ISO8601.format(instant)), "data": data,
    ]
    return event.encoded
  }

  /// The event that an agent is silent.
  ///
  /// - Parameters:
  ///   - span: since when nothing of its own reports has come.
  ///   - interval: how far apart it usually reports; nil if that is not known.
  package static func silent(_ agent: AgentID, for span: TimeSpan, interval: TimeSpan?, at instant: Instant) -> [UInt8]
  {
    func seconds(_ span: TimeSpan) -> JSONValue { .integer((span.milliseconds + 500) / 1000) }
    return encode(
      "agent.silent", of: agent, ["silent_for": seconds(span), "interval": interval.map(seconds)], at: instant)
  }
}
