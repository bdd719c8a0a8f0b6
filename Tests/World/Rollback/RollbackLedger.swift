import FleetModel
import Redis
import Wire

/// What became of versions so far, as Redis tells it. Each step is checked as it is written:
///
/// ```text
///   agentos:events ── what agents tell ──▶ VersionMinutes ──┐
///   agentos:events ── what is found, and who is to go back ─┼─▶ once each, with those numbers, of those that run it
///   agentos:insight:record ── what is remembered ───────────┘
///   agentos:audit ── proposals, decisions, rollbacks ───────▶ once each, as the settings, the switch and people allow
/// ```
struct RollbackLedger {
  /// An event that names agents which are to go back.
  struct Step {
    var worse: String
    var better: String
    var agents: [AgentID]
    var mode: Autonomy
    var at: Instant
    /// What agents ran when the handler decided by it; nil before it has.
    var decided: Sight?
  }

  /// What each agent has told at a moment.
  struct Sight {
    var at: Instant
    var told: [AgentID: Told]
  }

  struct Told: Equatable {
    var version: String
    /// Since when.
    var at: Instant
  }

  let role: VersionedRole
  /// Whether the settings allow a mode, or did a moment ago.
  let allows: (Autonomy) -> Bool
  /// How many agents go back at once by themselves.
  let most: Int
  /// How many minutes of one agent a finding may lack.
  let missing: Int

  /// By the entry of its event.
  private(set) var steps: [String: Step] = [:]
  private(set) var minutes = VersionMinutes()
  private(set) var told: [AgentID: Told] = [:]
  /// What is remembered of versions that were named.
  private(set) var named: [WorseVersion] = []
  /// Findings, proposals, and rollbacks that were decided.
  private(set) var found = 0
  private(set) var proposed = 0
  private(set) var decided = 0
  private(set) var rolledBack = 0
  /// Counts what was found, named, proposed, answered, decided and begun.
  private(set) var changes = 0
  /// Of two versions that do not differ.
  private(set) var falseAlarms = 0
  /// By run, how its proposal stands.
  private(set) var proposals: [String: Proposal.State] = [:]
  /// By version and agent, when it was declined that they part.
  /// Whether automation is on, as the audit tells.
  private(set) var isOn = true
  private var declined: [String: Instant] = [:]
  private var begun: Set<String> = []
  private var ids: Set<String> = []
  private var foundOf: [String: Int] = [:]
  private var lastLine = StreamID.zero
  private var lastEvent = StreamID.zero
  private var stored: Bytes?

  /// What was told a moment ago may not have been read.
  static let unread = TimeSpan.seconds(15)

  init(_ role: VersionedRole, most: Int, missing: Int, allows: @escaping (Autonomy) -> Bool) {
    (self.role, self.most, self.missing, self.allows) = (role, most, missing, allows)
  }

  /// Takes what was written since.
  mutating func read(_ world: SimulatedWorld) throws(Violation) {
    try readRecord(world)
    for (id, payload) in world.entries(world.keys.events, after: lastEvent) {
      lastEvent = id
      guard let json = try? JSONValue.parse(payload) else { throw Violation("an event cannot be read") }
      try take(json, id, world)
    }
    for (id, payload) in world.entries(world.keys.audit, after: lastLine) {
      lastLine = id
      guard let line = AuditCoding.decode(payload) else { throw Violation("an audit line cannot be read") }
      try take(line, world)
    }
  }

  // MARK: Events

  private mutating func take(_ json: JSONValue, _ id: StreamID, _ world: SimulatedWorld) throws(Violation) {
    guard let agent = json["entity_id"]?.bytes.map({ AgentID(bytes: $0) }), let data = json["data"] else { return }
    let at = Instant(milliseconds: Int64(id.milliseconds))
    guard json["source"]?.text == "vigia" else { return hear(data, of: agent, at: at) }
    let isStep = json["event_type"]?.text == "agent.version_worse"
    guard isStep || data["kind"]?.text == "version" else { return }
    guard let name = json["event_id"]?.text, ids.insert(name).inserted else {
      throw Violation("\(json["event_id"]?.text ?? "no id") was published twice")
    }
    world.tell("found: \(name) \(data["detail"]?.text ?? "")")
    try checkWords(data["detail"]?.text ?? "")
    if isStep { try takeStep(data, "\(id)", world) } else { try takeFinding(data, agent, world) }
  }

  private mutating func hear(_ data: JSONValue, of agent: AgentID, at instant: Instant) {
    guard let version = data["version"]?.text else { return }
    if told[agent]?.version != version { told[agent] = Told(version: version, at: instant) }
    guard let rate = data["error_rate"]?.double, let messages = data["messages_per_minute"]?.double else { return }
    minutes.add(agent, version, rate: rate, messages: messages, at: instant)
  }

  /// The numbers are those of the events, and the worse version is the worse one.
  private mutating func checkWords(_ words: String) throws(Violation) {
    guard let claim = VersionMinutes.claim(words) else { throw Violation("a finding says: \(words)") }
    if let fault = minutes.fault(of: claim, missing: missing) { throw Violation("\(words): \(fault)") }
    guard claim.worse != role.bad else { return }
    guard claim.better != role.bad else { throw Violation("the worse one is \(claim.better): \(words)") }
  }

