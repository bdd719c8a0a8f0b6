import FleetModel
import Loop
import Redis
import TestSupport

/// Counts numbered messages as they come out of an `EventFeed`, each by its number.
///
/// A class, since the feed's handlers share it.
final class Tally {
  /// How many came, the same one twice counted twice.
  private(set) var count = 0
  /// When the last of them came.
  private(set) var lastAt = MonotonicTime.now
  private(set) var firstAt: MonotonicTime?
  private(set) var isCaughtUp = false
  private(set) var isRecorded = false
  private var seen: [Bool]
  private var feed: EventFeed?

  /// - Parameter messages: they have the numbers below this.
  init(_ messages: Int, _ server: TestServer) {
    seen = Array(repeating: false, count: messages)
    feed = EventFeed(loop: server.loop, endpoint: server.endpoint, options: .init()) { [unowned self] event, _ in
      take(event)
    } notice: { [unowned self] in
      if case .caughtUp = $0 { isCaughtUp = true }
      if case .handler(let lease) = $0 { isRecorded = lease?.isRecording ?? false }
    }
    feed?.start()
  }

  deinit { feed?.stop() }

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
