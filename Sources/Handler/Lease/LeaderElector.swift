import Execution
import FleetModel
import Logging
import Loop
import Redis
import Wire

/// Carries out what a ``LeaderElection`` decides: it asks Redis, wakes, and says who acts.
final class LeaderElector {
  enum Update {
    /// It holds the lease, and may act until the moment given unless told of a later one.
    case taken(fence: Int, mayActUntil: BootTime)
    /// With the server's time, and when it was asked.
    case renewed(mayActUntil: BootTime, time: Reply, asked: MonotonicTime)
    /// It must not act any more.
    case lost(String)
    /// The server lacks what another had before.
    case lossesFound
  }

  private let loop: Loop
  private let log: Log
  let keys: Keys
  let leaseSpan: Int64
  /// Which shard's lease it is; nil if the fleet is not divided.
  let shard: Int?
  private let clock: () -> Instant
  let notify: (Update) -> Void
  private var election: LeaderElection
  private(set) var connection: Connection?
  private var timer: Loop.TimerID?
  /// Why it could not take the lease when it tried last; nil if nothing was in the way but another handler.
  private(set) var obstacle: String?
  /// The server's time, as the renewal under way was answered with, and when it was asked.
  private var time: (reply: Reply, asked: MonotonicTime)?
  /// What waits for the lease to be given back.
  var released: () -> Void = {}
  let rights: Rights
  private(set) lazy var replication = makeReplication()
  private let makeReplicationOf: (_ notify: @escaping (Replication.Update) -> Void) -> Replication
  let watchdog: Watchdog
  let takeScript = Script(LeaseScripts.take)
  let renewScript = Script(LeaseScripts.renew)
  let releaseScript = Script(LeaseScripts.release)

  init(
    loop: Loop, endpoint: Endpoint, keys: Keys, options: HandlerOptions, log: Log, clock: @escaping () -> Instant,
    notify: @escaping (Update) -> Void
  ) {
    self.loop = loop
    self.log = log
    self.keys = keys
    self.clock = clock
    self.notify = notify
    leaseSpan = options.leaseSpan.milliseconds
    shard = options.shard
    rights = Rights(keys)
    makeReplicationOf = {
      Replication(loop: loop, endpoint: endpoint, keys: keys, setting: options.durability, $0)
    }
    watchdog = Watchdog(loop: loop, limit: leaseSpan)
    let spans = LeaderElection.Spans(
      lease: leaseSpan, margin: options.leaseMargin.milliseconds, renewal: options.renewalSpan.milliseconds,
      attempt: options.attemptSpan.milliseconds, listening: HandlerOptions.listeningMilliseconds)
    election = LeaderElection(
      id: options.id, patterns: options.recordedPatterns, spans: spans, shards: options.shards?.count)
  }

  private func makeReplication() -> Replication { makeReplicationOf { [weak self] in self?.heard($0) } }

  func connected(_ connection: Connection) {
    self.connection = connection
    replication.connectionChanged()
    take(.connected)
  }

  func disconnected() {
    connection = nil
    watchdog.rest()
    replication.connectionChanged()
    take(.disconnected)
  }

  /// Gives the lease back, and then calls `completion`.
  ///
  /// - Parameter isComplete: whether all that it heard is written: then whoever is first may go on.
  func release(isComplete: Bool = false, _ completion: @escaping () -> Void = {}) {
    guard election.isActive else { return completion() }
    released = completion
    take(.release(isComplete: isComplete))
  }

  /// Asks no more, and lets everything go; nobody is told.
  func halt() {
    loop.cancel(timer)
    watchdog.rest()
    connection = nil
    replication.stop()
    _ = election.take(.disconnected, at: now)
  }

  private var now: LeaderElection.Moment {
    LeaderElection.Moment(
      boot: BootTime.now.milliseconds, running: MonotonicTime.now.milliseconds, server: clock(),
      leastFence: replication.isReplicated ? Int(clamping: clock().milliseconds) : 0)
  }

  func take(_ input: LeaderElection.Input) {
    if case .answered(.held) = input { obstacle = nil }
    for effect in election.take(input, at: now) { perform(effect) }
  }

  /// A renewal was answered.
  func renewed(_ fence: Int, _ time: Reply, _ asked: (boot: BootTime, running: MonotonicTime)) {
    self.time = (time, asked.running)
    take(.renewed(fence: fence, asked: asked.boot.milliseconds))
  }

  private func perform(_ effect: LeaderElection.Effect) {
    switch effect {
    case .ask(let lease, let former): ask(lease, former)
    case .lookAtRights: lookAtRights()
    case .lookForHolder: lookForHolder()
    case .renew(let lease): renew(lease)
    case .release(let fence, let isComplete): release(fence, isComplete: isComplete)
    case .wake(let span):
      loop.cancel(timer)
      timer = loop.schedule(inMilliseconds: span) { [weak self] in self?.take(.woken) }
    case .taken(let fence, let until):
      obstacle = nil
      notify(.taken(fence: fence, mayActUntil: BootTime(milliseconds: until)))
    case .prolonged(let until):
      guard let time else { return }
      notify(.renewed(mayActUntil: BootTime(milliseconds: until), time: time.reply, asked: time.asked))
    case .lost(let reason):
      let doubt = replication.doubt
      replication.rest()
      notify(.lost(doubt.map { "\(reason): \($0)" } ?? reason))
    case .say(let words): say(words)
    }
  }

  func say(_ words: LeaderElection.Words) {
    switch words {
    case .newCount(let fence): log(.error, "the fence held no number; it begins anew", ["fence": "\(fence)"])
    case .unusableFence:
      obstacle = LeaderElection.unusableFence
      log(.error, "cannot take the lease", ["error": LeaderElection.unusableFence])
    case .unconfirmed(let reason):
      obstacle = "no lease counts: \(reason)"
      log(.error, "the lease is not confirmed: without that it does not act", ["reason": reason])
    case .cannotTake(let error):
      // The lease or the fence is of another type, say, or the server takes no writes.
      let names = [keys.lease, keys.fence].map { String(decoding: $0, as: UTF8.self) }.joined(separator: ", ")
      obstacle = "cannot take the lease: \(error)"
      log(.error, "cannot take the lease", ["keys": names, "error": error])
    case .cannotRenew(let error): log(.error, "cannot renew the lease", ["error": error])
    case .rightsMissing(let names):
      let words = "Redis denies rights that the handler needs: it takes no lease"
      obstacle = "\(words): \(names.joined(separator: ", "))"
      log(.error, words, ["missing": names.joined(separator: ", ")])
    case .rightsAllowedAgain:
      obstacle = nil
      log(.info, "Redis allows again what a handler needs")
    case .actsWithout(let names):
      log(.warning, "Redis does not allow all: acting without", ["missing": names.joined(separator: ", ")])
    }
  }
}
