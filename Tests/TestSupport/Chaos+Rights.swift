import FleetModel
import Loop
import Redis
import Wire

/// A handler whose user lacks one permission after another, while commands come and a rule acts: never half of a step,
/// always a line in the log, and once the permission is back everything is done.
extension Chaos {
  /// What the handler's user may do, each by itself.
  package enum Right: Hashable, Sendable, CustomStringConvertible {
    case command(String)
    case key(String)
    case channel(String)

    package var description: String {
      switch self {
      case .command(let name): "+\(name)"
      case .key(let pattern): "~agentos:\(pattern)"
      case .channel(let pattern): "&\(pattern)"
      }
    }
  }

  /// What the table of rights gives a handler, a key by itself.
  package static let rights: [Right] = {
    let (keys, table) = (Keys(), AccessTable(.handler, Keys()))
    let names = AccessTable.unique(table.rows.map(\.key)).filter { !$0.isEmpty }.map { key in
      String(decoding: key.dropFirst(keys.prefix.text.utf8.count + 1), as: UTF8.self)
    }
    let channels = table.channels.map { String(decoding: $0, as: UTF8.self) }
    return table.grants(in: .redis6)[0].commands.filter { !dispensable.contains($0) }.map { .command($0) }
      + names.filter { !$0.hasPrefix("mark:rules/") }.map { .key($0) } + channels.map { .channel($0) }
  }()

  /// What a connection does without, and nobody says so.
  private static let dispensable = ["ping", "client|setname"]

  private static let always = [
    ">chaos", "on", "resetkeys", "resetchannels", "-@all", "+ping", "+client|setname", "+select",
  ]

  private func allow(all rights: [Right]) throws {
    _ = try server.call(all: ["ACL", "SETUSER", "handler"] + Self.always + rights.map(\.description))
  }

  /// Begins anew with a handler of a user that has just the rights that a handler needs.
  package func restrict() throws {
    try allow(all: Self.rights)
    credentials = "handler:chaos@"
    _ = try server.call("SET", keys.automation, "on")
    try restart(waits: true)
  }

  /// Takes a right away, has commands and an event for a rule come, and gives it back.
  package func run(without right: Right) throws {
    let before = logged.utf8.count
    try allow(all: Self.rights.filter { $0 != right })
    let (paused, agent) = (next(), next())
    let limited = AgentID("limited-\(paused)")
    let ids = ["chaos-\(paused.description.dropFirst(6))", "limit-\(paused)"]
    try publish(ids[0], .pause, paused)
    try publish(ids[1], .rateLimit, limited, ["per_minute": "60", "for": "1h"])
    let run = try begin(chainOf: agent)
    func told() -> String { String(decoding: Array(logged.utf8.dropFirst(before)), as: UTF8.self) }
    func ends() -> String {
      let told = ids.flatMap { (try? lines(of: $0)) ?? [] }
      return told.reversed().map { "\($0.phase) \($0.target): \($0.detail)" }.joined(separator: "\n")
    }
    func isTold() -> Bool { Self.words.contains { told().contains($0) } }
    try wait("a word about the missing \(right), or the commands' ends") {
      isTold() || ids.allSatisfy { (try? isOver($0)) == true } && (try? isOver(chain: run)) == true
    }
    for agent in [paused, limited] { try ensureWhole(agent, right) }
    if !isTold() {
      // Nothing that was done needed it: whoever takes the lease next must find it missing.
      try restart(waits: false)
      try wait("a word about the missing \(right) by a handler that begins; the log says \(told())", isTold)
    }
    try allow(all: Self.rights)
    try wait("the ends with \(right) back:\n\(ends())\nThe log says \(told().suffix(3000))") {
      ids.allSatisfy { (try? isOver($0)) == true } && (try? isOver(chain: run)) == true && (try? pending()) == 0
    }
    guard handler?.isRunning == true else { throw Fault(description: "without \(right) the handler ended") }
    try check(ids[0], paused, "without \(right)")
    try checkChain(run, agent, "without \(right)")
    try ensureWhole(limited, right)
  }

  /// What a line of the log says of a right that is missing.
  private static let words = [
    "NOPERM", "no permission", "takes no lease", "acting without", "cannot listen", "may not publish",
  ]

  private func restart(waits: Bool) throws {
    handler?.end(9)
    _ = try server.call("SCRIPT", "FLUSH")
    _ = try server.call("DEL", keys.lease)
    try startHandler(waits: waits)
  }

  private func isOver(_ command: String) throws -> Bool {
    try lines(of: command).contains { $0.target == .none && $0.phase == .succeeded }
  }

  /// All of an agent's step stands, or nothing of it.
  private func ensureWhole(_ agent: AgentID, _ right: Right) throws {
    // All at one moment.
    _ = try server.call("MULTI")
    _ = try server.call("HGETALL", keys.agent(agent))
    _ = try server.call("ZRANGE", keys.schedule, 0, -1)
    _ = try server.call("XREVRANGE", keys.audit, "+", "-", "COUNT", 60)
    _ = try server.call("XREVRANGE", keys.control, "+", "-", "COUNT", 60)
    guard let replies = try server.call("EXEC").elements, replies.count == 4 else { return }
    let record = AgentRecordCoding.decode(fields: replies[0].pairs)
    let jobs = replies[1].elements?.compactMap(\.text) ?? []
    let audit = Self.messages(replies[2]).compactMap { AuditCoding.decode($0) }
    let control = Self.messages(replies[3]).compactMap { ControlCoding.decode($0) }
    var parts = [
      record.version == 1, jobs.contains { $0.contains("\"\(agent)\"") },
      audit.contains { $0.phase == .succeeded && $0.target == agent },
    ]
    if agent.description.hasPrefix("limited") { parts.append(control.contains { $0.agent == agent }) }
    guard Set(parts).count == 1 else {
      throw Fault(
        description: "without \(right) half a step of \(agent) stands: record, schedule, audit, control: \(parts)")
    }
  }

  private static func messages(_ entries: Reply) -> [[UInt8]] {
    entries.elements?.compactMap { entry in
      entry.elements?.last?.pairs.first { $0.name == Keys.dataField }?.value
    } ?? []
  }
}
