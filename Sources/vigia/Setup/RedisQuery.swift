import FleetModel
import Loop
import Redis
import Wire

/// Questions to a Redis, one after the other, and what is made of the answers: the work of a tool that ends by itself.
///
/// A class, since the connection's and the loop's handlers share it.
final class RedisQuery {
  let session: Session
  let installation: Installation
  let keys: Keys
  /// Whether something of what was asked for could not be done.
  private(set) var hasFailed = false
  private let work: (RedisQuery) -> Void
  private var clock = ServerClock()
  private lazy var link = Link(loop: session.loop, endpoint: endpoint) { [unowned self] in changed($0) }

  /// An answer that takes longer does not come.
  private static let patience: Int64 = 30_000

  /// Connects, does the work, which ends the session, and gives how it ended.
  static func run(_ installation: Installation, _ work: @escaping (RedisQuery) -> Void) throws {
    let session = try Session()
    let query = RedisQuery(session, installation, work)
    try session.onInterrupt { session.end(.failed) }
    query.start()
    try withExtendedLifetime(query) { try session.run() }
  }

  /// - Parameter installation: one set of keys: a fleet that is not divided, or one shard.
  init(_ session: Session, _ installation: Installation, _ work: @escaping (RedisQuery) -> Void) {
    self.session = session
    self.installation = installation
    keys = installation.keys
    self.work = work
  }

  /// Connects; then the work is done.
  func start() {
    link.start()
    expectAnswer()
  }

  var endpoint: Endpoint { installation.endpoint }

  /// The server's time.
  var now: Instant { clock.now }

  /// Nil if the link is down.
  var connection: Connection? { link.connection }

  // MARK: Ending

  /// Ends the session: with 1 where something could not be done.
  func end() { session.end(hasFailed ? .failed : .done) }

  /// Says what could not be done, and goes on.
  func complain(_ id: String, _ reason: String) {
    hasFailed = true
    Output.error("vigia: \(id): \(reason)".shown)
  }

  // MARK: Asking

  private var answers = 0
  /// Questions without an answer so far.
  private var owed = 0

  private func expectAnswer() {
    let count = answers
    session.loop.schedule(inMilliseconds: Self.patience) { [weak self] in
      guard let self else { return }
      if owed > 0, count == answers {
        session.fail(.noAnswer, "Redis at \(installation.shardPlace) did not answer in 30 s".shown)
      }
      expectAnswer()
    }
  }

  private func changed(_ notice: Link.Update) {
    switch notice {
    case .up:
      let asked = MonotonicTime.now
      send(Request("TIME")) { [self] in
        clock.set($0, asked: asked)
        work(self)
      }
    case .down(let failure): session.fail(.redisUnreachable, Session.unreachable(installation, failure))
    }
  }

  /// Sends a request; an error ends the session.
  func send(
    _ request: Request, expecting expectation: ReplyReader.Expectation = .tree, _ completion: @escaping (Reply) -> Void
  ) {
    owed += 1
    link.connection?.send(request, expecting: expectation) { [weak self] in self?.take($0, completion) }
  }

  /// Sends a request whose refusal is an answer too.
  func ask(_ request: Request, _ completion: @escaping (Reply) -> Void) {
    owed += 1
    link.connection?.send(request) { [weak self] result in
      guard let self, case .success(let reply) = result else { return }
      answers += 1
      owed -= 1
      completion(reply)
    }
  }

  /// Takes an answer; an error ends the session.
  func take(_ result: Result<Reply, ConnectionFailure>, _ completion: (Reply) -> Void) {
    // A connection that ended is told by the link.
    guard case .success(let reply) = result else { return }
    answers += 1
    owed -= 1
    if let error = reply.error { return session.fail(.failed, "Redis refuses: \(error)".shown) }
    completion(reply)
  }
}
