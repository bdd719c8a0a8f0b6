import FleetModel
import Insight

/// Who knows the fleet for trying settings: what its agents declare, and how they are.
protocol TunedFleet: AnyObject {
  /// Up to when all that was said is known.
  var present: Instant { get }
  /// The open metrics that there are.
  var metrics: MetricTable { get }
  /// What adds up what events report; nil while nobody wants to know.
  var meter: ObjectiveMeter? { get set }
  /// Roles of which some agents let parameters be set.
  var tuningRoles: [ExactText] { get }

  /// How many agents of a role let parameters be set.
  func tunableCount(of role: ExactText) -> Int

  /// The parameters that most agents of a role let be set in the same way, by name; empty if there are none.
  ///
  /// - Parameter allowed: the names that count.
  func tunedParameters(of role: ExactText, _ allowed: Set<String>) -> [TunableParameter]

  /// The agents of a role that let these parameters be set, and what came of them since the last call.
  ///
  /// - Parameters:
  ///   - scope: who of them counts.
  ///   - objective: what values cost; nil if nothing is measured.
  ///   - patience: for how long silence counts as a loss: whoever is silent for longer has other reasons for that.
  ///   - isLeftAlone: whether an agent is not to be changed at present.
  func tuningMembers(
    of role: ExactText, _ parameters: [TunableParameter], among scope: TuningScope, _ objective: TuningObjective?,
    patience: TimeSpan, _ isLeftAlone: (AgentID) -> Bool
  ) -> [TuningRun.Member]

  /// Agents that run with what was tried in a role, and take no part in it any more: they have another role, or declare
  /// other bounds. At most ``TunedStranger/most`` at once.
  ///
  /// - Parameter members: those that take part.
  func tunedStrangers(
    to role: ExactText, _ parameters: [TunableParameter], besides members: Set<AgentID>,
    _ isLeftAlone: (AgentID) -> Bool
  ) -> [TunedStranger]

  /// In which part of the last spans agents of a role have told of the objective, in the mean, 0…1; 1 while nothing is
  /// known.
  func reportedPart(of role: ExactText) -> Double

  /// Why nothing is tried at present; nil if it may be.
  var tuningFault: String? { get }
}

/// Which agents of a role count.
enum TuningScope {
  /// Those that let exactly the parameters of these names be set, and in the same bounds.
  case same(Set<String>)
  /// Those that let them be set to these values, by the places of the parameters: for the way back.
  case homes([Double])
}

/// A setting of an agent that was tried in a role of which it takes no part any more.
struct TunedStranger: Equatable {
  let agent: AgentID
  /// Of the parameter, among the role's.
  let place: Int
  /// As the agent declares it now.
  let declared: TunableParameter
  /// What it runs with.
  let value: Double

  static let most = 64
}
