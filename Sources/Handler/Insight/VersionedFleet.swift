import FleetModel

/// Who knows which agents run which version.
protocol VersionedFleet {
  /// Whether an agent is there, is heard, and says that it runs another version than this one.
  func hasLeft(_ version: String, _ agent: AgentID) -> Bool
  /// The agents that there are of each version's role, by one look at all agents.
  ///
  /// - Parameter versions: each of a role of its own.
  func runners(of versions: [WorseVersion]) -> [RollbackBook.Runners]
}
