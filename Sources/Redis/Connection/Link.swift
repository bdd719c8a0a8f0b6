import Loop

/// A connection that is kept up: it is made anew, with growing pauses, until it is stopped.
///
/// Where its endpoint stands for several servers, it asks before each attempt which one serves, and leaves a server
/// that serves no more.
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
  /// Knows which server serves; nil if the endpoint names it.
  private let whereabouts: Whereabouts?
  private let notify: (Update) -> Void
  private var machine = LinkMachine()
  private var timer: Loop.TimerID?
  /// The connection that serves at present.
  package private(set) var connection: Connection?
  private var attempt: Connection?
  /// Counts attempts: what was found for an earlier one is of no use.
  private var searches = 0
  private var isSearching = false
  /// When the last connection that served was heard last.
  private var formerHeardAt: MonotonicTime?
  /// Why the link is not up.
  package private(set) var lastFailure: ConnectionFailure?

  /// An attempt that is not through by then has failed.
  private static let connectLimitMilliseconds: Int64 = 5000

  package convenience init(loop: Loop, endpoint: Endpoint, _ notify: @escaping (Update) -> Void) {
    self.init(loop: loop, endpoint: endpoint, whereabouts: .of(endpoint, on: loop), notify)
  }

  package init(
    loop: Loop, endpoint: Endpoint, whereabouts: Whereabouts?, _ notify: @escaping (Update) -> Void
  ) {
    self.loop = loop
    self.endpoint = endpoint
    self.whereabouts = whereabouts
    self.notify = notify
  }

  deinit { whereabouts?.leave(nil) }

  /// Where the link stands; its times are `MonotonicTime` milliseconds.
  package var state: LinkMachine.State { machine.state }

  /// When the server said something last over a connection that served; nil if none ever did.
  package var heardAt: MonotonicTime? { connection?.heardAt ?? formerHeardAt }

  /// Which server it speaks to, or tries to; nil while it has none.
  package var server: Endpoint? { (connection ?? attempt)?.endpoint }

  /// Whether a replica will not do, though the endpoint itself names it: whoever leads cannot act there.
  package var needsPrimary = false

  /// Whether it stays with a server that says it is the wrong one: for whoever examines that very server.
  package var keepsWrongServer = false

  /// Counts the servers that its endpoint has stood for; 0 if it names its server.
  package var generation: Int { whereabouts?.generation ?? 0 }

  /// What is done to find the server, in words; nil if nothing is.
  package var searchActivity: String? { isSearching ? whereabouts?.activity : nil }

  package func start() {
    guard machine.state == .idle else { return }
    whereabouts?.join(self)
    perform(machine.start(now: MonotonicTime.now.milliseconds))
  }

  package func stop() {
    machine.stop()
    isSearching = false
    whereabouts?.leave(self)
    loop.cancel(timer)
    let (old, pending) = (connection, attempt)
    connection = nil
    attempt = nil
    old?.close()
    pending?.close()
  }

  /// Ends the present connection, so that a new one is made: what an owner does that found it dead.
  package func restart(_ failure: ConnectionFailure) {
    if case .refused(let error) = failure, error.isOfWrongServer, whereabouts != nil {
      relocate(error.advice.meaning, hint: error.movedTo)
    } else {
      connection?.fail(failure)
    }
  }

  /// Ends the present connection because its server turned out to be the wrong one: a replica, say, or a node that owns
  /// the key no more. The server is looked for anew, and every other link of the process leaves it too.
  ///
  /// - Parameters:
  ///   - reason: what the server said, in words.
  ///   - hint: where it said to go, `host:port`; nil if it named nobody.
  package func relocate(_ reason: String, hint: String? = nil) {
    guard let connection else { return }
    let place = connection.endpoint
    connection.fail(.misplaced(reason))
    whereabouts?.doubt(reason, of: place, hint: hint)
  }

  /// The server has answered with an error by which it may be the wrong one.
  private func misplaced(_ error: ServerError) {
    guard !keepsWrongServer, error.isOfWrongServer || needsPrimary || whereabouts != nil else { return }
    guard whereabouts != nil else { return restart(.refused(error)) }
    relocate(error.advice.meaning, hint: error.movedTo)
  }

  /// Ends what it has with another server, and tries the right one.
  ///
  /// - Parameters:
  ///   - server: nil if none is known to be right.
  ///   - wakes: whether it tries at once if it waits for its next attempt.
  func leave(unlessAt server: Endpoint?, _ failure: ConnectionFailure, wakes: Bool) {
    if let present = connection ?? attempt {
      if present.endpoint != server { present.fail(failure) }
    } else if wakes, case .waiting = machine.state {
      loop.cancel(timer)
      perform(machine.retryIsDue(now: MonotonicTime.now.milliseconds))
    }
  }

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
    timer = loop.schedule(inMilliseconds: Self.connectLimitMilliseconds) { [weak self] in self?.giveUp() }
    guard let whereabouts else { return dial(endpoint) }
    searches += 1
    isSearching = true
    whereabouts.find { [weak self, searches] in self?.found($0, by: searches) }
  }

  private func found(_ result: Result<Endpoint, ConnectionFailure>, by search: Int) {
    guard isSearching, search == searches else { return }
    isSearching = false
    switch result {
    case .success(let server): dial(server)
    case .failure(let failure): failed(failure)
    }
  }

  private func dial(_ server: Endpoint) {
    do throws(ConnectionFailure) {
      attempt = try Connection(
        loop: loop, endpoint: server, needsPrimary: needsPrimary, onReady: { [weak self] in self?.ready() },
        onFailure: { [weak self] in self?.failed($0) })
    } catch {
      failed(error)
    }
  }

  private func giveUp() {
    if let attempt { return attempt.giveUp(after: Self.connectLimitMilliseconds) }
    guard isSearching, let whereabouts else { return }
    failed(
      .notLocated("\(whereabouts.activity): \(ConnectionFailure.silent(milliseconds: Self.connectLimitMilliseconds))"))
  }

  private func ready() {
    guard let fresh = attempt else { return }
    guard let whereabouts else { return serve(fresh) }
    whereabouts.examine(fresh) { [weak self, weak fresh] failure in
      guard let self, let fresh, fresh === attempt else { return }
      if let failure { fresh.fail(failure) } else { serve(fresh) }
    }
  }

  private func serve(_ fresh: Connection) {
    loop.cancel(timer)
    connection = fresh
    attempt = nil
    lastFailure = nil
    fresh.onMisplaced = { [weak self, weak fresh] in
      if let self, let fresh, fresh === connection { misplaced($0) }
    }
    perform(machine.connected(now: MonotonicTime.now.milliseconds))
    notify(.up(fresh))
  }

  private func failed(_ failure: ConnectionFailure) {
    loop.cancel(timer)
    if let attempt { whereabouts?.unreachable(attempt.endpoint) }
    formerHeardAt = heardAt
    connection = nil
    attempt = nil
    isSearching = false
    guard machine.state != .stopped else { return }
    lastFailure = failure
    perform(
      machine.failed(now: MonotonicTime.now.milliseconds, jitter: MachineRandom.number(in: 0..<1), pace: failure.pace))
    notify(.down(failure))
  }
}
