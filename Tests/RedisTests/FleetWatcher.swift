import FleetModel
import Loop
import Wire

@testable import Redis

/// A fleet as a console has it.
final class FleetWatcher {
  var fleet: Fleet
  private(set) var events: [String: Int] = [:]
  private(set) var caughtUp = 0
  private(set) var states: [Int: EventFeed.LinkState] = [:]
  private(set) var leases: [Int: Lease?] = [:]
  private(set) var told: [Int: Int] = [:]
  private(set) var unreadable = 0
  private(set) var levels = 0
  private(set) var gaps: [Int: [EventFeed.Missed]] = [:]
  /// The shards whose server does not let the channels be heard.
  private(set) var deaf: Set<Int> = []
  private(set) var feed: FleetFeed!

  init(
    _ loop: Loop, _ endpoint: Endpoint, _ shards: Shards?, _ change: (inout EventFeed.Options) -> Void = { _ in }
  ) {
    fleet = Fleet(division: shards?.division ?? .whole)
    fleet.watch()
    var options = EventFeed.Options()
    options.followsLevels = true
    change(&options)
    feed = FleetFeed(loop: loop, endpoint: endpoint, shards: shards, options: options) { [unowned self] event, _ in
      events["\(event.agentID)", default: 0] += 1
      fleet.apply(event)
    } notice: { [unowned self] in
      take($0, $1)
    }
    feed.start()
  }

  deinit { feed.stop() }

  private func take(_ notice: EventFeed.Update, _ shard: Int) {
    fleet.take(notice, ofShard: shard)
    switch notice {
    case .caughtUp: caughtUp += 1
    case .link(let state): states[shard] = state
    case .handler(let lease): leases[shard] = lease
    case .stateTold: told[shard, default: 0] += 1
    case .unreadable: unreadable += 1
    case .levels: levels += 1
    case .missed(let missed): gaps[shard, default: []].append(missed)
    case .refused(.channels, _): deaf.insert(shard)
    case .served(.channels): deaf.remove(shard)
    default: break
    }
  }

  var isUp: Bool { feed.linkStates.allSatisfy { $0 == .up } }

  /// Whether all shards hear their channels.
  var hears: Bool { feed.feeds.allSatisfy(\.channelIsUp) }
}