  /// One of a handler's versions by a metric, and of an agent once.
  private mutating func takeFinding(
    _ data: JSONValue, _ agent: AgentID, _ world: SimulatedWorld
  ) throws(Violation) {
    (found, changes) = (found + 1, changes + 1)
    guard let claim = VersionMinutes.claim(data["detail"]?.text ?? "") else { return }
    if claim.worse != role.bad { falseAlarms += 1 }
    foundOf[claim.worse, default: 0] += 1
    guard foundOf[claim.worse, default: 0] <= Self.leaders(world) else {
      throw Violation("\(claim.worse) was found \(foundOf[claim.worse] ?? 0) times by \(Self.leaders(world)) leaders")
    }
    guard ids.insert("\(agent) \(claim.worse)").inserted else {
      throw Violation("\(claim.worse) was told of \(agent) twice")
    }
  }

  /// How many handlers have led so far.
  private static func leaders(_ world: SimulatedWorld) -> Int {
    guard case .string(let bytes) = world.server.model[world.keys.fence] else { return 0 }
    return Int(bytes.text) ?? 0
  }

  // MARK: Who is to go back

  private mutating func takeStep(_ data: JSONValue, _ entry: String, _ world: SimulatedWorld) throws(Violation) {
    guard let worse = data["worse"]?.text, let better = data["better"]?.text,
      let mode = data["mode"]?.text.flatMap({ Autonomy(rawValue: $0) })
    else { throw Violation("an event names no versions") }
    let agents = (data["agents"]?.list ?? []).compactMap { $0.bytes.map { AgentID(bytes: $0) } }
    world.tell("step \(entry): \(mode.rawValue) \(agents.map { "\($0)" }) from \(worse) to \(better)")
    guard allows(mode), mode != .off else { throw Violation("\(mode.rawValue) is not what the settings say") }
    guard !agents.isEmpty, mode != .auto || agents.count <= most else {
      throw Violation("\(agents.count) agents go back at once, \(most) may")
    }
    for agent in agents where told[agent]?.version != worse && !isUnread(told[agent], world) {
      throw Violation("\(agent) is to leave \(worse), and tells of \(told[agent]?.version ?? "none")")
    }
    for step in steps.values where step.worse == worse {
      if let agent = agents.first(where: { step.agents.contains($0) && !hasReturned($0, since: step.at) }) {
        throw Violation("\(agent) is named twice")
      }
      for agent in step.agents where told[agent]?.version == worse && !isUnread(told[agent], world) {
        throw Violation("\(agents) are named, and \(agent) has not left \(worse)")
      }
    }
    guard let version = named.first(where: { $0.worse == worse }), version.step?.agents == agents,
      version.words == data["detail"]?.text, version.better == better
    else { throw Violation("\(agents) are named, and something else is remembered of \(worse)") }
    steps[entry] = Step(worse: worse, better: better, agents: agents, mode: mode, at: world.serverTime)
    changes += 1
  }

  /// Whether an agent has got its version anew.
  private func hasReturned(_ agent: AgentID, since instant: Instant) -> Bool {
    told[agent].map { $0.at > instant } ?? false
  }

  private func isUnread(_ told: Told?, _ world: SimulatedWorld) -> Bool {
    told.map { (world.serverTime - $0.at).magnitude < Self.unread } ?? false
  }

  private mutating func readRecord(_ world: SimulatedWorld) throws(Violation) {
    guard case .hash(let table) = world.server.model[world.keys.insightRecord],
      let bytes = table[WorseVersionCoding.field], bytes != stored
    else { return }
    stored = bytes
    guard let after = WorseVersionCoding.decode(bytes) else { throw Violation("what was named cannot be read") }
    for old in named {
      guard let new = after.first(where: { $0.worse == old.worse }) else {
        throw Violation("\(old.worse) was named, and is forgotten")
      }
      guard new.namedAt == old.namedAt, new.words == old.words, !old.isClosed || new.isClosed else {
        throw Violation("\(old.worse) is named anew: \(new.words)")
      }
    }
    guard Set(after.map(\.worse)).count == after.count else { throw Violation("a version is named twice") }
    named = after
    world.tell("named: \(after.map { "\($0.worse) \($0.isClosed ? "closed" : "\($0.step?.agents ?? [])")" })")
  }
}

extension RollbackLedger {
  /// By a person.
  mutating func end(_ run: String, _ state: Proposal.State) { (proposals[run], changes) = (state, changes + 1) }

  /// Takes `automation on → off`.
  mutating func note(automation words: String) {
    guard words.contains("→") else { return }
    isOn = words.hasSuffix(" \(AutomationMode.on.rawValue)")
  }

  mutating func note(proposed run: String) { (proposals[run], proposed, changes) = (.open, proposed + 1, changes + 1) }

  mutating func note(declined step: Step, at instant: Instant) {
    for agent in step.agents { declined["\(step.worse) \(agent)"] = instant }
  }

  /// Whether somebody has said that an agent does not leave a version, which it has not got anew since.
  func isDeclined(_ version: String, _ agent: AgentID) -> Bool {
    declined["\(version) \(agent)"].map { !hasReturned(agent, since: $0) } ?? false
  }

  mutating func note(decided entry: String, at instant: Instant) {
    (decided, changes) = (decided + 1, changes + 1)
    steps[entry]?.decided = Sight(at: instant, told: told)
  }

  /// Whether an action begins just now.
  mutating func begin(_ action: String) -> Bool {
    guard begun.insert(action).inserted else { return false }
    (rolledBack, changes) = (rolledBack + 1, changes + 1)
    return true
  }
}
