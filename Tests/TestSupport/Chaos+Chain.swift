import FleetModel
import Glibc
import Loop
import Redis
import Wire

/// A rule's chain of actions, carried out by a service, looked at and taken back, whose handlers are killed on the way.
extension Chaos {
  /// Where the handler dies.
  package enum Cut: Sendable, CustomStringConvertible {
    /// A step of the run is about to reach the server, or has, and its answer is lost; steps count from 0.
    case before(Int), after(Int)
    /// The service has been asked for an effect; effects count from 0.
    case effect(Int)
    /// Again and again, after as many messages about the run as the seed says.
    case random(seed: UInt64)

    package var description: String {
      switch self {
      case .before(let step): "before step \(step)"
      case .after(let step): "after step \(step)"
      case .effect(let number): "at effect \(number)"
      case .random(let seed): "at random, seed \(seed)"
      }
    }
  }

  /// What a cut counts on its way.
  struct ChainState {
    var cut: Cut
    var steps = 0
    var effects = 0
    var random: SeededRandom
    /// Messages until the next kill, and how many kills are left.
    var messages = 0
    var kills: Int
    var isWritten = false
    var isArmed = true

    init(_ cut: Cut) {
      self.cut = cut
      if case .random(let seed) = cut {
        (random, kills) = (SeededRandom(seed: seed), 8)
      } else {
        (random, kills) = (SeededRandom(seed: 0), 1)
      }
      messages = Self.span(&random)
    }

    private static func span(_ random: inout SeededRandom) -> Int { Int(random.next() % 12) }

    mutating func rearm() {
      messages = Self.span(&random)
      isWritten = false
      isArmed = kills > 0
    }
  }

  /// How many steps a chain takes where nobody dies: the decision; an intent and an outcome for each of three effects; a
  /// report; the look at all that; and again three effects that take them back.
  package static let chainSteps = 15
  package static let chainEffects = 6

  package static let chainRunbook = """
    [guards]
    blocks_per_hour = 100000
    commands_per_minute = 100000

    [[rules]]
    id = "chain"
    on = "agent.security_alert"
    do = [
      { action = "pause", for = "15m" },
      { action = "block_ip", each = "data.suspicious_ips", ip = "{item}", for = "1h" },
      { action = "report", name = "chain", text = "{agent.id}" },
    ]
    verify = { after = "1s", when = "agent.state == 'paused'" }
    undo = [
      { action = "unblock_ip", each = "data.suspicious_ips", ip = "{item}" },
      { action = "resume" },
    ]
    """

  /// Has one chain run to its end, whoever dies, and checks that everything in it was done once.
  ///
  /// - Returns: how many handlers died.
  @discardableResult
  package func run(chain cut: Cut) throws -> Int {
    let agent = next()
    _ = try server.call("SET", keys.automation, "on")
    chain = ChainState(cut)
    let run = try begin(chainOf: agent)
    var deaths = 0
    while true {
      try wait("the end of a chain, killed \(cut)") { isDead || (try? isAllOver(run)) == true }
      guard isDead else { break }
      deaths += 1
      isDead = false
      _ = handler?.wait()
      _ = try server.call("DEL", keys.lease)
      try startHandler()
      chain?.rearm()
    }
    chain = nil
    try checkChain(run, agent, "killed \(cut)")
    let blocked = try server.call("ZCARD", keys.blocked)
    guard blocked == .integer(0) else { throw Fault(description: "\(run), killed \(cut): an address is still blocked") }
    return deaths
  }

  /// Has an event come on which a chain begins.
  ///
  /// - Returns: the run.
  func begin(chainOf agent: AgentID) throws -> String {
    let data: JSONValue = ["suspicious_ips": ["192.0.2.1", "192.0.2.2"]]
    let event: JSONValue = [
      "entity_id": .string(agent.bytes), "event_type": "agent.security_alert", "data": data,
    ]
    let entry = try server.call("XADD", keys.events, "*", Keys.dataField, event.encoded).text ?? ""
    return "rule/chain/\(entry)/\(agent)"
  }

  private func lines(ofRun run: String) throws -> [AuditLine] {
    try server.call("XREVRANGE", keys.audit, "+", "-", "COUNT", 300).elements?.compactMap { entry in
      let data = entry.elements?.last?.pairs.first { $0.name == Keys.dataField }?.value
      return data.flatMap { AuditCoding.decode($0) }
    }.filter { $0.origin == .run(run) } ?? []
  }

