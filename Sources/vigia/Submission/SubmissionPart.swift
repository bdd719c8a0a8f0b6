import FleetModel
import Loop
import Redis
import Wire

/// What an order needs of one shard: a link to send over, and its audit.
///
/// A class, since the connection's and the loop's handlers share it.
final class SubmissionPart {
  /// What it tells its owner.
  enum Update {
    /// The link is up, the time is known, whether an undo's command is known there, and who of the agents is.
    case located
    /// Nobody has heard of these agents of the order.
    case unheard([AgentID])
    /// Nothing that is added to the audit from here on is missed.
    case following
    /// The link is up again.
    case upAgain
    case line(AuditLine)
    /// The server does not let the audit be followed, or the command be looked for that an undo takes back.
    case refused(ServerError)
    /// The link or the audit's has ended, or an attempt did.
    case down(ConnectionFailure)
  }

  let shard: Int
  let installation: Installation
  /// Whether the link has ever been up.
  private(set) var wasUp = false
  private(set) var isLocated = false
  private(set) var isFollowing = false
  /// Whether the command that an undo takes back, or a part of its order, came to this shard.
  private(set) var knowsCommand = false
  private let loop: Loop
  private let notify: (SubmissionPart, Update) -> Void
  private var undone: String?
  private var agents: [AgentID] = []
  private var clock = ServerClock()
  /// Commands that were sent: each may stand in the shard's stream, though no answer came.
  private var sent: Set<CommandID> = []
  private lazy var link = Link(loop: loop, endpoint: installation.endpoint) { [unowned self] in changed($0) }
  private lazy var audit = StreamFollower(loop: loop, endpoint: installation.endpoint, key: keys.audit) {
    [unowned self] in auditChanged($0)
  }

  init(
    _ shard: Int, _ installation: Installation, on loop: Loop, _ notify: @escaping (SubmissionPart, Update) -> Void
  ) {
    (self.shard, self.installation, self.loop, self.notify) = (shard, installation, loop, notify)
  }

  private var keys: Keys { installation.keys }
  var now: Instant { clock.now }
  var isUp: Bool { link.connection != nil }

  /// - Parameters:
  ///   - undone: the id of the command or batch that is to be taken back; nil if nothing is.
  ///   - agents: those of the order that belong to the shard.
  func start(asking undone: String?, about agents: [AgentID]) {
    (self.undone, self.agents) = (undone, agents)
    link.start()
  }

  func follow() { audit.start() }

  func stop() {
    link.stop()
    if isFollowing { audit.stop() }
  }

  private func changed(_ notice: Link.Update) {
    switch notice {
    case .up(let connection):
      wasUp = true
      let asked = MonotonicTime.now
      connection.send(Request("TIME")) { [weak self, weak connection] result in
        guard let self, let connection, case .success(let reply) = result else { return }
        clock.set(reply, asked: asked)
        guard !isLocated else { return notify(self, .upAgain) }
        if let undone { look(for: undone, connection) } else { look(for: agents, connection) }
      }
    case .down(let failure): notify(self, .down(failure))
    }
  }

  private func look(for id: String, _ connection: Connection) {
    guard Keys.isCommandID(id.utf8) else { return located() }
    var mark: Reply?
    connection.send(Request("GET", keys.mark(id))) { if case .success(let reply) = $0 { mark = reply } }
    connection.send(Request("HGETALL", keys.batch(CommandID(id)))) { [weak self] result in
      guard let self, let mark, case .success(let batch) = result else { return }
      // Whether the command is known there nobody can tell then.
      if let error = mark.error ?? batch.error { return notify(self, .refused(error)) }
      knowsCommand = mark.bytes != nil || !batch.pairs.isEmpty
      located()
    }
    connection.flush()
  }

  /// A command for an agent that is not known is sent all the same: the agent may come yet.
  private func look(for agents: [AgentID], _ connection: Connection) {
    UnheardAgents.find(among: agents, keys, on: connection) { [weak self] unheard in
      guard let self else { return }
      if !unheard.isEmpty { notify(self, .unheard(unheard)) }
      located()
    }
  }

  private func located() {
    isLocated = true
    notify(self, .located)
  }

  private func auditChanged(_ notice: StreamFollower.Update) {
    switch notice {
    case .ready:
      isFollowing = true
      notify(self, .following)
    case .entry(_, let payload): if let line = AuditCoding.decode(payload) { notify(self, .line(line)) }
    case .down(.refused(let error)) where error.code == "NOPERM": notify(self, .refused(error))
    case .down(let failure): notify(self, .down(failure))
    }
  }

  /// - Parameter refused: called if the server refuses it, with whether it was sent before: then the shard may have it all
  ///   the same.
  func send(_ command: Command, refused: @escaping (ServerError, Bool) -> Void) {
    guard let connection = link.connection else { return }
    let wasSent = !sent.insert(command.id).inserted
    connection.send(Request("XADD", keys.commands, "*", Keys.dataField, CommandCoding.encode(command))) { result in
      if case .success(let reply) = result, let error = reply.error { refused(error, wasSent) }
    }
    connection.flush()
  }

  func askForHandler(_ completion: @escaping (HandlerLeaseStatus) -> Void) {
    link.connection?.send(Request("GET", keys.lease)) { result in
      if case .success(let reply) = result { completion(HandlerLeaseStatus(reply)) }
    }
    link.connection?.flush()
  }
}
