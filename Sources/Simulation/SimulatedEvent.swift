import FleetModel
import Wire

/// An event that a simulated agent publishes, before it is put into a message.
package struct SimulatedEvent: Equatable, Sendable {
  package var kind: EventKind
  package var agent: AgentID
  package var data: JSONObject
  /// Set on what must not count twice.
  package var eventID: String?

  /// What every body says of its origin, so that simulated events can be told from others.
  package static let source = "vigia-simulate"

  package init(_ kind: EventKind, _ agent: AgentID, _ data: JSONObject, eventID: String? = nil) {
    self.kind = kind
    self.agent = agent
    self.data = data
    self.eventID = eventID
  }

  /// The dotted type; every kind that is simulated has one.
  package var type: String { kind.type ?? "agent.other" }

  /// The event's JSON.
  ///
  /// - Parameters:
  ///   - now: when it is published: `timestamp`.
  ///   - isDotted: whether `event_type` is the dotted type, as in a stream, if no channel says it.
  package func body(at now: Instant, isDotted: Bool) -> JSONValue {
    [
      "entity_id": .string(agent.bytes),
      "event_type": .string(isDotted ? type : String(type.dropFirst("agent.".count))),
      "data": .object(data),
      "event_id": eventID.map { .string($0) },
      "timestamp": .string(ISO8601.format(now)),
      "source": .string(Self.source),
    ]
  }

  /// The channel it goes out on; newer services spell it in the plural.
  package func channel(isPlural: Bool) -> String {
    isPlural ? "agents" + type.dropFirst("agent".count) : type
  }
}
