import FleetModel
import Loop
import Redis
import Wire

/// Tells the other shards' leaders how many agents of the shards led here stand how, and hears it of those led elsewhere.
///
/// ```
/// led here       counts ─▶ {agentos:03}:counts, if they changed, and every 2 s
/// led elsewhere  {agentos:05}:counts ─▶ known for 5 s after it was last told anew
/// all but one ─▶ the guards of that one
/// ```
/// A class, since answers and looks share what is known.
final class ShardCountsExchange {
  private struct Known {
    var counts: ShardCounts
    var revision: Int
    /// When another revision was last seen.
    var at: MonotonicTime
  }

  private struct Told {
    var counts: ShardCounts
    var at: MonotonicTime
  }

  private var known: [Int: Known] = [:]
  private var told: [Int: Told] = [:]

  /// Milliseconds: what is older counts as not known, and unchanged counts are told again after so long.
  private static let freshness = 5000.0
  private static let repeatSpan = 2000.0
  /// A shard that nobody leads tells nothing: its key ends by itself.
  private static let stay: Int64 = 10_000

  /// Looks at all shards, once a second.
  func look(_ services: [HandlerService], _ shards: Shards) {
    for (shard, service) in services.enumerated() {
      if let active = service.activeHandler { count(shard, active) } else { read(shard, service) }
    }
    spread(services, shards)
  }

  /// Gives each shard that is led here what is known of the others.
  func spread(_ services: [HandlerService], _ shards: Shards) {
    for (shard, service) in services.enumerated() {
      service.activeHandler?.follower.judge.setElsewhere(others(than: shard, of: shards))
    }
  }

  /// What is known of all shards but one.
  private func others(than own: Int, of shards: Shards) -> OtherShards {
    var others = OtherShards(shards, own: own)
    for shard in 0..<shards.count where shard != own {
      if let known = known[shard], MonotonicTime.now.milliseconds(since: known.at) <= Self.freshness {
        others.counts.add(known.counts)
      } else {
        others.missing.append(ShardNames.number(shard))
      }
    }
    return others
  }

  // MARK: Led here

  private func count(_ shard: Int, _ active: ActiveHandler) {
    let (session, judge) = (active.session, active.follower.judge)
    guard judge.isRestored, session.mayAct else { return }
    // Whom rules have paused is known only to a leader that was about to pause somebody.
    let paused = Request(
      "ZRANGEBYSCORE", session.keys.paused, "(\(session.now.milliseconds)", "+inf", "WITHSCORES")
    session.read([paused]) { [weak self] replies in
      if replies[0].error == nil {
        var held: [AgentID: Instant] = [:]
        for (name, score) in replies[0].pairs { held[AgentID(bytes: name)] = Instant(score: score) }
        judge.health.setHeld(held)
      }
      self?.tell(shard, judge.health.shardCounts, session)
    }
  }

  private func tell(_ shard: Int, _ counts: ShardCounts, _ session: LeaseSession) {
    let now = MonotonicTime.now
    known[shard] = Known(counts: counts, revision: 0, at: now)
    if let told = told[shard], told.counts == counts, now.milliseconds(since: told.at) < Self.repeatSpan { return }
    told[shard] = Told(counts: counts, at: now)
    var transaction = Transaction()
    let bytes = counts.encode(revision: session.now.milliseconds)
    transaction.change("SET", session.keys.shardCounts, bytes, "PX", Self.stay)
    session.run(transaction) { _ in }
  }

  // MARK: Led elsewhere

  private func read(_ shard: Int, _ service: HandlerService) {
    told[shard] = nil
    service.main.connection?.send(Request("GET", service.keys.shardCounts)) { [weak self] result in
      guard let self, case .success(let reply) = result, let found = reply.bytes.flatMap({ ShardCounts.decode($0) }),
        found.revision != known[shard]?.revision
      else { return }
      known[shard] = Known(counts: found.counts, revision: found.revision, at: .now)
    }
  }
}
