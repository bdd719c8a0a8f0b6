import FleetModel
import Loop
import Redis
import Wire

/// Passes what a rule of one shard did to the whole fleet on to the other shards: a blocked address, or one that is free
/// again. Each gets it as a command in its stream, under an id made of the action's own, so that it is done there once.
///
/// ```
/// control of this shard ─▶ for the whole fleet, by a rule? ─▶ a command for each other shard ─▶ all taken ─▶ the place
///                                                             └─ one is not: all of it again, later      is saved
/// ```
/// What operators do to the whole fleet their programs send to all shards themselves.
///
/// A class, because the loop's timer and the answers share it.
final class FleetWideRelay {
  let session: LeaseSession
  private let own: Int
  private let count: Int
  /// The connection to the server that has a shard's keys; nil while there is none.
  private let connection: (_ shard: Int) -> Connection?
  private var position: StreamID?

  private static let lookMilliseconds: Int64 = 500
  private static let bite = 64
  /// Longer than any pause after which a shard takes commands again, and no longer than a block of an hour.
  private static let expiry = TimeSpan.minutes(30)
  private static let relayed: Set<Action> = [.blockIP, .unblockIP]

  /// - Parameters:
  ///   - own: the shard that the session is of.
  ///   - count: how many shards there are.
  init(_ session: LeaseSession, own: Int, count: Int, connection: @escaping (_ shard: Int) -> Connection?) {
    (self.session, self.own, self.count, self.connection) = (session, own, count, connection)
  }

  /// The field of the cursor's hash that says up to which control message all is passed on.
  private var field: [UInt8] { session.keys.control + "#relayed".utf8 }

  func start() {
    session.read([Request("HGET", session.keys.cursor, field)]) { [weak self] replies in
      guard let self else { return }
      if let saved = replies[0].bytes.flatMap({ StreamID($0) }) {
        position = saved
        look()
      } else {
        // Nothing was passed on before: it begins now, and says so, that the next leader begins no later.
        save(StreamID(milliseconds: UInt64(max(0, session.now.milliseconds))))
      }
    }
  }

  private func save(_ place: StreamID) {
    var transaction = Transaction()
    transaction.change("HSET", session.keys.cursor, field, "\(place)")
    session.run(transaction) { [weak self] outcome in
      guard let self else { return }
      if case .done = outcome { position = place }
      lookLater()
    }
  }

  private func lookLater() {
    session.later(inMilliseconds: Self.lookMilliseconds) { [weak self] in
      if self?.position == nil { self?.start() } else { self?.look() }
    }
  }

  private func look() {
    guard let position else { return lookLater() }
    let request = Request("XRANGE", session.keys.control, "(\(position)", "+", "COUNT", Self.bite)
    session.read([request]) { [weak self] replies in
      guard let self else { return }
      let entries = replies[0].elements ?? []
      guard let last = entries.last?.elements?.first?.bytes.flatMap({ StreamID($0) }) else { return lookLater() }
      let messages = entries.compactMap { entry in
        entry.elements?.last?.pairs.first { $0.name == Keys.dataField }.flatMap { ControlCoding.decode($0.value) }
      }
      pass(messages.filter(Self.isFleetWide)) { [weak self] isPassed in
        if isPassed { self?.save(last) } else { self?.lookLater() }
      }
    }
  }

  private static func isFleetWide(_ message: ControlMessage) -> Bool {
    message.agent == .none && message.action.map(relayed.contains) == true && message.commandID.text.hasPrefix("rule/")
  }

  /// - Parameter completion: gets whether all other shards have taken all of them; called once.
  private func pass(_ messages: [ControlMessage], _ completion: @escaping (Bool) -> Void) {
    let others = (0..<count).filter { $0 != own }
    let sends = messages.flatMap { message in
      others.enumerated().compactMap { place, shard in command(message, part: place + 1).map { (shard, $0) } }
    }
    guard !sends.isEmpty else { return completion(true) }
    var (left, areTaken) = (sends.count, true)
    let answered = { (isTaken: Bool) in
      areTaken = areTaken && isTaken
      left -= 1
      if left == 0 { completion(areTaken) }
    }
    for (shard, command) in sends {
      guard let connection = connection(shard) else {
        answered(false)
        continue
      }
      let keys = Keys(session.options.shards?.prefixes[shard] ?? session.keys.prefix)
      let request = Request("XADD", keys.commands, "*", Keys.dataField, CommandCoding.encode(command))
      connection.send(request) { [session] result in
        guard !session.isOver else { return }
        if case .success(let reply) = result, reply.error == nil { answered(true) } else { answered(false) }
      }
    }
  }

  /// Nil if its time is over.
  private func command(_ message: ControlMessage, part: Int) -> Command? {
    guard let action = message.action else { return nil }
    var arguments = message.arguments
    if let until = message.until {
      guard until > session.now else { return nil }
      arguments["for"] = "\(until - session.now)"
    }
    let id = message.commandID.text
    return Command(
      id: CommandID(SHA256.hex(Array("\(id)/\(part)".utf8))), action: action, arguments: arguments,
      operator: "\(Self.sender)\(session.options.id)",
      reason: "\(id.split(separator: "/").prefix(2).joined(separator: "/")) in shard \(ShardNames.number(own))".clipped,
      issuedAt: session.now, expiresAt: session.now + Self.expiry,
      batch: Batch(id: CommandID(SHA256.hex(Array(id.utf8))), part: part, parts: count - 1))
  }

  /// What the name of the operator begins with in its commands; the id of the handler follows.
  private static let sender = "handler/"

  /// Whether a command was passed on by another shard: what a rule may do there is counted there.
  static func isPassedOn(_ command: Command, _ options: HandlerOptions) -> Bool {
    options.shards != nil && relayed.contains(command.action) && command.operator.hasPrefix(sender)
  }
}