  /// Nothing is left in the schedule, and it was taken back.
  private func isAllOver(_ run: String) throws -> Bool {
    let jobs = try server.call("ZCARD", keys.schedule)
    return try isOver(chain: run) && jobs == .integer(0)
  }

  /// It was taken back, and nothing more is to be done.
  func isOver(chain run: String) throws -> Bool {
    let isTakenBack = try lines(ofRun: run).contains { $0.action == "resume" && $0.phase == .succeeded }
    guard isTakenBack else { return false }
    let jobs = try server.call("ZRANGE", keys.schedule, 0, -1).elements?.compactMap(\.text) ?? []
    return !jobs.contains { $0.contains(run) }
  }

  func checkChain(_ run: String, _ agent: AgentID, _ trouble: String) throws {
    let lines = try lines(ofRun: run)
    func ensure(_ holds: Bool, _ what: @autoclosure () -> String) throws {
      let told = lines.reversed().map { "\($0.phase) \($0.action) \($0.target): \($0.detail)" }.joined(separator: "\n")
      if !holds { throw Fault(description: "\(run), \(trouble): \(what())\n\(told)") }
    }
    func count(_ action: String, _ phase: AuditLine.Phase) -> Int {
      lines.count { $0.action == action && $0.phase == phase }
    }
    for (action, times) in [("pause", 1), ("block_ip", 2), ("unblock_ip", 2), ("resume", 1)] {
      try ensure(count(action, .started) == times, "\(count(action, .started)) intents of \(action)")
      try ensure(count(action, .succeeded) == times, "\(count(action, .succeeded)) outcomes of \(action)")
    }
    try ensure(lines.count { $0.detail.hasPrefix("verified:") } == 1, "not verified once")
    let keysOfRun = requests.keys.filter { $0.hasPrefix(run + "/") }
    try ensure(keysOfRun.count == Self.chainEffects, "the service had the keys \(keysOfRun.sorted())")
    let record = AgentRecordCoding.decode(fields: try server.call("HGETALL", keys.agent(agent)).pairs)
    try ensure(record.state == .running && record.version == 2, "its record is \(record)")
    let reports = try server.call("XRANGE", keys.reports, "-", "+").elements?.count { entry in
      let data = entry.elements?.last?.pairs.first { $0.name == Keys.dataField }?.value
      return data.flatMap { try? JSONValue.parse($0) }?["data"]?["run_id"]?.text == run
    }
    try ensure(reports == 1, "\(reports ?? 0) reports")
  }

  // MARK: What passes

  /// Whether bytes of a chain may pass.
  func inspectChain(_ bytes: [UInt8], fromServer: Bool) -> Bool {
    guard var state = chain, state.isArmed else { return !isDead }
    defer { if chain != nil { chain = state } }
    if fromServer {
      guard state.isWritten else { return true }
      return die(&state)
    }
    let text = String(decoding: bytes, as: UTF8.self)
    guard text.contains("rule/chain/") else { return true }
    switch state.cut {
    case .effect: return true
    case .random:
      state.messages -= 1
      guard state.messages < 0 else { return true }
      // By the seed the message gets through, or it does not.
      guard state.random.next() % 2 == 0 else { return die(&state) }
      state.isWritten = true
      return true
    case .before(let step), .after(let step):
      // Every step of the run carries its name in a line of the audit.
      guard text.contains(#""run_id":"rule/chain/"#) else { return true }
      defer { state.steps += 1 }
      guard state.steps == step else { return true }
      if case .before = state.cut { return die(&state) }
      state.isWritten = true
      return true
    }
  }

  /// Whether the service stays silent, since whoever asked is dead.
  func answersChain(_ key: String) -> Bool {
    guard var state = chain, state.isArmed, key.hasPrefix("rule/chain/") else { return true }
    defer { if chain != nil { chain = state } }
    guard case .effect(let number) = state.cut else { return true }
    defer { state.effects += 1 }
    return state.effects == number ? die(&state) : true
  }

  private func die(_ state: inout ChainState) -> Bool {
    state.kills -= 1
    state.isArmed = false
    isDead = true
    handler?.signal(SIGKILL)
    return false
  }
}
