import Automation
import FleetModel

/// What a run takes and answers with.
extension RuleActionRun {
  /// What must still stand when the action begins; nothing once it has begun.
  package struct Guards: Equatable, Sendable {
    /// Whether the agent was found to stand in for nobody.
    package var isAlone = false
    /// The switch of automation as it was read.
    package var automation: [UInt8]?
  }

  /// The target of an action as it stands.
  package struct Target: Equatable, Sendable {
    /// Whether the action has begun: then it is brought to its end.
    package var hasBegun: Bool
    package var isPaused: Bool
    /// Who needs it as a backup.
    package var standsInFor: AgentID?

    package init(hasBegun: Bool, isPaused: Bool, standsInFor: AgentID? = nil) {
      self.hasBegun = hasBegun
      self.isPaused = isPaused
      self.standsInFor = standsInFor
    }
  }

  package enum Input: Equatable {
    case begun
    /// What is remembered of the rule's run, if anything is, and the switch of automation as it stands.
    case read(RunRecord?, automation: [UInt8]?)
    case targetRead(Target)
    case outcomesRead
    /// Why what the action asks for cannot be made out.
    case instructionRefused(String)
    /// The intent is written: the action has begun.
    case intentWritten
    /// What must stand for it to begin does not stand any more.
    case setBack
    /// The target's outcome is written, or was before.
    case settled
    case committed
    case notCommitted(Failure)
    case woken
  }

  /// Why the transaction that ends the action did not go ahead.
  package enum Failure: Equatable, Sendable {
    /// Another handler acts now.
    case fenced
    /// It was dealt with meanwhile.
    case obsolete
    /// - Parameter isFinal: whether trying again is of no use.
    case refused(String, isFinal: Bool)
  }

  package enum Effect: Equatable, Sendable {
    /// Reads what is remembered of the rule's run, and the switch.
    case read
    case readTarget
    /// Reads what has become of the actions before this one.
    case readOutcomes
    case act(Action)
    /// Ends the action with nothing done to its target.
    ///
    /// - Parameter report: the report that it writes, by its name.
    case end(TargetOutcome, report: String?)
    /// Takes it out of the schedule, and does no more: Redis does not take its end.
    case drop(String)
    /// Says in the log that Redis refused its end.
    case log(String, isGivenUp: Bool)
    case wake(afterMilliseconds: Int64)
    /// Leaves it to another time.
    case postpone
    case finish
  }
}
