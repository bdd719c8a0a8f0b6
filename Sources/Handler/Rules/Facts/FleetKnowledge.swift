import FleetModel

/// Who knows the fleet as its events tell it. Rules ask it agent by agent, for a copy of a fleet is dear.
protocol FleetKnowledge: FleetDirectory {
  /// Who there is, and who of them is well.
  var health: FleetHealth { get }
  /// That nothing comes from any agent, in words, and one that shows it; nil while something does.
  var silentSource: (words: String, agent: AgentID)? { get }
  /// All that is known of an agent; nil if nobody has heard it.
  func agent(_ id: AgentID) -> Agent?
  /// Where an agent stands in the fleet, and when it was heard first; nil for one that nobody knows.
  func place(of agent: AgentID) -> (position: Int, first: Instant)?
  /// How bad an agent's worst alert is; low if it has none.
  func worstSeverity(of agent: AgentID) -> Severity
  /// What an agent's users said lately, if they were unhappy; the latest last.
  ///
  /// - Parameter most: how many at most.
  func latestFeedback(of agent: AgentID, atMost most: Int) -> [Incident]
}
