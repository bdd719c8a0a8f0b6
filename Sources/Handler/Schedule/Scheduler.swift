import Execution
import FleetModel
import Logging
import Loop
import Redis
import Wire

/// Runs what is due: one timer, armed for the earliest job in `agentos:schedule`.
final class Scheduler {
  private let session: LeaseSession
  private let dispatcher: Dispatcher
  private let rules: RuleEngine
  private var timer: Loop.TimerID?
  /// Jobs that are being run.
  private var running: Set<[UInt8]> = []
  /// Whether the schedule is being read, and is to be read once more after that.
  private var isReading = false
  private var isStale = false

  /// A due time further off is looked at again after this long: the server's clock and this machine's may part.
  private static let longestWait: Int64 = 60_000
  private static let retryWait: Int64 = 1000
  /// How many jobs one look begins, and how far it looks for them.
  private static let mostBegun = 64
  private static let mostRead = 32_768

  init(session: LeaseSession, dispatcher: Dispatcher, rules: RuleEngine) {
    self.session = session
    self.rules = rules
    self.dispatcher = dispatcher
  }

  func start() {
    session.addObserver(self)
    look()
  }

  func stop() { session.loop.cancel(timer) }

  /// Finds what is due, and when the next job will be.
  func look() {
    guard !isReading else {
      isStale = true
      return
    }
    (isReading, isStale) = (true, false)
    let now = session.now
    // What is being run, or waits for its agent, still stands there, and must not hide what is behind it.
    let count = min(Self.mostBegun + running.count, Self.mostRead)
    session.read([
      Request("ZRANGEBYSCORE", session.keys.schedule, "-inf", now, "WITHSCORES", "LIMIT", 0, count),
      Request("ZRANGEBYSCORE", session.keys.schedule, "(\(now.milliseconds)", "+inf", "WITHSCORES", "LIMIT", 0, 1),
    ]) { [weak self] replies in
      guard let self, replies[0].error == nil else { return self?.failed() ?? () }
      looked(due: replies[0].pairs, next: replies[1].pairs.first?.value)
    }
  }

  private func looked(due: [(name: [UInt8], value: [UInt8])], next: [UInt8]?) {
    isReading = false
    let new = due.filter { !running.contains($0.name) }.prefix(Self.mostBegun)
    for (member, score) in new where running.insert(member).inserted { run(member, score) }
    // There may be more behind them.
    if isStale || new.count == Self.mostBegun { return look() }
    let span = next.flatMap { Instant(score: $0) }.map { ($0 - session.now).milliseconds }
    arm(span ?? Self.longestWait)
  }

  /// The schedule cannot be read.
  private func failed() {
    isReading = false
    arm(Self.retryWait)
  }

  private func arm(_ span: Int64) {
    session.loop.cancel(timer)
    timer = session.later(inMilliseconds: min(max(0, span), Self.longestWait)) { [weak self] in self?.look() }
  }

  private func run(_ member: [UInt8], _ score: [UInt8]) {
    guard let job = Job(member), let due = Instant(score: score) else { return discard(member, score) }
    guard session.knowsFleet, !job.goesByEvents || session.hasReadEvents else { return postpone(member) }
    dispatcher.enter([job.lane]) { [weak self] leave in
      self?.begin(job, member, score, due) {
        leave()
        self?.finished(member)
      } postponed: {
        leave()
        self?.postpone(member)
      }
    }
  }

  private func begin(
    _ job: Job, _ member: [UInt8], _ score: [UInt8], _ due: Instant, finished: @escaping () -> Void,
    postponed: @escaping () -> Void
  ) {
    switch job.kind {
    case .ruleAction(let run, let part, let place):
      RuleActionRunner(
        run: run, part, place, target: job.target, member: member, score: score, session: session, finished: finished,
        postponed: postponed
      ).begin()
    case .approved(let id, let seal):
      RuleApproval(
        id, seal, job, member: member, score: score, session: session, rules: rules, finished: finished
      ).begin()
    case .verify, .proposalEnd:
      RuleEnd(
        job, member: member, score: score, session: session, view: rules.view, finished: finished
      ).begin()
    case .resume, .endRateLimit, .unblock, .endAcknowledgement, .restartLimit, .run, .jobLimit:
      JobRunner(job, member: member, score: score, due: due, session: session, finished: finished).begin()
    }
  }

  /// Nothing is judged before what has been said meanwhile is known.
  private func postpone(_ member: [UInt8]) {
    session.later(inMilliseconds: 100) { [weak self] in self?.finished(member) }
  }

  private func finished(_ member: [UInt8]) {
    running.remove(member)
    look()
  }

  /// What this version does not understand is put aside, if it can be found.
  private func discard(_ member: [UInt8], _ score: [UInt8]) {
    session.log(.error, "a job of the schedule is not understood", ["job": String(decoding: member, as: UTF8.self)])
    var transaction = Transaction()
    transaction.require("ZSCORE", session.keys.schedule, member, is: score)
    transaction.change("ZREM", session.keys.schedule, member)
    DeadLetter(source: session.keys.schedule, reason: "not a job that this handler knows", bytes: member)
      .add(to: &transaction, keys: session.keys)
    session.run(transaction) { [weak self] outcome in
      // It still stands there, and would come again at once.
      guard case .failed = outcome else {
        self?.finished(member)
        return
      }
      self?.session.later(inMilliseconds: 1000) { self?.finished(member) }
    }
  }
}

extension Scheduler: CommitObserver {
  func committed(_ fact: Committed) {
    switch fact {
    case .schedule: look()
    case .alert, .alertsSaved, .record, .automation, .unheard, .proposalEnded, .notices, .queueHands, .conversations,
      .maintenance:
      break
    }
  }
}

extension Instant {
  /// A sorted set's score.
  init?(score: [UInt8]) {
    guard let value = Double(String(decoding: score, as: UTF8.self)), abs(value) < 1e16 else { return nil }
    self.init(milliseconds: Int64(value))
  }
}
