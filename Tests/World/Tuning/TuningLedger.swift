import FleetModel
import Redis
import Wire

/// What tuning has done to a role so far, as Redis tells it. Each step is checked as it is written:
///
/// ```text
///   agentos:tuning ── what stands ─┐
///   agentos:commands ── orders ────┼─▶ one step: one trial at a time, one step of a parameter, its agents alone
///   agentos:audit ── its trial ────┘
///   agentos:audit ── what was set ──▶ by an order that was given, and over nothing that a person has set
/// ```
struct TuningLedger {
  /// Of the role that is looked at.
  static let role = "support"
  static let author = AgentTuning.byTrial + role

  /// What the role's agents declare.
  let declared: [TunableParameter]
  /// How many agents the role has at first.
  let size: Int
  /// In minutes of the whole role.
  let budget: Double
  /// Agents that have left the role, or declare something else since: they may only go back.
  var left: Set<AgentID> = []

  private(set) var standing: TuningStanding?
  /// Orders, by their commands' ids, and the last of them.
  private(set) var given: [CommandID: Command] = [:]
  private(set) var lastOrder: CommandID?
  /// The trial that the audit has told the begin of, and not the end.
  private(set) var openRun: String?
  private var runs: Set<String> = []
  /// Trials and adoptions.
  private(set) var tried = 0
  private(set) var adopted = 0
  /// How each parameter of an agent was set last.
  private(set) var tunings: [AgentID: [String: AgentTuning]] = [:]
  /// Counts what was written of the role, so that somebody can see whether anything was.
  private(set) var changes = 0

  private var lastLine = StreamID.zero
  private var lastCommand = StreamID.zero
  private var stored: Bytes?

  init(_ declared: [TunableParameter], size: Int, budget: Double) {
    (self.declared, self.size, self.budget) = (declared, size, budget)
  }

  /// Takes what was written since.
  mutating func read(_ world: SimulatedWorld) throws(Violation) {
    var commands: [Command] = []
    for (id, payload) in world.entries(world.keys.commands, after: lastCommand) {
      lastCommand = id
      guard let command = try? CommandCoding.decode(payload), command.operator == Self.author else { continue }
      let agents = command.targets.map { "\($0)" }.joined(separator: " ")
      world.tell("\(Self.author) sends \(command.id.text.prefix(8)): \(command.arguments) to \(agents)")
      commands.append(command)
    }
    try note(commands)
    for (id, payload) in world.entries(world.keys.audit, after: lastLine) {
      lastLine = id
      guard let line = AuditCoding.decode(payload) else { throw Violation("an audit line cannot be read") }
      try take(line)
    }
    let value = Self.value(in: world)
    guard value != stored || !commands.isEmpty else { return }
    stored = value
    let after = value.flatMap { TuningStanding($0) }
    if value != nil, after == nil { throw Violation("\(Self.role) holds no state") }
    world.tell("tuning: \(after?.words ?? "nothing stands")")
    try take(after, commands)
  }

  private static func value(in world: SimulatedWorld) -> Bytes? {
    guard case .hash(let table) = world.server.model[world.keys.tuning] else { return nil }
    return table[role.bytes]
  }

  /// Takes a step: what stands after it, and the orders that came with it, which were noted.
  mutating func take(_ after: TuningStanding?, _ commands: [Command]) throws(Violation) {
    let before = standing
    standing = after
    changes += 1
    try checkCount(before, after, commands)
    if let after {
      try checkValues(before, after)
      try checkTrial(before, after)
      try checkBudget(after)
    }
    try checkOrders(commands, after ?? before)
    try checkRun()
  }

  /// Takes orders. Each has an id of its own, whichever handler gives it.
  mutating func note(_ commands: [Command]) throws(Violation) {
    for command in commands {
      guard given.updateValue(command, forKey: command.id) == nil else {
        throw Violation("the command \(command.id) of tuning was given twice")
      }
      lastOrder = command.id
    }
  }

  // MARK: The audit

  mutating func take(_ line: AuditLine) throws(Violation) {
    if line.action == "tuning", line.operator == Self.author, case .run(let id) = line.origin {
      return try takeTrial(line, id)
    }
    guard let after = line.after, line.target != .none else { return }
    for tuning in after.tunings {
      let before = tunings[line.target]?[tuning.parameter]
      guard before != tuning else { continue }
      tunings[line.target, default: [:]][tuning.parameter] = tuning
      changes += 1
      try check(tuning, before, line)
    }
  }

  /// Each trial is told to begin once, and to end once.
  private mutating func takeTrial(_ line: AuditLine, _ id: String) throws(Violation) {
    switch line.phase {
    case .started:
      if let openRun { throw Violation("\(id) begins while \(openRun) is under way") }
      guard runs.insert(id).inserted else { throw Violation("\(id) begins twice") }
      (openRun, tried) = (id, tried + 1)
    case .succeeded, .skipped, .failed:
      if line.phase == .succeeded { adopted += 1 }
      if id == openRun {
        openRun = nil
      } else if let openRun {
        throw Violation("\(id) ends while \(openRun) is under way")
      } else if line.phase != .failed || !runs.insert(id).inserted {
        // All may go back, and an agent may not come, without a trial.
        throw Violation("\(id) has \(line.phase.rawValue), and is not under way")
      }
    case .received, .rejected, .proposed, .obeyed, .unknown, .expired, .undone:
      throw Violation("a trial is told to be \(line.phase.rawValue)")
    }
  }

  /// What an agent is set to was ordered, or approved by a person, and nobody's hand is on it.
  private func check(_ tuning: AgentTuning, _ before: AgentTuning?, _ line: AuditLine) throws(Violation) {
    guard !tuning.isByHand else { return }
    if let before, before.isOfHand(at: line.at) {
      throw Violation("\(before.by) has set \(tuning.parameter) of \(line.target), and \(tuning.by) sets it")
    }
    guard tuning.by == Self.author else { return }
    guard case .command(let id) = line.origin, let command = given[id], command.targets.contains(line.target),
      command.arguments["parameter"] == tuning.parameter, command.arguments["value"] == tuning.value
    else {
      throw Violation("\(line.target) is set to \(tuning.value ?? "nothing"), which was not ordered")
    }
  }

  /// The audit and what stands tell of the same trial.
  private func checkRun() throws(Violation) {
    let isUnderWay = standing.map { $0.phase == .trying || $0.phase == .asksAdoption } ?? false
    guard isUnderWay == (openRun != nil) else {
      let phase = standing?.phase.rawValue ?? "nothing"
      throw Violation("\(phase) stands, and the audit tells of \(openRun ?? "no trial")")
    }
    guard standing?.run == openRun else {
      throw Violation("\(standing?.run ?? "no trial") stands, and the audit tells of \(openRun ?? "none")")
    }
  }
}
