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
  /// Why the server says nothing more; nil while it may.
  private(set) var loss: Loss?
  private let work: (RedisQuery) -> Void
  private let lost: (() -> Void)?
  private var clock = ServerClock()
  private lazy var link = Link(loop: session.loop, endpoint: endpoint) { [unowned self] in changed($0) }

  /// Why there is nothing more to be had from a server.
  struct Loss {
    /// How a tool ends that has no other server to ask.
    var outcome: Exit
    /// In a few words.
    var reason: String
    /// The same as a sentence that names the server.
    var sentence: String
  }

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

  /// - Parameters:
  ///   - installation: one set of keys: a fleet that is not divided, or one shard.
  ///   - lost: told once if the server is lost, see ``loss``; nil if that ends the session.
  init(
    _ session: Session, _ installation: Installation, lost: (() -> Void)? = nil,
    _ work: @escaping (RedisQuery) -> Void
  ) {
    self.session = session
    self.installation = installation
    keys = installation.keys
    (self.work, self.lost) = (work, lost)
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
      guard let self, loss == nil else { return }
      if owed > 0, count == answers {
        lose(.noAnswer, "no answer in 30 s", "Redis at \(installation.shardPlace) did not answer in 30 s")
      }
      expectAnswer()
    }
  }

  private func changed(_ notice: Link.Update) {
    guard loss == nil else { return }
    switch notice {
    case .up:
      let asked = MonotonicTime.now
      send(Request("TIME")) { [self] in
        clock.set($0, asked: asked)
        work(self)
      }
    case .down(let failure): lose(failure)
    }
  }

  /// Sends a request. If the server refuses it, or is lost before it answers, the server counts as lost.
  ///
  /// - Parameter orElse: called in place of `completion` if the server is lost; nil if that ends the session.
  func send(
    _ request: Request, expecting expectation: ReplyReader.Expectation = .tree,
    _ completion: @escaping (Reply) -> Void, orElse: (() -> Void)? = nil
  ) {
    guard let connection = open(orElse) else { return }
    owed += 1
    connection.send(request, expecting: expectation) { [weak self] in self?.take($0, completion, orElse: orElse) }
  }

  /// Sends a request whose refusal is an answer too.
  ///
  /// - Parameter orElse: as of `send`.
  func ask(_ request: Request, _ completion: @escaping (Reply) -> Void, orElse: (() -> Void)? = nil) {
    guard let connection = open(orElse) else { return }
    owed += 1
    connection.send(request) { [weak self] in self?.settle($0, completion, orElse) }
  }

  /// Takes an answer; an error counts as a loss of the server.
  func take(
    _ result: Result<Reply, ConnectionFailure>, _ completion: (Reply) -> Void, orElse: (() -> Void)? = nil
  ) {
    settle(
      result,
      { reply in
        guard let error = reply.error else { return completion(reply) }
        lose(.failed, "Redis refuses: \(error)", "Redis refuses: \(error)")
        goWithout(orElse)
      }, orElse)
  }

  private func settle(
    _ result: Result<Reply, ConnectionFailure>, _ completion: (Reply) -> Void, _ orElse: (() -> Void)?
  ) {
    switch result {
    case .success(let reply):
      answers += 1
      owed -= 1
      completion(reply)
    case .failure(let failure):
      lose(failure)
      goWithout(orElse)
    }
  }

  // MARK: Losing the server

  /// The connection to send over. If there is none, `orElse` comes later: nobody who asks expects it at once.
  private func open(_ orElse: (() -> Void)?) -> Connection? {
    if let connection = link.connection, loss == nil { return connection }
    session.loop.later { [weak self] in self?.goWithout(orElse) }
    return nil
  }

  private func lose(_ failure: ConnectionFailure) {
    lose(.redisUnreachable, "\(failure)", Session.unreachable(installation, failure))
  }

  private func lose(_ outcome: Exit, _ reason: String, _ sentence: String) {
    guard loss == nil else { return }
    loss = Loss(outcome: outcome, reason: reason, sentence: sentence.shown)
    guard let lost else { return end(for: loss) }
    session.loop.later { [weak self] in self?.link.stop() }
    lost()
  }

  private func goWithout(_ orElse: (() -> Void)?) {
    if let orElse, lost != nil { orElse() } else { end(for: loss) }
  }

  private func end(for loss: Loss?) {
    if let loss { session.fail(loss.outcome, loss.sentence) }
  }
}
