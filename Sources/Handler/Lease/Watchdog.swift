import Loop
import Redis

/// Fails a connection that does not answer in time: a dead link otherwise looks like a quiet one.
final class Watchdog {
  private let loop: Loop
  private let limit: Int64
  private var timer: Loop.TimerID?

  /// - Parameter limit: milliseconds.
  init(loop: Loop, limit: Int64) {
    self.loop = loop
    self.limit = limit
  }

  deinit { loop.cancel(timer) }

  /// Something must come on this connection within the limit; a time that already runs goes on.
  func expect(on connection: Connection) {
    guard timer == nil else { return }
    timer = loop.schedule(inMilliseconds: limit) { [weak self, weak connection] in
      guard let self else { return }
      timer = nil
      connection?.fail(.silent(milliseconds: limit))
    }
  }

  /// It came, or is no longer waited for.
  func rest() {
    loop.cancel(timer)
    timer = nil
  }
}
