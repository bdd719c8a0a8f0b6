import FleetModel

/// What a run takes and answers with.
extension CommandRun {
  /// What an undo takes back.
  package enum Aim: Equatable, Sendable {
    case nothing
    case command
    /// An order that came in parts: each is taken back by a run of its own.
    case batch(parts: Int)
  }

  /// How a command ends.
  package struct Closing: Equatable, Sendable {
    package var phase: AuditLine.Phase
    package var detail: String
    /// Whether it says of the command that was taken back that it was.
    package var marksOriginal = false

    package init(_ phase: AuditLine.Phase, _ detail: String = "", marksOriginal: Bool = false) {
      self.phase = phase
      self.detail = detail
      self.marksOriginal = marksOriginal
    }
  }

  package enum Input: Equatable, Sendable {
    /// The lane of a target is free.
    case laneFree(AgentID)
    /// The command that an undo takes back has ended.
    case originalEnded
    /// It has entered all its lanes.
    case begun
    case committed
    case notCommitted(Failure)
    /// What is remembered of the command; nil if nothing is, or nobody understands it.
    case recalled(CommandRecord?)
    /// The command that is taken back, by the targets that it had.
    case original(targets: [AgentID])
    /// Why it cannot be taken back.
    case originalRefused(String)
    /// Nothing of it is in this shard of a divided fleet, and the undo went out to several.
    case originalElsewhere
    /// The intent of a target is written, and with it that the command was received.
    case intentWritten
    /// The transaction that wrote the outcome of a target did not go ahead.
    case notSettled(AgentID)
    /// The outcome of a target is written, or was before.
    case settled(AgentID, TargetOutcome)
    /// The target is to be begun anew, since its first transaction could not say that the command was received.
    case setBack(AgentID)
    /// A part has ended; nil if it was never closed.
    case partEnded(Int, Closing?)
    /// It is a part of an undo that is not done.
    case abandoned
    case woken
  }

  /// Why a transaction did not go ahead.
  package enum Failure: Equatable, Sendable {
    /// Another handler acts now.
    case fenced
    /// The command was received before.
    case cameBefore
    /// Its id is the id of a batch.
    case isBatch
    /// What is remembered of it has changed.
    case conflict
    case refused(String)
  }

  /// A transaction to commit.
  package enum Write: Equatable, Sendable {
    /// That it was received, if it was not before.
    case reception
    /// How it ended, if what is remembered of it still stands as it was recalled; and that its entry is dealt with.
    case closing(Closing)
    /// That its entry is dealt with.
    case acknowledgement
    /// That it is refused since its id is a batch's; and that its entry is dealt with.
    case refusalOfID
  }

  package enum Effect: Equatable, Sendable {
    case commit(Write)
    /// Reads what is remembered of the command.
    case recall
    case readOriginal
    case act(AgentID)
    case leaveLane(AgentID)
    /// Leaves its own lane, and the lane of the command that it takes back.
    case leaveCommandLanes
    case beginParts
    case abandonParts
    /// Says that it was received before.
    case cameBefore
    /// Says in the log that a transaction was refused and is tried again.
    case log(String)
    case wake(afterMilliseconds: Int64)
    case finish
  }
}
