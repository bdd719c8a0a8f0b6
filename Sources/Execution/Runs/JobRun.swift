import FleetModel

/// A due job of the schedule, as a machine: how it comes to its one end. What is done to its target is a ``TargetRun``'s
/// to decide.
///
/// ```
/// begun ─┬─ an end or work ─▶ target ─┬─ its transaction took the place in the schedule ─▶ finish
///        │                            └─ the same was done before ─▶ end: done before
///        ├─ limit of a restart ─▶ read it ─┬─ it was confirmed ─▶ end: dropped
///        │                                 └─ it was not ─▶ end: the restart failed
///        └─ limit of work ─▶ end: the work failed
/// ```
package struct JobRun {
  enum State {
    case new, readingRestart
    /// Its target is run.
    ///
    /// - Parameter isPlaced: whether the transaction that settles it also deals with the place in the schedule.
    case acting(isPlaced: Bool)
    case ending(End)
    /// It begins anew after a while.
    case waiting
    /// It stays due, and its place is left after a while: it would come again at once.
    case leaving
    case over
  }

  package let job: Job
  package let due: Instant
  private var state = State.new
  private var conflicts = 0

  /// After so many conflicts in a row it leaves its place to others for a second.
  static let mostConflicts = 20
  private static let pause: Int64 = 1000

  package init(_ job: Job, due: Instant) {
    self.job = job
    self.due = due
  }

  /// Takes what has happened, and says what to do next.
  package mutating func take(_ input: Input) -> [Effect] {
    switch (state, input) {
    case (.new, .begun), (.waiting, .woken): return begin()
    case (.readingRestart, .restartRead(let isUnconfirmed)): return end(isUnconfirmed ? .restartFailed : .dropped(nil))
    case (.acting, .placing):
      state = .acting(isPlaced: true)
      return []
    case (.acting, .placeKept):
      state = .acting(isPlaced: false)
      return []
    case (.acting(isPlaced: true), .settled): return finish()
    case (.acting(isPlaced: false), .settled): return end(.doneBefore)
    case (.ending, .committed), (.ending, .notCommitted(.obsolete)), (.leaving, .woken): return finish()
    case (.ending, .notCommitted(.fenced)):
      state = .over
      return []
    case (.ending, .notCommitted(.conflict)): return conflicted()
    case (.ending, .notCommitted(.refused(let error))):
      state = .waiting
      return [.log(error), .wake(afterMilliseconds: Self.pause)]
    default: return []
    }
  }

  private mutating func begin() -> [Effect] {
    switch job.kind {
    case .resume, .endRateLimit, .unblock, .endAcknowledgement, .run:
      state = .acting(isPlaced: false)
      return [.act]
    case .restartLimit(let id):
      state = .readingRestart
      return [.readRestart(id)]
    case .jobLimit(let work, let run): return end(.workFailed(work, run: run))
    case .ruleAction, .verify, .proposalEnd, .approved: return end(.dropped("a rule's, which is run elsewhere"))
    }
  }

  private mutating func end(_ end: End) -> [Effect] {
    state = .ending(end)
    return [.end(end)]
  }

  private mutating func conflicted() -> [Effect] {
    conflicts += 1
    guard conflicts < Self.mostConflicts else {
      state = .leaving
      return [.wake(afterMilliseconds: Self.pause)]
    }
    return begin()
  }

  private mutating func finish() -> [Effect] {
    state = .over
    return [.finish]
  }
}

/// What a run takes and answers with.
extension JobRun {
  package enum Input: Equatable, Sendable {
    case begun
    /// Whether the restart still stands there without a confirmation.
    case restartRead(isUnconfirmed: Bool)
    /// The transaction that settles the target is sent, and the place in the schedule is dealt with in it.
    case placing
    /// That transaction did not go ahead.
    case placeKept
    /// The target's outcome is written, or was before.
    case settled
    case committed
    case notCommitted(Failure)
    case woken
  }

  /// Why the transaction that ends the job did not go ahead.
  package enum Failure: Equatable, Sendable {
    /// Another handler acts now.
    case fenced
    /// It was dealt with meanwhile.
    case obsolete
    /// What it was decided by has changed.
    case conflict
    /// The server's error.
    case refused(String)
  }

  package enum End: Equatable, Sendable {
    /// Nothing is done; the reason goes into the audit, if there is one.
    case dropped(String?)
    /// The same was done before for the same moment, and was scheduled anew: an end is done once more, as of now.
    case doneBefore
    /// The runtime of scheduled work has not reported in time.
    case workFailed(JobName, run: String)
    /// A restart was not confirmed in time: the agent stands as before it.
    case restartFailed
  }

  package enum Effect: Equatable, Sendable {
    /// Does to the target what the job is planned as.
    case act
    /// Reads the restart and its agent as they stand.
    case readRestart(CommandID)
    /// Takes it out of the schedule with this end, in one transaction.
    case end(End)
    /// Says in the log that Redis refused its end.
    case log(String)
    case wake(afterMilliseconds: Int64)
    case finish
  }
}
