import Automation
import Configuration
import FleetModel
import Handler
import Redis
import Wire

/// People around a role with two versions: they approve, decline, or let a proposal lapse, switch automation, change the
/// mode in the settings, roll agents back by hand, and deploy a third version.
final class RollbackOperators {
  private unowned let world: SimulatedWorld
  private let role: VersionedRole
  private(set) var mode: Autonomy
  /// Modes that the settings had, and until when, in nanoseconds: one that was read is gone by for a moment.
  private var modesUntil: [Autonomy: Int64] = [:]
  /// Whether a service deploys versions, and what it takes to repeat a request there.
  let repeatRule: RepeatRule?
  private let share: Double
  private var rules: Runbook
  private let post: CommandPost
  private var asked: Set<String> = []
  private var isOver = false
  /// Answers of the seed, and whether all is approved.
  private let isCalm: Bool

  private static let runbook = """
    [guards]
    commands_per_minute = 1000

    [[rules]]
    id = "rollback"
    on = "agent.version_worse"
    when = "data.mode == 'propose'"
    say = "{data.detail}"
    mode = "approve"
    approve = { ttl = "90s", on_expire = "drop" }
    do = [{ action = "rollback", each = "data.agents", target = "{item}", version = "{data.better}" }]

    [[rules]]
    id = "rollback-auto"
    on = "agent.version_worse"
    when = "data.mode == 'auto'"
    say = "{data.detail}"
    limits = { per_agent = { count = 2, within = "24h" } }
    mode = "auto"
    do = [
      { action = "rollback", each = "data.agents", target = "{item}", version = "{data.better}" },
      { action = "notify", to = "ops", text = "agents of {data.role} go back to version {data.better}." },
    ]
    verify = { after = "50s", when = "run.obeyed and not run.failed", else = [{ action = "resume" }] }
    """

  /// Commands that the server has taken.
  var sent: [Command] { post.sent }

  init(_ world: SimulatedWorld, _ role: VersionedRole, isCalm: Bool) throws {
    (self.world, self.role, self.isCalm) = (world, role, isCalm)
    post = CommandPost(world, "ana")
    mode = world.pick(isCalm ? [.propose, .auto] : [.propose, .propose, .propose, .auto, .auto, .auto, .off])
    let look = HTTPActuator(
      method: "GET", url: try Template("http://service/look/{agent}"), timeout: .seconds(2), attempts: 2)
    repeatRule = world.pick([nil, .safe, .never, .lookUp(look)])
    share = world.pick([0.1, 0.25, 0.5])
    rules = try RunbookFile.read(Array(Self.runbook.utf8), file: "rollback.toml")
    // Few agents say little of a fleet. Where they do, it is ill, and nobody goes back by themselves.
    rules.guards.fleetFrom = isCalm || world.chance(80) ? 50 : 5
    rules.guards.pausedShare = share
  }

  // MARK: Settings

  func configure(_ options: inout HandlerOptions) throws {
    (options.insight.comparesVersions, options.insight.rollback) = (true, mode)
    options.runbook = rules
    options.notify = NotifyTable(channels: ["ops": Channel(.webhook, url: "http://people/hook")], defaultRoute: ["ops"])
    guard let repeatRule else { return }
    let path = repeatRule == .safe ? "safe" : "deploy"
    options.actuators = ActuatorTable(actions: [
      .rollback: .http(
        HTTPActuator(
          url: try Template("http://service/\(path)/{agent}/{args.version}"), timeout: .seconds(2), attempts: 2,
          repeat: repeatRule))
    ])
  }

  /// How many agents of the role go back at once by themselves.
  var mostByThemselves: Int { max(1, Int(Double(role.agents.count) * share)) }

  /// Whether the settings allow a mode, or did a moment ago: what was read then is done yet.
  func allows(_ mode: Autonomy) -> Bool {
    self.mode == mode || modesUntil[mode].map { world.now - $0 < 30 * 1_000_000_000 } ?? false
  }

  private func set(_ mode: Autonomy) {
    world.tell("the settings say \(mode.rawValue)")
    modesUntil[self.mode] = world.now
    self.mode = mode
    for node in world.nodes {
      world.run(on: node) { [self] in
        var options = HandlerOptions(id: node.id)
        do { try configure(&options) } catch { preconditionFailure("cannot make options: \(error)") }
        node.service?.apply(options)
      }
    }
  }

  // MARK: What they do

