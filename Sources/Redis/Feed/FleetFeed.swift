import FleetModel
import Loop
import Wire

/// Follows a whole fleet: one feed a shard, all on one loop; a fleet that is not divided has one.
///
/// ```
/// {agentos:00} ─ EventFeed ─┐
/// {agentos:01} ─ EventFeed ─┼─▶ events, and what each shard tells, with the shard's number
/// {agentos:02} ─ EventFeed ─┘   what holds for all: history read, the clock, queues and levels of shard 0
/// ```
/// Each feed keeps its own links to read and to ask, on the node of its own slot: what happens to one touches no other. All
/// feeds on a node hear the channels through one subscription. A class, since its feeds call it.
package final class FleetFeed {
  /// Takes what a feed tells, with the number of its shard.
  package typealias TakeUpdate = (EventFeed.Update, _ shard: Int) -> Void

  /// How the fleet is divided; nil if it is not.
  package let shards: Shards?
  /// One a shard, in their order.
  package private(set) var feeds: [EventFeed] = []
  private let notify: TakeUpdate
  private var caughtUp: Set<Int> = []
  private var hasTold = false

  /// - Parameters:
  ///   - options: what all of them follow; each gets the keys of its own shard. Streams besides a fleet's own are read with
  ///     shard 0.
  ///   - notify: each update of a feed, but for the end of history, which is told once for all, and for what holds for the
  ///     fleet as a whole, which is told of one shard.
  package init(
    loop: Loop, endpoint: Endpoint, shards: Shards?, options: EventFeed.Options,
    event takeEvent: @escaping EventFeed.TakeEvent, notice notify: @escaping TakeUpdate
  ) {
    (self.shards, self.notify) = (shards, notify)
    guard let shards else {
      feeds = [
        EventFeed(loop: loop, endpoint: endpoint, options: options, event: takeEvent) { notify($0, 0) }
      ]
      return
    }
    let hub = ChannelHub(loop: loop, shards: shards, patterns: options.heardPatterns)
    feeds = shards.prefixes.indices.map { index in
      let own = Self.options(options, shards, index)
      return EventFeed(loop: loop, endpoint: endpoint, options: own, hub: hub, event: takeEvent) { [unowned self] in
        take($0, of: index)
      }
    }
  }

  private static func options(_ all: EventFeed.Options, _ shards: Shards, _ index: Int) -> EventFeed.Options {
    var own = all
    own.keys = Keys(shards.prefixes[index])
    own.shards = shards
    if index > 0 { own.streams = [] }
    own.hearsBesides = !all.streams.isEmpty
    return own
  }

  package func start() { for feed in feeds { feed.start() } }

  package func stop() { for feed in feeds { feed.stop() } }

  // MARK: Where it stands

  /// The feed of an agent's shard.
  package func feed(of agent: AgentID) -> EventFeed { feeds[shards?.shard(of: agent) ?? 0] }

  /// The server's time: of the first shard that has told it.
  package var clock: ServerClock { feeds[clockIndex].clock }

  private var clockIndex: Int { feeds.firstIndex { $0.clock.isSet } ?? 0 }

  /// When something came, by the server's clock.
  package func time(of origin: EventFeed.Origin) -> Instant {
    switch origin {
    case .channel: clock.now
    case .entry(let id): min(id.instant, clock.latest)
    }
  }

  /// How far behind the present reading is, in the shard that is furthest behind; nil if none is.
  package var lag: TimeSpan? { feeds.compactMap(\.lag).max() }

  /// Whether events may stand unread. Those of a shard that cannot be reached are not waited for if others can be.
  package var isBehind: Bool {
    guard shards != nil else { return feeds[0].isBehind }
    let up = feeds.filter { $0.linkState == .up }
    return up.isEmpty || up.contains(where: \.isBehind)
  }

  /// Where the links of each shard stand.
  package var linkStates: [EventFeed.LinkState] { feeds.map(\.linkState) }

  /// Whether the first attempt to reach a shard is still under way.
  package var isConnecting: Bool { feeds.contains { $0.linkState == .connecting } }

  /// Whether a shard's history has been read to its end.
  package func hasReadHistory(ofShard shard: Int) -> Bool { caughtUp.contains(shard) }

  /// Whether a shard's server does not let this be read.
  package func isRefused(_ subject: EventFeed.Subject) -> Bool { feeds.contains { $0.refusals[subject] != nil } }

  // MARK: What the feeds of shards tell

  private func take(_ update: EventFeed.Update, of shard: Int) {
    switch update {
    case .caughtUp: caughtUp.insert(shard)
    case .queues, .levels: if shard == 0 { notify(update, shard) }
    case .leap: if shard == clockIndex { notify(update, shard) }
    case .unreadable, .audit, .recordsBegin, .record, .alerts, .judged, .proposals, .undelivered, .waiting,
      .maintenance, .automation, .insight, .handler, .stateTold, .link, .missed, .refused, .served:
      notify(update, shard)
    }
    tellHistory()
  }

  /// The history is read once each shard's is, or where a shard cannot be reached.
  private func tellHistory() {
    guard !hasTold, !caughtUp.isEmpty else { return }
    let isOver = feeds.indices.allSatisfy { index in
      if caughtUp.contains(index) { return true }
      if case .down = feeds[index].linkState { return true }
      return false
    }
    guard isOver else { return }
    hasTold = true
    notify(.caughtUp, 0)
  }
}
