import FleetModel
import Loop
import Redis
import Wire

/// Counts numbered messages as they come out of a feed of the whole fleet, as a console has it, each by its number.
///
/// A class, since the feed's handlers share it.
final class Tally {
  /// How many came, the same one twice counted twice.
  private(set) var count = 0
  /// When the last of them came.
  private(set) var lastAt = MonotonicTime.now
  private(set) var firstAt: MonotonicTime?
  private(set) var isCaughtUp = false
  private var seen: [Bool]
  private var recorded: Set<Int> = []
  private var feed: FleetFeed?

  /// - Parameters:
  ///   - messages: they have the numbers below this.
  ///   - shards: how the fleet is divided; nil if it is not.
  init(_ messages: Int, _ loop: Loop, _ endpoint: Endpoint, shards: Shards? = nil) {
    seen = Array(repeating: false, count: messages)
    feed = FleetFeed(loop: loop, endpoint: endpoint, shards: shards, options: .init()) { [unowned self] event, _ in
      take(event)
    } notice: { [unowned self] notice, shard in
      if case .caughtUp = notice { isCaughtUp = true }
      guard case .handler(let lease) = notice else { return }
      if lease?.isRecording == true { recorded.insert(shard) } else { recorded.remove(shard) }
    }
    feed?.start()
  }

  deinit { feed?.stop() }

  /// Whether a handler records each shard.
  var isRecorded: Bool { recorded.count == feed?.feeds.count }

  var missing: Int { seen.count { !$0 } }

  /// How many came once more than they should.
  var twice: Int { count - (seen.count - missing) }

  private func take(_ event: borrowing Event) {
    guard let number = event.metrics[.lastHourErrors].flatMap({ Int(exactly: $0) }), seen.indices.contains(number)
    else { return }
    seen[number] = true
    count += 1
    lastAt = .now
    if firstAt == nil { firstAt = lastAt }
  }

  /// Waits until all have come, or nothing more comes for three seconds.
  func waitForAll(_ loop: Loop) {
    lastAt = .now
    while count < seen.count, MonotonicTime.now.milliseconds(since: lastAt) < 3000 { loop.turn(atMostMilliseconds: 20) }
    // What comes twice comes soon after.
    loop.turn(forMilliseconds: 500)
  }
}
