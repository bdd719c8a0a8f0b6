/// Requests of agents that do not have their conversation as far as is known.
///
/// Whoever is given a conversation without vigia's choice may ask for another agent before the word stands that it has it.
/// Its request counts once that word comes, if it comes soon.
package struct EarlyRequests: Equatable, Sendable {
  private var requests: [Handoff] = []

  package init() {}

  /// The word that an agent has a conversation comes no later after its request.
  package static let span = TimeSpan.seconds(10)
  /// Of more than this the oldest make room.
  private static let most = 64

  package mutating func keep(_ request: Handoff) {
    requests.removeAll { Self.isOver($0, at: request.since) || ($0.id == request.id && $0.agent == request.agent) }
    if requests.count >= Self.most { requests.removeFirst() }
    requests.append(request)
  }

  /// Takes out what an agent has asked for a conversation that it has now; nil if that is nothing, or too long ago.
  package mutating func take(_ id: Handoff.ID, of agent: AgentID, at now: Instant) -> Handoff? {
    guard let index = requests.firstIndex(where: { $0.id == id && $0.agent == agent }) else { return nil }
    let request = requests.remove(at: index)
    return Self.isOver(request, at: now) ? nil : request
  }

  package func holds(_ id: Handoff.ID) -> Bool { requests.contains { $0.id == id } }

  /// Forgets what was asked for a conversation: by one agent, or by all if none is named.
  package mutating func drop(_ id: Handoff.ID, of agent: AgentID? = nil) {
    requests.removeAll { $0.id == id && (agent == nil || $0.agent == agent) }
  }

  private static func isOver(_ request: Handoff, at now: Instant) -> Bool {
    // A moment of the future is from before the clock was set back.
    (now - request.since).magnitude > span
  }
}
