import FleetModel

extension EventProcessor: FleetKnowledge {
  func agent(_ id: AgentID) -> Agent? { fleet[id] }

  func position(of agent: AgentID) -> Int? { fleet.position(of: agent) }

  func firstHeard(at position: Int) -> Instant? { fleet.agents.firstHeard(at: position) }

  func worstSeverity(of agent: AgentID) -> Severity {
    fleet.position(of: agent).flatMap { fleet.alerts(ofAgentAt: $0).map(\.record.severity).max() } ?? .low
  }

  func latestFeedback(of agent: AgentID, atMost most: Int) -> [Incident] {
    fleet.incidents.satisfaction.filter { $0.kind == .feedback && $0.agent == agent }.suffix(most)
  }
}
