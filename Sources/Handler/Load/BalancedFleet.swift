import FleetModel
import Insight

/// Who knows the fleet for sharing load: what its agents say, and how they are.
protocol BalancedFleet: AnyObject {
  /// Roles of which some agents let their share be set.
  var sharingRoles: [ExactText] { get }

  /// What is known of those of a role who let their share be set, and tell how many conversations they can have and how
  /// many are open. In no order.
  ///
  /// - Parameter isLeftAlone: whether an agent's share is not to be changed at present.
  func loadReadings(of role: ExactText, _ isLeftAlone: (AgentID) -> Bool) -> [LoadReading]

  /// When sharing load changed a share in a role last; nil if it did not.
  func lastShared(in role: ExactText) -> Instant?

  /// Why an agent takes no share of a role's conversations that could be set; nil if it does, or nobody has heard yet what
  /// it is.
  func shareFault(of agent: AgentID, in role: ExactText) -> String?

  /// How an agent's record stands; nil if nobody knows it.
  func record(of agent: AgentID) -> AgentRecord?

  /// Why nothing is changed by itself at present; nil if it may be.
  var loadFault: String? { get }
}
