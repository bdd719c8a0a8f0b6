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
  ///   - allowed: who lets exactly these of the names be set counts; nil: all who let these be set in whatever bounds,
  ///     for the way back.
  ///   - objective: what values cost; nil if nothing is measured.
  ///   - patience: for how long silence counts as a loss: whoever is silent for longer has other reasons for that.
  ///   - isLeftAlone: whether an agent is not to be changed at present.
  func tuningMembers(
    of role: ExactText, _ parameters: [TunableParameter], among allowed: Set<String>?, _ objective: TuningObjective?,
    patience: TimeSpan,
    _ isLeftAlone: (AgentID) -> Bool
  ) -> [TuningRun.Member]

  /// Why nothing is tried at present; nil if it may be.
  var tuningFault: String? { get }
}
