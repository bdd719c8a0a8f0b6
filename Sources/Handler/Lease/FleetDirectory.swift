import Automation
import FleetModel

/// Who knows the fleet as its events tell it: what acts on agents asks it.
protocol FleetDirectory: AnyObject {
  /// Whether what earlier handlers knew of the fleet has been read.
  var isRestored: Bool { get }
  /// Whether events have been read to their end once: before that nobody knows what runtimes have confirmed.
  var hasReadEvents: Bool { get }
  /// How few and how many replicas an agent says it may have; nil if it says nothing.
  func replicas(of agent: AgentID) -> ClosedRange<Int>?
  /// The agent that says it stands in for another.
  func backup(of agent: AgentID) -> AgentID?
  /// The state in which an agent is; nil if it is not known.
  func state(of agent: AgentID) -> AgentState?
  /// The version that an agent says it runs; nil if it says none.
  func version(of agent: AgentID) -> String?
  /// The role that an agent says it has; nil if it says none.
  func role(of agent: AgentID) -> String?
  func isOpen(_ alert: AlertID) -> Bool
  /// Calls for a person that have not ended.
  func openEscalations() -> [AlertRecord]
  /// What agents in trouble have in common at present.
  func sharedCauses() -> [SharedCause]
}
