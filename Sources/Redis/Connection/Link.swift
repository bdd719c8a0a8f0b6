import Loop

/// A connection that is kept up: it is made anew, with growing pauses, until it is stopped.
package final class Link {
  /// What a link tells its owner.
  package enum Update {
    /// A new connection serves; the old one, if any, is gone.
    case up(Connection)
    /// The connection ended, or an attempt did.
    case down(ConnectionFailure)
  }

  private let loop: Loop
  private let endpoint: Endpoint
  private let notify: (Update) -> Void
  private var machine = LinkMachine()
  private var timer: Loop.TimerID?
  /// The connection that serves at present.
  package private(set) var connection: Connection?
  private var attempt: Connection?
  /// When the last connection that served was heard last.
  private var formerHeardAt: MonotonicTime?
  /// Why the link is not up.
  package private(set) var lastFailure: ConnectionFailure?

  /// An attempt that is not through by then has failed.
  private static let connectLimitMilliseconds: Int64 = 5000

  package init(loop: Loop, endpoint: Endpoint, _ notify: @escaping (Update) -> Void) {
    self.loop = loop
    self.endpoint = endpoint
    self.notify = notify
  }

  /// Where the link stands; its times are `MonotonicTime` milliseconds.
  package var state: LinkMachine.State { machine.state }

  /// When the server said something last over a connection that served; nil if none ever did.
  package var heardAt: MonotonicTime? { connection?.heardAt ?? formerHeardAt }

  package func start() { perform(machine.start(now: MonotonicTime.now.milliseconds)) }

  package func stop() {
    machine.stop()
    loop.cancel(timer)
    let (old, pending) = (connection, attempt)
    connection = nil
    attempt = nil
    old?.close()
    pending?.close()
  }

  /// Ends the present connection, so that a new one is made: what an owner does that found it dead.
  package func restart(_ failure: ConnectionFailure) { connection?.fail(failure) }

  private func perform(_ action: LinkMachine.Action) {
    switch action {
    case .none: break
    case .connect: connect()
    case .retry(let due):
      timer = loop.schedule(at: MonotonicTime(nanoseconds: due * 1_000_000)) { [weak self] in
        guard let self else { return }
        perform(machine.retryIsDue(now: MonotonicTime.now.milliseconds))
      }
    }
  }

  private func connect() {
    do throws(ConnectionFailure) {
      attempt = try Connection(
        loop: loop, endpoint: endpoint, onReady: { [weak self] in self?.ready() },
        onFailure: { [weak self] in self?.failed($0) })
      timer = loop.schedule(inMilliseconds: Self.connectLimitMilliseconds) { [weak self] in
        self?.attempt?.giveUp(after: Self.connectLimitMilliseconds)
      }
    } catch {
      failed(error)
    }
  }

  private func ready() {
    guard let fresh = attempt else { return }
    loop.cancel(timer)
    connection = fresh
    attempt = nil
    lastFailure = nil
    perform(machine.connected(now: MonotonicTime.now.milliseconds))
    notify(.up(fresh))
  }

  private func failed(_ failure: ConnectionFailure) {
    loop.cancel(timer)
    formerHeardAt = heardAt
    connection = nil
    attempt = nil
    guard machine.state != .stopped else { return }
    lastFailure = failure
    perform(
      machine.failed(now: MonotonicTime.now.milliseconds, jitter: MachineRandom.number(in: 0..<1), pace: failure.pace))
    notify(.down(failure))
  }
}
