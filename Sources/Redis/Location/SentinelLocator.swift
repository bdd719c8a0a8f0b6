import Loop

/// Finds the primary of a Sentinel group: asks the sentinels before each dial, checks what they name by ROLE, and listens
/// to them for a failover.
///
/// ```
/// find ──▶ every known sentinel at once, 1 s each ──▶ the first answer that is neither behind nor doubtful
/// follow ▶ up to 5 sentinels, for good ─ +switch-master, +promoted-slave ─▶ that one is asked ─▶ moved
/// ```
/// A sentinel that was cut off tells of an earlier primary. The group's epoch, which each failover raises, says which of
/// two answers is the newer one.
final class SentinelLocator: Locator {
  private let loop: Loop
  /// The endpoint that people wrote; with another address it is the primary.
  private let endpoint: Endpoint
  private let group: SentinelGroup
  /// Those that were listed, then those that they named.
  private var known: [SentinelGroup.Node]
  private var newestEpoch: Int64 = 0
  private var primary: SentinelGroup.Node?
  /// Servers that were not what they should be, and until when that counts.
  private var doubts: [SentinelGroup.Node: MonotonicTime] = [:]
  private var inquiries: [Inquiry] = []
  /// The search under way, and which inquiries belong to it.
  private var search: (votes: SentinelVotes, found: (Result<Endpoint, ConnectionFailure>) -> Void)?
  private var moved: ((Endpoint) -> Void)?
  private var watches: [SentinelWatch] = []
  private var reportedAt: MonotonicTime?
  private var recheck: Loop.TimerID?

  /// Sentinels are learned up to so many, and listened to up to so many.
  static let mostKnown = 16
  static let mostWatched = 5
  /// For how long a server that turned out to be wrong is taken only if nobody names another, in milliseconds.
  private static let doubtSpan: Int64 = 10_000
  /// Changes are told no more often: a sentinel that tells of one each moment keeps nobody busy. In milliseconds.
  private static let reportPause: Int64 = 1000

  init(_ loop: Loop, _ endpoint: Endpoint, _ group: SentinelGroup) {
    self.loop = loop
    self.endpoint = endpoint
    var group = group
    group.tls = endpoint.tls
    self.group = group
    known = group.sentinels
  }

  var subject: String { group.name }

  var activity: String {
    "asking \(known.count == 1 ? "1 sentinel" : "\(known.count) sentinels") where \(group.name) is"
  }

  // MARK: Finding

  func find(_ completion: @escaping (Result<Endpoint, ConnectionFailure>) -> Void) {
    doubts = doubts.filter { $0.value > .now }
    search = (
      SentinelVotes(asked: known.count, newestEpoch: newestEpoch, doubted: Set(doubts.keys)), completion
    )
    for sentinel in known { ask(sentinel) { [weak self] in self?.count($0, of: sentinel) } }
  }

  private func ask(_ sentinel: SentinelGroup.Node, _ completion: @escaping (SentinelInquiry.Outcome) -> Void) {
    inquiries.append(
      SentinelInquiry.begin(loop, group, sentinel) { [weak self] inquiry, outcome in
        self?.inquiries.removeAll { $0 === inquiry }
        completion(outcome)
      })
  }

  private func count(_ outcome: SentinelInquiry.Outcome, of sentinel: SentinelGroup.Node) {
    // An answer that comes after the search was decided may still be the newer one.
    guard var current = search else { return hear(outcome) }
    let verdict = current.votes.take(outcome, of: sentinel)
    search = current
    let (votes, found) = current
    if case .success(let answer) = outcome { learn(answer.others) }
    switch verdict {
    case .undecided: break
    case .found(let answer):
      search = nil
      // If all have answered and all are behind, they began to count anew.
      newestEpoch = votes.isComplete ? answer.epoch ?? newestEpoch : max(newestEpoch, answer.epoch ?? 0)
      primary = answer.primary
      found(.success(server(answer.primary)))
    case .nobody(let reasons):
      search = nil
      found(.failure(.notLocated("no sentinel says where \(group.name) is: \(reasons)")))
    }
  }

  private func server(_ node: SentinelGroup.Node) -> Endpoint {
    var server = endpoint
    server.address = .tcp(host: node.host, port: node.port)
    return server
  }

  private func learn(_ others: [SentinelGroup.Node]) {
    for other in others where known.count < Self.mostKnown && !known.contains(other) { known.append(other) }
    if moved != nil { watch() }
  }

  // MARK: Judging

  func examine(_ connection: Connection, _ completion: @escaping (ConnectionFailure?) -> Void) {
    let place = "\(connection.endpoint)"
    connection.send(Request("ROLE")) { [group] result in
      guard case .success(let reply) = result else { return }
      // A user without this right goes by what the sentinels say.
      if let error = reply.error { return completion(error.code == "NOPERM" ? nil : .refused(error)) }
      guard reply.elements?.first?.text != "master" else { return completion(nil) }
      completion(.misplaced("\(place) is a replica, not the master of \(group.name)"))
    }
  }

  var judges: String? { "sentinels" }

  func confirm(_ server: Endpoint, _ completion: @escaping (Bool) -> Void) {
    let asked = known
    var (agreed, heard) = (0, 0)
    for sentinel in asked {
      ask(sentinel) { [weak self] outcome in
        heard += 1
        if case .success(let answer) = outcome, self?.server(answer.primary) == server { agreed += 1 }
        if heard == asked.count { completion(agreed > asked.count / 2) }
      }
    }
  }

  func doubt(_ server: Endpoint, hint: String?) {
    guard case .tcp(let host, let port) = server.address else { return }
    if doubts.count >= Self.mostKnown { doubts = doubts.filter { $0.value > .now } }
    guard doubts.count < Self.mostKnown else { return }
    doubts[SentinelGroup.Node(host: host, port: port)] = MonotonicTime.now.adding(milliseconds: Self.doubtSpan)
  }

  // MARK: Following

  func follow(_ moved: @escaping (Endpoint) -> Void) {
    self.moved = moved
    watch()
  }

  func rest() {
    moved = nil
    search = nil
    loop.cancel(recheck)
    recheck = nil
    for watch in watches { watch.stop() }
    watches = []
    for inquiry in inquiries { inquiry.cancel() }
    inquiries = []
  }

  private func watch() {
    for sentinel in known where watches.count < Self.mostWatched {
      guard !watches.contains(where: { $0.sentinel == sentinel }) else { continue }
      watches.append(
        SentinelWatch(loop, group, sentinel) { [weak self] in
          self?.hear($0)
        } changed: { [weak self] in
          self?.ask(sentinel) { [weak self] in self?.hear($0) }
        })
    }
  }

  /// Takes an answer that no search waits for: only what is newer than all before moves anybody.
  private func hear(_ outcome: SentinelInquiry.Outcome) {
    guard let moved, case .success(let answer) = outcome else { return }
    learn(answer.others)
    guard let epoch = answer.epoch, epoch > newestEpoch, search == nil else { return }
    guard answer.primary != primary else {
      newestEpoch = epoch
      return
    }
    if let reportedAt, MonotonicTime.now.milliseconds(since: reportedAt) < Double(Self.reportPause) {
      return hearAgain()
    }
    newestEpoch = epoch
    primary = answer.primary
    reportedAt = .now
    moved(server(answer.primary))
  }

  private func hearAgain() {
    guard recheck == nil else { return }
    recheck = loop.schedule(inMilliseconds: Self.reportPause) { [weak self] in
      guard let self else { return }
      recheck = nil
      for sentinel in known.prefix(Self.mostWatched) { ask(sentinel) { [weak self] in self?.hear($0) } }
    }
  }
}
