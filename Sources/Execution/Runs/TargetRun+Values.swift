import Automation
import FleetModel

/// What a run takes and answers with.
extension TargetRun {
  /// Where it is done: targets that one service or program serves share its places, so that one that hangs holds up
  /// nobody else.
  package enum Place: Hashable, Sendable {
    case redis
    /// What an actuator carries out, by the name that it is configured for.
    case actuator(String)
  }

  /// How an actuator carries something out.
  package struct Route: Equatable, Sendable {
    package var place: Place
    package var rule: RepeatRule

    package init(place: Place, rule: RepeatRule) {
      self.place = place
      self.rule = rule
    }
  }

  /// An effect outside that was begun: the call, when it was decided, and how it is carried out now; nil if no actuator
  /// is configured for it any more.
  package struct Begun: Equatable, Sendable {
    package var call: ActuatorCall
    package var since: Instant
    package var route: Route?

    package init(call: ActuatorCall, since: Instant, route: Route?) {
      self.call = call
      self.since = since
      self.route = route
    }
  }

  /// What stands under the idempotency key of a target.
  package enum Found: Equatable, Sendable {
    case nothing
    case outcome(TargetOutcome)
    case intent(Begun)
    /// Something stands there, and nobody can tell what; the text says what is not understood.
    case notUnderstood(String)
  }

  /// What becomes of a target, as decided but not yet done.
  package struct Plan: Equatable, Sendable {
    /// How it ends for the target if nothing prevents it.
    package var outcome: TargetOutcome
    /// What an actuator is asked for, decided now; nil if the transaction does it all.
    package var begun: Begun?

    package init(outcome: TargetOutcome, begun: Begun? = nil) {
      self.outcome = outcome
      self.begun = begun
    }
  }

  package enum Input: Equatable, Sendable {
    case begun
    /// It has the place that it asked for.
    case placed
    /// Too many others wait for that place.
    case crowded(String)
    case read(Found)
    case planned(Plan)
    /// The target does not allow it.
    case refused(String)
    case committed
    case notCommitted(Failure)
    /// Whether the idempotency key still holds what was found under it.
    case reread(isUnchanged: Bool)
    case actuated(ActuatorResult)
    case lookedUp(LookUpResult)
    case woken
  }

  /// Why a transaction did not go ahead.
  package enum Failure: Equatable, Sendable {
    /// Another handler acts now.
    case fenced
    /// What it is a part of was dealt with meanwhile.
    case obsolete
    /// What it is a part of begins it anew: the command came before, say, which the transaction was to tell.
    case restart
    /// What it was decided by has changed.
    case conflict
    /// Redis lacks a permission, and that has been waited for long enough.
    case denied(String)
    /// Redis may take the same later.
    case passing(String)
    /// Redis will never take it: a record of the wrong type, say.
    case lasting(String)
  }

  /// A transaction to commit.
  package enum Write: Equatable, Sendable {
    /// Says what an actuator is about to do, before it does it.
    case intent(Begun, detail: String)
    /// The change that was planned last, and that it succeeded.
    ///
    /// - Parameter conclusion: the effect that was carried out; nil if the transaction is the effect.
    case change(TargetOutcome, of: Conclusion?)
    /// Leaves the record as it is, and says why.
    case outcome(TargetOutcome)
    /// Nobody knows whether it was done: says so, and calls a person.
    case escalation(String)
  }

  /// An effect that was carried out and has to be recorded.
  package struct Conclusion: Equatable, Sendable {
    /// What the actuator said.
    package var words: String
    /// When the effect was decided.
    package var since: Instant
    /// Whether an actuator has told the runtime. If not, the transaction tells it.
    package var isActuated: Bool
  }

  package enum Effect: Equatable, Sendable {
    /// Takes a place, and gives back the one that it has.
    case take(Place, leaving: Place?)
    case leave(Place)
    /// Reads the target and what stands under its idempotency key.
    case read
    /// Decides by what was read.
    ///
    /// - Parameter since: when an effect that was carried out was decided; nil for the present.
    case plan(since: Instant?)
    case commit(Write)
    /// Reads again what stands under the idempotency key.
    case reread
    case actuate(ActuatorCall, RepeatRule)
    case lookUp(ActuatorCall, HTTPActuator)
    case wake(afterMilliseconds: Int64)
    /// Says in the log that a transaction was refused and is tried again, or given up.
    case log(String, isGivenUp: Bool)
    /// Leaves the target to what it is a part of, which begins it anew.
    case beginAnew
    case settle(TargetOutcome)
  }
}

extension TargetRun.Write {
  /// Whether the target may be left as failed if Redis never takes this.
  var maySettleAsFailed: Bool {
    switch self {
    case .intent: false
    case .outcome(let outcome): outcome.phase != .failed
    case .change, .escalation: true
    }
  }
}
