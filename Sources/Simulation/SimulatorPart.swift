import Loop
import Redis
import Wire

/// What a simulator has of one shard: a link over which its events go out, and its control stream. A fleet that is not
/// divided has one.
///
/// A class, since the connections' handlers share it.
final class SimulatorPart {
  /// What it tells its owner.
  enum Update {
    /// The link is up.
    case up(Connection)
    /// Nothing that is added to the control stream from here on is missed.
    case ready
    /// An entry of the control stream; its bytes are valid only during the call.
    case control(UnsafeRawBufferPointer)
    /// A link is down; it comes back by itself.
    case down(ConnectionFailure)
  }

  let shard: Int
  let keys: Keys
  let endpoint: Endpoint
  /// Whether the control stream is followed.
  private(set) var isReady = false
  /// The check whether somebody else's fleet is on this Redis; nil before it has begun.
  var check: OriginCheck?
  private let loop: Loop
  private let notify: (SimulatorPart, Update) -> Void
  private lazy var link = Link(loop: loop, endpoint: endpoint) { [unowned self] in changed($0) }
  private lazy var follower = StreamFollower(loop: loop, endpoint: endpoint, key: keys.control) { [unowned self] in
    controlChanged($0)
  }

  init(
    _ shard: Int, _ keys: Keys, at endpoint: Endpoint, on loop: Loop,
    _ notify: @escaping (SimulatorPart, Update) -> Void
  ) {
    (self.shard, self.keys, self.endpoint, self.loop, self.notify) = (shard, keys, endpoint, loop, notify)
  }

  /// Nil while the link is down.
  var connection: Connection? { link.connection }

  /// Requests without an answer so far.
  var pendingCount: Int { link.connection?.pendingCount ?? 0 }

  func start() { link.start() }

  func follow() { follower.start() }

  func stopFollowing() { follower.stop() }

  func stop() { link.stop() }

  private func changed(_ notice: Link.Update) {
    switch notice {
    case .up(let connection): notify(self, .up(connection))
    case .down(let failure): notify(self, .down(failure))
    }
  }

  private func controlChanged(_ notice: StreamFollower.Update) {
    switch notice {
    case .ready:
      isReady = true
      notify(self, .ready)
    case .entry(_, let payload): notify(self, .control(payload))
    case .down(let failure): notify(self, .down(failure))
    }
  }
}