  /// Plans what happens until a moment, in milliseconds from now.
  func plan(until end: Int) {
    guard !isCalm else { return }
    func some(_ most: Int, _ percent: Int, _ work: @escaping () -> Void) {
      for _ in 0..<most where world.chance(percent) {
        world.schedule(inMilliseconds: world.number(120_000...end), work)
      }
    }
    some(2, 30) { [self] in switchAutomationForAWhile() }
    some(2, 30) { [self] in setModeForAWhile() }
    some(3, 30) { [self] in rollBackByHand() }
    some(3, 40) { [self] in deploy() }
    some(3, 40) { [self] in silenceService() }
    some(2, 30) { [self] in refuse() }
  }

  /// From now on they answer, and do nothing else.
  ///
  /// - Parameter automation: what it is switched to.
  func close(automation: AutomationMode) {
    isOver = true
    world.service.isSilent = false
    world.server.model.denials = []
    post.send(.automation, [], ["mode": automation.rawValue])
  }

  private func switchAutomationForAWhile() {
    post.send(.automation, [], ["mode": world.pick(["off", "off", "dry"])])
    world.schedule(inMilliseconds: world.number(10_000...240_000)) { [self] in
      if !isOver { post.send(.automation, [], ["mode": "on"]) }
    }
  }

  private func setModeForAWhile() {
    let before = mode
    set(world.pick(Autonomy.allCases.filter { $0 != before }))
    world.schedule(inMilliseconds: world.number(30_000...300_000)) { [self] in
      if !isOver { set(before) }
    }
  }

  /// They may be wrong about which version is the better one.
  private func rollBackByHand() {
    let agent = world.pick(role.agents)
    let version = world.chance(80) ? VersionedRole.older : VersionedRole.newest
    post.send(.rollback, [agent], ["version": version])
  }

  /// Does something about agents that were named, and knows nothing of it.
  func interfere(_ agents: [AgentID]) {
    guard !isOver else { return }
    switch world.number(0...9) {
    case ..<3: switchAutomationForAWhile()
    case 3: setModeForAWhile()
    case 4: silenceService()
    case 5 where !agents.isEmpty: post.send(.rollback, [world.pick(agents)], ["version": VersionedRole.older])
    default:
      if !agents.isEmpty { role.deploy(VersionedRole.newest, to: world.pick(agents)) }
    }
  }

  /// An agent gets another version past all that is recorded here.
  private func deploy() {
    let version = world.pick([VersionedRole.newest, VersionedRole.newest, VersionedRole.newer, VersionedRole.older])
    role.deploy(version, to: world.pick(role.agents))
  }

  private func silenceService() {
    world.tell("the service hangs")
    world.service.isSilent = true
    world.schedule(inMilliseconds: world.number(5000...90_000)) { [world] in world.service.isSilent = false }
  }

  /// Somebody takes rights away that this needs, and gives them back.
  private func refuse() {
    let denial = world.pick([
      Denial("HSET", prefix: "agentos:insight"), Denial("HGET"), Denial("HSET", prefix: "agentos:proposals"),
      Denial("HDEL"), Denial("XADD", prefix: "agentos:control"), Denial("SET", prefix: "agentos:rollup"),
    ])
    world.tell("the server denies \(denial)")
    world.server.model.denials.append(denial)
    world.schedule(inMilliseconds: world.number(500...60_000)) { [world] in
      world.tell("the server allows \(denial) again")
      world.server.model.denials.removeAll { $0 == denial }
    }
  }

  // MARK: Answers

  var proposals: [Proposal] {
    guard case .hash(let table) = world.server.model[world.keys.proposals] else { return [] }
    return table.fields.compactMap { try? ProposalCoding.decode(table[$0] ?? [], field: $0) }
  }

  /// Answers what is asked, after a while; sometimes with no, sometimes too late, sometimes not at all.
  func answer() {
    for proposal in proposals where proposal.state == .open && asked.insert(proposal.id.text).inserted {
      let roll = isCalm ? 0 : world.number(0...99)
      guard roll < 80 else { continue }
      let span = world.chance(20) ? world.number(60_000...110_000) : world.number(300...40_000)
      world.schedule(inMilliseconds: isCalm ? 3000 : span) { [self] in
        post.send(roll < 55 ? .approve : .reject, [], ["proposal": proposal.id.text, "sha256": proposal.digest])
      }
    }
  }
}
