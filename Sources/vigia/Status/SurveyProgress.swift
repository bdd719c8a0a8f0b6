import FleetModel
import Redis
import Wire

/// How far a survey knows the fleet: each shard by itself, and the history of all.
struct SurveyProgress {
  private struct Shard {
    /// Nil until the server has said, or refused to say.
    var handler: HandlerLeaseStatus?
    /// Whether records, alerts and what is thought of agents are known, as far as they are served.
    var isStateTold = false
    var areAlertsTold = false
    var isInsightTold = false
    /// Why it cannot be reached.
    var failure: String?
    /// Why its events cannot be read.
    var refusal: String?

    var isReady: Bool { failure != nil || isStateTold && areAlertsTold && isInsightTold && handler != nil }
  }

  private let division: Shards?
  private var shards: [Shard]
  private var isCaughtUp = false

  init(_ division: Shards?) {
    self.division = division
    shards = Array(repeating: Shard(), count: division?.count ?? 1)
  }

  mutating func take(_ notice: EventFeed.Update, ofShard shard: Int) {
    switch notice {
    case .alerts, .refused(.alerts, _): shards[shard].areAlertsTold = true
    case .handler(let found): shards[shard].handler = found.map { .alive($0) } ?? .absent
    case .insight(.told), .refused(.insight, _): shards[shard].isInsightTold = true
    case .caughtUp: isCaughtUp = true
    case .stateTold, .refused(.records, _): shards[shard].isStateTold = true
    case .link(.down(_, _, let reason)): shards[shard].failure = reason
    case .link(.up): shards[shard].failure = nil
    case .refused(.lease, _): shards[shard].handler = .unknown
    case .refused(.stream(let key), let error) where key == events(ofShard: shard):
      shards[shard].refusal = "Redis refuses: \(error)"
    case .audit, .recordsBegin, .record, .judged, .undelivered, .queues, .waiting, .maintenance, .automation,
      .proposals, .insight,
      .levels,
      .leap, .link, .missed, .refused, .served, .unreadable:
      break
    }
  }

  private func events(ofShard shard: Int) -> [UInt8]? { division.map { Keys($0.prefixes[shard]).events } }

  /// Waits no longer for shards that have not told all.
  mutating func giveUp(_ reason: String, hasReadHistory: (_ shard: Int) -> Bool) {
    for index in shards.indices where !shards[index].isReady || !hasReadHistory(index) {
      shards[index].failure = shards[index].failure ?? reason
    }
    isCaughtUp = true
  }

  /// Whether all is known of the shards that can be reached.
  var isReady: Bool { isCaughtUp && shards.allSatisfy(\.isReady) }

  /// Why no shard can be reached; nil if one can.
  var failure: String? { shards.allSatisfy { $0.failure != nil } ? shards[0].failure : nil }

  /// The handlers as one.
  var handler: HandlerLeaseStatus {
    guard let division else { return shards[0].handler ?? .unknown }
    return .merged(shards.map { $0.failure == nil ? $0.handler ?? .unknown : .unknown }, division)
  }

  /// How the shards stand; nil if the fleet is one.
  var standing: ShardsStanding? {
    guard division != nil else { return nil }
    var standing = ShardsStanding(count: shards.count)
    // What no shard lets this user read is missing in none.
    let isReadAnywhere = shards.contains { $0.failure == nil && $0.refusal == nil }
    for (index, shard) in shards.enumerated() {
      standing.missing[index] = shard.failure ?? (isReadAnywhere ? shard.refusal : nil)
      if shard.failure == nil, shard.handler == .absent { standing.withoutHandler.append(index) }
    }
    return standing
  }
}
