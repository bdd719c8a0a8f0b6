import FleetModel

/// The life of a link that is kept up: which attempt it is on, and when the next one is due.
///
/// A value apart from sockets and clocks: inputs are its functions, what to do next is what they return.
package struct LinkMachine: Equatable, Sendable {
  package enum State: Equatable, Sendable {
    case idle
    /// An attempt is under way; `downSince` is when the link was last up, or when the first attempt began.
    case connecting(attempt: Int, downSince: Int64)
    /// `attempt`: how many it took, since the last one that lasted.
    case up(since: Int64, attempt: Int)
    /// Between two attempts.
    case waiting(attempt: Int, downSince: Int64, retryAt: Int64)
    case stopped
  }

  package enum Action: Equatable, Sendable {
    case none
    case connect
    /// Try again at this time (the caller's milliseconds).
    case retry(at: Int64)
  }

  /// How pauses between attempts grow.
  package enum Pace: Equatable, Sendable {
    /// Each twice as long as the one before, up to the longest.
    case growing
    /// All of so many milliseconds, up to the longest.
    case steady(Int64)
    /// None if the last connection lasted, then growing: the server is another one, which is known.
    case prompt
  }

  package private(set) var state = State.idle

  /// The first pause, and the longest, in milliseconds.
  package static let firstPause: Int64 = 100
  package static let longestPause: Int64 = 5000
  /// A connection that ends sooner counts as a failed attempt: a server that takes and drops connections is not to be
  /// asked without pause.
  package static let lasting: Int64 = 5000

  package init() {}

  package mutating func start(now: Int64) -> Action {
    guard state == .idle else { return .none }
    state = .connecting(attempt: 1, downSince: now)
    return .connect
  }

  package mutating func connected(now: Int64) -> Action {
    guard case .connecting(let attempt, _) = state else { return .none }
    state = .up(since: now, attempt: attempt)
    return .none
  }

  /// - Parameter jitter: 0…1, new each time, so that a fleet of consoles does not come back all at once.
  package mutating func failed(now: Int64, jitter: Double, pace: Pace = .growing) -> Action {
    let (attempt, downSince): (Int, Int64)
    switch state {
    case .connecting(let current, let since): (attempt, downSince) = (current + 1, since)
    case .up(let since, let current): (attempt, downSince) = (now - since < Self.lasting ? current + 1 : 1, now)
    case .idle, .waiting, .stopped: return .none
    }
    let longest =
      switch pace {
      case .growing: Self.pause(before: attempt)
      case .steady(let pause): min(Self.longestPause, pause)
      case .prompt: attempt == 1 ? 0 : Self.pause(before: attempt - 1)
      }
    let pause = Int64(Double(longest) * (0.5 + 0.5 * min(max(jitter, 0), 1)))
    state = .waiting(attempt: attempt, downSince: downSince, retryAt: now + pause)
    return .retry(at: now + pause)
  }

  private static func pause(before attempt: Int) -> Int64 { min(longestPause, firstPause << min(attempt - 1, 10)) }

  package mutating func retryIsDue(now: Int64) -> Action {
    guard case .waiting(let attempt, let downSince, _) = state else { return .none }
    state = .connecting(attempt: attempt, downSince: downSince)
    return .connect
  }

  package mutating func stop() { state = .stopped }
}
