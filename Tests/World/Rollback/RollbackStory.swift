import Execution
import FleetModel
import Handler
import Wire

/// A role whose agents run two versions, of which the newer one is worse, as good, or better, in a world where handlers are
/// killed, clocks are stepped, connections break, Redis refuses, and what deploys versions is slow, refuses or hangs.
///
/// ```text
///   reports, with trouble ──▶ rest, without trouble, until the worse version is found and all agrees ──▶ judgement
/// ```
/// Whatever happens, a worse version is found, by the numbers that agents have told; nobody goes back but as the settings,
/// the switch of automation and people say, from the version that is worse, and once. ``RollbackLedger`` checks each step as
/// it is written.
package struct RollbackStory {
  package struct Report {
    /// What the newer version is in truth.
    package var truth: String
    package var found: Int
    package var proposed: Int
    package var decided: Int
    /// Findings about two versions that do not differ: the test errs that often.
    package var falseAlarms: Int
    /// Agents that were brought to another version by a rule.
    package var rolledBack: Int
    package var inputs: Int

    package var words: String {
      "the newer one is \(truth), \(found) found (\(falseAlarms) in error), \(proposed) proposed, \(decided) decided, "
        + "\(rolledBack) went back, \(inputs) inputs"
    }
  }

  package let world: SimulatedWorld
  private let role: VersionedRole
  private let operators: RollbackOperators
  private let trouble: Trouble
  private let isCalm: Bool
  private let automation: AutomationMode
  private var ledger = Ledger()
  private var rollbacks: RollbackLedger
  private let deployments = Deployments()
  private var writes = 0
  /// Since when nobody runs the worse version, in nanoseconds.
  private var goneAt: Int64?

  /// More inputs than any seed needs.
  private static let mostInputs = 600_000
  /// Milliseconds of trouble, and of rest: it takes some minutes until a version is found.
  private static let troubled = 600_000...1_200_000
  private static let leastRest: Int64 = 720_000
  private static let longestRest: Int64 = 1_500_000
  /// By then a version that nobody runs is closed.
  private static let closes: Int64 = 240 * 1_000_000_000
  /// One fault for so many inputs, on average. A second has about 30.
  private static let troubles: [Int?] = [nil, nil, 10_000, 4000, 1000]

  /// - Parameter isCalm: whether nothing fails, and people approve all.
  package init(seed: UInt64, isCalm: Bool = false) throws {
    self.isCalm = isCalm
    world = SimulatedWorld(seed: seed)
    trouble = Trouble(world, isCalm: isCalm, every: Self.troubles)
    automation = isCalm || world.chance(70) ? .on : .off
    role = VersionedRole(world, truth: world.pick(VersionedRole.Truth.allCases), isCalm: isCalm)
    operators = try RollbackOperators(world, role, isCalm: isCalm)
    rollbacks = RollbackLedger(
      role, most: operators.mostByThemselves, missing: isCalm ? 0 : 4 * role.agents.count
    ) { [operators] in operators.allows($0) }
    world.runtimes = SimulatedRuntimes(world, agents: [])
    world.service = OutsideService(world)
    world.service.isReliable = isCalm
    world.service.carriesOut = { [deployments, role] in deployments.take($0, $1, role) }
    world.configure = { [operators] options in
      do { try operators.configure(&options) } catch { preconditionFailure("cannot make options: \(error)") }
    }
    for number in 1...(isCalm ? 1 : world.number(1...2)) { try world.addHandler("h\(number)") }
  }

  package mutating func run() throws -> Report {
    world.tell("\(role.agents.count) agents, the newer version is \(role.truth), mode \(operators.mode)")
    world.server.run(["SET".bytes, world.keys.automation, "on".bytes])
    for place in world.nodes.indices { world.restart(place) }
    role.begin()
    let span = world.number(Self.troubled.lowerBound...Self.troubled.upperBound)
    operators.plan(until: span - 60_000)
    let end = Int64(span) * 1_000_000
    while world.now < end { try pass(until: end, fails: true) }
    try rest()
    try judge()
    return Report(
      truth: "\(role.truth)", found: rollbacks.found, proposed: rollbacks.proposed, decided: rollbacks.decided,
      falseAlarms: rollbacks.falseAlarms,
      rolledBack: rollbacks.rolledBack, inputs: world.inputs)
  }

  /// Lets a second pass, and looks at all that happens in it.
  private mutating func pass(until end: Int64, fails: Bool) throws {
    let next = min(end, world.now + 1_000_000_000)
    while world.step(until: next) {
      if fails { try world.perhapsFail(trouble) }
      let before = rollbacks.changes
      try check()
      if fails, !isCalm, before != rollbacks.changes { disturb() }
    }
    world.move(to: next)
    operators.answer()
    if rollbacks.named.contains(where: { !$0.isClosed && isGone($0.worse) }) {
      goneAt = goneAt ?? world.now
    } else {
      goneAt = nil
    }
  }

  private mutating func check() throws {
    guard world.inputs < Self.mostInputs else { throw Violation("it does not come to rest") }
    if let script = world.server.model.unknownScripts.first { throw Violation("no twin of the script \(script)") }
    guard writes != world.writes else { return }
    writes = world.writes
    _ = try ledger.read(world) { [role, operators] in
      if operators.repeatRule == nil { role.take($0) }
    }
    try rollbacks.read(world)
    for key in world.service.unrepeatable where world.service.carried[key, default: 0] > 1 {
      throw Violation("\(key) was deployed twice")
    }
  }

  /// Something often goes wrong just when something has been found, proposed, answered or begun.
  private func disturb() {
    let span = world.chance(70) ? world.number(0...400) : world.number(400...20_000)
    switch world.number(0...99) {
    case ..<20:
      let place = world.number(0...world.nodes.count - 1)
      world.schedule(inMilliseconds: span) { [world] in
        world.kill(place, losesRequests: world.chance(50))
        world.schedule(inMilliseconds: world.number(100...6000)) { world.restart(place) }
      }
    case ..<50:
      let agents = rollbacks.steps.values.flatMap(\.agents).sorted { $0.bytes.precedes($1.bytes) }
      world.schedule(inMilliseconds: span) { [operators] in operators.interfere(agents) }
    default: break
    }
  }

  private func isGone(_ version: String) -> Bool {
    role.runs(version).isEmpty && !rollbacks.told.values.contains { $0.version == version }
  }

  // MARK: Its end

  private mutating func rest() throws {
    world.tell("rest, automation \(automation)")
    operators.close(automation: automation)
    world.service.isReliable = true
    let begin = world.now
    let end = begin + Self.longestRest * 1_000_000
    while world.now < end {
      try pass(until: end, fails: false)
      if world.now - begin > Self.leastRest * 1_000_000, unsettled == nil { return }
    }
    if let unsettled { throw Violation(unsettled) }
  }

  /// What has not come to its end yet, in words; nil if all has.
  private var unsettled: String? {
    if let lost { return lost }
    if !world.scheduled.isEmpty { return "still scheduled: \(world.scheduled)" }
    if !world.unacknowledged.isEmpty { return "not acknowledged: \(world.unacknowledged)" }
    if !operators.proposals.isEmpty { return "still proposed: \(operators.proposals.map(\.id))" }
    if let open = rollbacks.proposals.first(where: { $0.value == .open }) { return "no end of \(open.key) is told" }
    if role.isComparable, let bad = role.bad, rollbacks.found == 0 { return "\(bad) is worse, and was not found" }
    if automation == .on, operators.mode != .off, let goneAt, world.now - goneAt > Self.closes {
      return "nobody runs it any more, and it is not closed: \(rollbacks.named.filter { !$0.isClosed }.map(\.worse))"
    }
    if isCalm, operators.mode != .off, let bad = role.bad, !role.isLeft(bad) {
      return "\(role.runs(bad)) run \(bad) yet"
    }
    return nil
  }

  /// A command that has no end, or a run that was decided.
  private var lost: String? {
    ledger.lost(of: world.putAside.isEmpty ? operators.sent : [])
  }

  private func judge() throws(Violation) {
    try world.judgeRemains()
    guard operators.repeatRule != nil else { return }
    try judgeRuns()
    try judgeCommands()
  }

  /// What is said to be done was done, what is said to have failed was not.
  private func judgeRuns() throws(Violation) {
    for (id, run) in ledger.runs.sorted(by: { $0.key < $1.key }) {
      for agent in role.agents {
        let isDone = deployments.done.contains { $0.agent == agent && $0.key.hasPrefix("\(id)/do/") }
        try judge(run.outcomes["\(Action.rollback.rawValue) \(agent)"], isDone, "\(id) [\(agent)]")
      }
    }
  }

  private func judgeCommands() throws(Violation) {
    for command in operators.sent where command.action == .rollback {
      for agent in command.targets {
        guard let target = ledger.commands[command.id.text]?.targets[agent], target.started > 0 else { continue }
        let isDone = world.service.carried[IdempotencyKey.make(command.id, agent)] != nil
        if target.outcome?.detail.contains("it was done") == true { continue }
        try judge(target.outcome?.phase, isDone, "\(command.id) [\(agent)]")
      }
    }
  }

  private func judge(_ phase: AuditLine.Phase?, _ isDone: Bool, _ words: String) throws(Violation) {
    switch phase {
    case .succeeded? where !isDone: throw Violation("\(words) succeeded, and nothing was deployed")
    case .failed? where isDone: throw Violation("\(words) failed, and it was deployed")
    case nil where isDone: throw Violation("\(words) was deployed, and nothing is told of it")
    default: break
    }
  }
}

extension RollbackStory {
  /// What the service has deployed. A class, since the service holds it.
  private final class Deployments {
    private(set) var done: [(key: String, agent: AgentID)] = []

    func take(_ url: String, _ key: String, _ role: VersionedRole) {
      let parts = url.split(separator: "/").suffix(2).map(String.init)
      guard parts.count == 2 else { return }
      done.append((key, AgentID(parts[0])))
      role.carry(parts[1], to: AgentID(parts[0]))
    }
  }
}
