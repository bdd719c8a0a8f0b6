import Loop

/// Listens to one sentinel for as long as links need it, and says what it tells of a group.
///
/// Each new connection asks first, so that what was said in between is not missed. A class, because the handlers of its
/// link and timers share it.
final class SentinelWatch {
  let sentinel: SentinelGroup.Node
  private let loop: Loop
  private let group: SentinelGroup
  private let heard: (SentinelInquiry.Outcome) -> Void
  private let changed: () -> Void
  private var timer: Loop.TimerID?
  private lazy var link = Link(loop: loop, endpoint: group.endpoint(of: sentinel), whereabouts: nil) { [weak self] in
    if case .up(let connection) = $0 { self?.begin(connection) }
  }

  /// A promotion is told by the sentinel that leads the failover, some time before all of them tell of the switch.
  private static let channels = ["+switch-master", "+promoted-slave"].map { Array($0.utf8) }
  /// How often it is made to say something, in milliseconds; and for how long it may then say nothing.
  private static let pingSpan: Int64 = 5000
  private static let silence: Int64 = 3000

  /// - Parameters:
  ///   - heard: called with what the sentinel answers, once a connection.
  ///   - changed: called where it says that a failover has come to a new primary: it is to be asked again.
  init(
    _ loop: Loop, _ group: SentinelGroup, _ sentinel: SentinelGroup.Node,
    heard: @escaping (SentinelInquiry.Outcome) -> Void, changed: @escaping () -> Void
  ) {
    self.loop = loop
    self.group = group
    self.sentinel = sentinel
    self.heard = heard
    self.changed = changed
    link.start()
    look()
  }

  func stop() {
    loop.cancel(timer)
    link.stop()
  }

  private func begin(_ connection: Connection) {
    var replies: [Reply] = []
    let requests = SentinelAnswer.requests(group.name)
    for request in requests {
      connection.send(request) { [weak self] result in
        guard let self, case .success(let reply) = result else { return }
        replies.append(reply)
        if replies.count == requests.count { heard(SentinelInquiry.outcome(replies, group.name)) }
      }
    }
    let name = group.name
    // A user without the right to listen is of use nevertheless: it is asked at each dial.
    let receiver = MessageReceiver(confirmed: {}, refused: { _ in }) { [weak self] _, payload in
      if Self.concerns(payload, name) { self?.changed() }
    }
    connection.subscribe(channels: Self.channels, patterns: [], receiver)
  }

  /// Whether a message is about the group: `<name> <old ip> <old port> <new ip> <new port>` of a switch, `slave <name>
  /// <ip> <port> @ <group's name> <ip> <port>` of a promotion.
  private static func concerns(_ payload: UnsafeRawBufferPointer, _ name: String) -> Bool {
    guard payload.count <= longestMessage else { return false }
    let words = String(decoding: payload, as: UTF8.self).split(separator: " ")
    if words.count == 5 { return words[0] == name }
    guard let at = words.firstIndex(of: "@"), at + 1 < words.count else { return false }
    return words[at + 1] == name
  }

  /// Two addresses and two names, in bytes.
  private static let longestMessage = 2048

  private func look() {
    if let silence = link.connection?.silence(at: .now), silence >= Self.silence {
      link.restart(.silent(milliseconds: silence))
    }
    link.connection?.ping()
    timer = loop.schedule(inMilliseconds: Self.pingSpan, early: 1000) { [weak self] in self?.look() }
  }
}
