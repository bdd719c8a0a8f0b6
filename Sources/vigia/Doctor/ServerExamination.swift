import FleetModel
import Glibc
import Loop
import Redis
import Wire

/// Asks a server everything that `vigia doctor` judges, each thing once, over one connection: first all that depends on
/// nothing, then what follows from the answers.
///
/// ```
/// HELLO · TIME · INFO · ACL WHOAMI · the lease · the streams
///    ├─▶ of a cluster: CLUSTER SLOTS · CLUSTER MYID
///    └─▶ ACL DRYRUN of each right; without it, what harmless requests tell
/// ```
///
/// A class, since the connection's and the loop's handlers share it.
final class ServerExamination {
  private let loop: Loop
  let installation: Installation
  let table: AccessTable
  /// The user whose rights are tried; nil for the connection's own.
  let triedUser: String?
  var answers = ServerAnswers()
  private(set) var clock = ServerClock()
  private let finish: (ServerAnswers) -> Void
  private var owed = 0
  private var isOver = false
  private lazy var link = Link(loop: loop, endpoint: installation.endpoint) { [unowned self] in changed($0) }

  /// Whatever has not come by then is not waited for.
  static let patience: Int64 = 10_000

  /// - Parameter finish: called once, whatever happens.
  init(
    loop: Loop, _ installation: Installation, _ table: AccessTable, triedUser: String?,
    _ finish: @escaping (ServerAnswers) -> Void
  ) {
    (self.loop, self.installation, self.table, self.finish) = (loop, installation, table, finish)
    self.triedUser = triedUser
    answers.rights.role = table.role
    answers.rights.triedUser = triedUser
  }

  var connection: Connection? { link.connection }
  var keys: Keys { table.keys }

  func start() {
    loop.schedule(inMilliseconds: Self.patience) { [weak self] in
      self?.answers.ranOutOfTime = true
      self?.end()
    }
    // A node without slots refuses the keys, and still tells the rest.
    link.keepsWrongServer = true
    link.start()
  }

  private func changed(_ notice: Link.Update) {
    switch notice {
    case .up: askFirst()
    case .down(let failure):
      answers.failure = failure
      end()
    }
  }

  private func end() {
    guard !isOver else { return }
    isOver = true
    link.stop()
    finish(answers)
  }

  /// Sends a request; the work is over once all answers have come.
  func ask(_ request: Request, _ completion: @escaping (Reply) -> Void) {
    owed += 1
    link.connection?.send(request) { [weak self] result in
      guard let self, !isOver, case .success(let reply) = result else { return }
      completion(reply)
      owed -= 1
      if owed == 0 { end() }
    }
  }

  /// The same for one that answers by something else than a value of its own.
  func owe() -> () -> Void {
    owed += 1
    return { [weak self] in
      guard let self, !isOver else { return }
      owed -= 1
      if owed == 0 { end() }
    }
  }

  // MARK: Asking

  private func askFirst() {
    ask(ServerIdentity.request) { [self] reply in
      answers.identity = ServerIdentity(reply).map { .value($0) } ?? reply.error.map { .refused($0) } ?? .none
    }
    let (asked, local) = (MonotonicTime.now, Self.localTime)
    ask(Request("TIME")) { [self] in takeTime($0, asked: asked, local: local) }
    ask(Request("INFO")) { [self] reply in
      answers.info = reply.error.map { .refused($0) } ?? .value(ServerInfo(reply.text ?? ""))
      if answers.isCluster { askForSlots() }
    }
    ask(Request("GET", keys.lease)) { [self] reply in
      answers.lease = reply.error.map { .refused($0) } ?? .value(reply.bytes.flatMap { LeaseCoding.decode($0) })
    }
    for (place, stream) in keys.boundedStreams.enumerated() { askFor(stream, place) }
    ask(Request("ACL", "WHOAMI")) { [self] reply in
      answers.user = reply.error.map { .refused($0) } ?? .value(reply.text ?? "default")
      tryRights()
    }
  }

  static var localTime: Instant {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Instant(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }

  private func takeTime(_ reply: Reply, asked: MonotonicTime, local: Instant) {
    if let error = reply.error {
      answers.skew = .refused(error)
      return
    }
    let answered = MonotonicTime.now
    guard clock.set(reply, asked: asked, answered: answered) else { return }
    let took = TimeSpan(milliseconds: Int64(answered.milliseconds(since: asked)))
    answers.time = clock.now
    answers.skew = .value((clock.instant(at: asked) - local, took))
  }

  private func askFor(_ stream: [UInt8], _ place: Int) {
    let name = String(decoding: stream.dropFirst(keys.prefix.text.utf8.count + 1), as: UTF8.self)
    answers.streams.append(StreamAnswers(name: name))
    ask(Request("XINFO", "STREAM", stream)) { [self] reply in
      if let error = reply.error {
        answers.streams[place].info = error.text == "ERR no such key" ? .value(nil) : .refused(error)
      } else {
        answers.streams[place].info = StreamInfo(reply).map { .value($0) } ?? .none
      }
    }
    ask(Request("XINFO", "GROUPS", stream)) { [self] reply in
      if let error = reply.error {
        answers.streams[place].groups = .refused(error)
        return
      }
      answers.streams[place].groups = .value((reply.elements ?? []).map(Self.group))
    }
  }

  private static func group(_ reply: Reply) -> StreamAnswers.Group {
    func number(_ name: String) -> Int? { reply.field(name)?.integer.map { Int($0) } }
    return StreamAnswers.Group(
      name: String((reply.field("name")?.text ?? "").prefix(256)), consumers: number("consumers") ?? 0,
      pending: number("pending") ?? 0, lag: number("lag"))
  }

  private func askForSlots() {
    ask(Request("CLUSTER", "SLOTS")) { [self] reply in
      answers.slots = reply.error.map { .refused($0) } ?? .value(SlotMap(reply))
    }
    ask(Request("CLUSTER", "MYID")) { [self] reply in
      answers.ownNode = reply.error.map { .refused($0) } ?? reply.text.map { .value($0) } ?? .none
    }
  }
}
