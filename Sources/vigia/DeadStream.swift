import FleetModel
import Loop
import Redis
import Wire

/// The stream `agentos:dead`, and what a command does with it: one of its functions, which ends the session.
///
/// A class, since the connection's and the loop's handlers share it.
final class DeadStream {
  let session: Session
  let keys = Keys()
  /// Whether something of what was asked for could not be done.
  private var hasFailed = false
  private let endpoint: Endpoint
  private let work: (DeadStream) -> Void
  private var clock = ServerClock()
  private lazy var link = Link(loop: session.loop, endpoint: endpoint) { [unowned self] in changed($0) }
  private let putBack = Script(DeadStream.putBackSource)

  /// An answer that takes longer does not come.
  private static let patience: Int64 = 30_000
  /// How many entries are asked for at once.
  private static let page = 100

  /// Connects, does the work, and gives how it ended.
  static func run(_ redis: RedisOptions, _ work: @escaping (DeadStream) -> Void) throws {
    let session = try Session()
    let stream = DeadStream(session, endpoint: try redis.endpoint(), work)
    try session.onInterrupt { session.end(.failed) }
    stream.link.start()
    stream.expectAnswer()
    try withExtendedLifetime(stream) { try session.run() }
  }

  private init(_ session: Session, endpoint: Endpoint, _ work: @escaping (DeadStream) -> Void) {
    self.session = session
    self.endpoint = endpoint
    self.work = work
  }

  /// The server's time.
  var now: Instant { clock.now }

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

  private func expectAnswer() {
    let count = answers
    session.loop.schedule(inMilliseconds: Self.patience) { [weak self] in
      guard let self else { return }
      if count == answers { session.fail(.noAnswer, "Redis at \(endpoint) did not answer in 30 s".shown) }
      expectAnswer()
    }
  }

  private func changed(_ notice: Link.Notice) {
    switch notice {
    case .up:
      let asked = MonotonicTime.now
      send(Request("TIME")) { [self] in
        clock.set($0, asked: asked)
        work(self)
      }
    case .down(let failure): session.fail(.redisUnreachable, Session.unreachable(endpoint, failure))
    }
  }

  /// Sends a request; an error ends the session.
  func send(_ request: Request, _ completion: @escaping (Reply) -> Void) {
    link.connection?.send(request) { [weak self] in self?.take($0, completion) }
  }

  private func take(_ result: Result<Reply, ConnectionFailure>, _ completion: (Reply) -> Void) {
    // A connection that ended is told by the link.
    guard case .success(let reply) = result else { return }
    answers += 1
    if let error = reply.error { return session.fail(.failed, "Redis refuses: \(error)".shown) }
    completion(reply)
  }

  /// Hands on all entries up to an id, a page at a time; each page is through before the next is asked for.
  ///
  /// - Parameters:
  ///   - last: nil for all, those included that come meanwhile.
  ///   - take: calls its second argument once the page is through.
  func pages(
    from start: String = "-", through last: StreamID? = nil,
    _ take: @escaping ([DeadEntry], _ next: @escaping () -> Void) -> Void, end: @escaping () -> Void
  ) {
    let to = last.map { "\($0)" } ?? "+"
    send(Request("XRANGE", keys.dead, start, to, "COUNT", Self.page)) { [weak self] reply in
      let entries = (reply.elements ?? []).compactMap { DeadEntry($0) }
      guard let newest = entries.last?.id else { return end() }
      take(entries) { self?.pages(from: "(\(newest)", through: last, take, end: end) }
    }
  }

  /// Finds an entry by what was typed; names it and goes on where there is none.
  func find(_ text: String, _ completion: @escaping (DeadEntry?) -> Void) {
    guard let id = StreamID(Array(text.utf8)) else {
      complain(text, "is no entry's id; write one such as 1795334137846-0")
      return completion(nil)
    }
    send(Request("XRANGE", keys.dead, id, id)) { [weak self] reply in
      let entry = reply.elements?.first.flatMap { DeadEntry($0) }
      if entry == nil { self?.complain(text, "no such entry") }
      completion(entry)
    }
  }

  /// The newest entry's id; nil where there is none.
  func newest(_ completion: @escaping (StreamID?) -> Void) {
    send(Request("XREVRANGE", keys.dead, "+", "-", "COUNT", 1)) { reply in
      completion(reply.elements?.first.flatMap { DeadEntry($0)?.id })
    }
  }

  // MARK: Moving

  /// Moves an entry's bytes into a stream, in one step, so that two who do it at once put them back once.
  ///
  /// ```
  /// KEYS  the dead ones, the stream      ARGV  id, bytes      gives the new id; nil where the entry is gone
  /// ```
  private static let putBackSource = """
    if #redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1]) == 0 then return false end
    local id = redis.call('XADD', KEYS[2], '*', '__data__', ARGV[2])
    redis.call('XDEL', KEYS[1], ARGV[1])
    return id
    """

  /// - Parameter completion: gets the new id as text; nil where somebody else was faster.
  func move(_ id: StreamID, _ data: [UInt8], into stream: [UInt8], _ completion: @escaping (String?) -> Void) {
    guard let connection = link.connection else { return }
    putBack.run(on: connection, keys: [keys.dead, stream], arguments: EncodedArguments(id, data)) { [weak self] in
      self?.take($0) { completion($0.text) }
    }
  }
}
