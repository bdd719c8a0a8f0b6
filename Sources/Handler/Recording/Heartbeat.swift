import Loop
import Redis

/// Asks a subscriber's connection every second whether it lives: a dead one otherwise looks like channels on which nobody
/// speaks. By its answers it is known since when nothing can have been heard.
final class Heartbeat {
  private let loop: Loop
  private weak var connection: Connection?
  private var sendPing: () -> Void = {}
  private var timer: Loop.TimerID?
  private lazy var watchdog = Watchdog(loop: loop, limit: Self.patience)
  private var heardAt = MonotonicTime(nanoseconds: 0)
  /// Pings that were sent on this connection, and answers to them: they come in order.
  private var pings = 0
  private var pongs = 0

  private static let span: Int64 = 1000
  private static let patience: Int64 = 3000

  init(loop: Loop) {
    self.loop = loop
  }

  deinit { loop.cancel(timer) }

  /// - Parameter ping: sends a ping over that connection; its answer is told by ``answered()``.
  func start(_ connection: Connection, ping: @escaping () -> Void) {
    stop()
    self.connection = connection
    sendPing = ping
    (pings, pongs, heardAt) = (0, 0, .now)
    beatLater()
  }

  /// - Returns: when something was last heard.
  @discardableResult
  func stop() -> MonotonicTime {
    loop.cancel(timer)
    watchdog.rest()
    connection = nil
    return heardAt
  }

  private func beatLater() {
    timer = loop.schedule(inMilliseconds: Self.span) { [weak self] in
      guard let self, connection != nil else { return }
      ping()
      beatLater()
    }
  }

  /// - Returns: which of its answers says that all that was published before has been heard.
  @discardableResult
  func ping() -> Int? {
    guard let connection else { return nil }
    pings += 1
    watchdog.expect(on: connection)
    sendPing()
    return pings
  }

  /// - Returns: the answer's number.
  func answered() -> Int {
    pongs += 1
    heard(at: .now)
    return pongs
  }

  func heard(at now: MonotonicTime) {
    heardAt = now
    watchdog.rest()
  }
}
