import FleetModel
import Insight
import Loop
import Redis
import Wire

/// Tunes the parameters that agents declare, role by role: what is tried is set by ordinary commands, which go into the
/// stream of commands in the transaction that moves the role on.
///
/// ```text
///   settings ─▶ roles, one after the other ─▶ enough agents that declare the same ─▶ RoleTuning
///   every span ─▶ what its agents reported (ObjectiveMeter) ─ TuningRun ─▶ state, commands, proposal, audit
/// ```
/// Whoever takes over reads what stands, and goes on: who is to run with what follows from the state, and a command's id
/// from the state's step, so that it is done once whoever sends it again. What was reported meanwhile is missed as evidence
/// and counts against the budget. Where the settings ask for nothing and nothing stands, it reads one hash a term.
///
/// A class, because the loop's timer and the answers share it.
final class TuningDesk: SteppingDesk {
  let session: LeaseSession
  /// As they stand in Redis, and those that are about to.
  private(set) var roles: [ExactText: TunedRole] = [:]
  /// Fields that are no roles.
  private var unreadable: [(name: [UInt8], value: [UInt8])] = []
  /// Whether more stand there than are kept: they wait until others are over.
  private var isCut = false
  /// Who knows the fleet; nil before anybody does.
  var fleet: () -> (any TunedFleet)? = { nil }
  /// Whether somebody else has an agent in hand.
  var isLeftAlone: (AgentID) -> Bool = { _ in false }
  /// Where among the fleet's roles the search for more stands, and when it goes on.
  private var searched = 0
  private var searchesAt = Instant.epoch
  var steps = StepState()
  /// The role as the transaction under way makes it, with the commands that this adds.
  var added: TunedRole?

  /// What a step was decided by, as Redis had it; empty for nothing.
  struct Basis {
    var automation: [UInt8]
    /// The role's proposal.
    var question: [UInt8]
  }

  /// More roles are not tuned at once.
  static let most = 512
  private static let retries: Int64 = 200
  /// A turn of the search passes over so many roles, and looks at so many agents or at one role.
  private static let searchedAtOnce = (roles: 64, agents: 1000)

  static let written = "how parameters are tuned"

  init(session: LeaseSession) { self.session = session }

  var options: TuningOptions { session.options.tuning }
  var rules: TuningSettings { TuningSettings(options) }

  func start() { step() }

  func optionsChanged() {
    for role in roles.keys { roles[role]?.setDue(after: session.now, every: options.every) }
    measure(anew: true)
    step()
  }

  /// Has events added up while there is anything to tune.
  private func measure(anew: Bool = false) {
    guard let fleet = fleet() else { return }
    guard anew || (fleet.meter != nil) != options.isOn else { return }
    fleet.meter = options.isOn ? ObjectiveMeter(options.objective, fleet.metrics) : nil
  }

  func step() {
    guard beginStep() else { return }
    if steps.isStale { return load() }
    // Nobody could say how what is no role goes on. What its agents run with is where it begins anew.
    if !unreadable.isEmpty { return takeOut(unreadable, of: session.keys.tuning) { self.unreadable.removeFirst($0) } }
    guard options.isOn || !roles.isEmpty else { return measure() }
    // Before events are read to their end nobody knows who is there, and how it runs.
    guard session.knowsFleet, session.hasReadEvents, let fleet = fleet() else { return wait(Self.retries) }
    measure()
    let now = session.now
    // The clock was set back.
    for role in roles.values where role.due - now > options.every * 2 {
      roles[role.role]?.setDue(after: now, every: options.every)
    }
    if let role = roles.values.filter({ $0.due <= now }).min(by: { $0.due < $1.due }) { return look(role, fleet) }
    if options.isOn, searchesAt <= now || searchesAt - now > options.every { search(fleet, at: now) }
    let next = roles.values.lazy.map(\.due).min()
    let until = [next, options.isOn ? searchesAt : nil].compactMap(\.self).min() ?? now + options.every
    wait(min(max(20, (until - now).milliseconds), options.every.milliseconds))
  }

  /// The names of the parameters that it may set. While load is shared anew, an agent's part is not its own to try.
  private var allowed: Set<String> {
    guard options.isOn else { return [] }
    let others: Set<String> = session.options.load.mode == .off ? [] : [LoadSettings.parameter]
    return Set(options.parameters).subtracting(others)
  }

  // MARK: Reading

  private func load() {
    readHash(session.keys.tuning) { [self] in
      take($0)
      step()
    }
  }

  private func take(_ pairs: [(name: [UInt8], value: [UInt8])]) {
    (roles, unreadable) = ([:], [])
    isCut = pairs.count > Self.most
    for (field, value) in pairs {
      guard var role = TunedRole(field, value) else {
        session.passOver("how a role is tuned", session.keys.tuning, value)
        unreadable.append((field, value))
        continue
      }
      guard roles.count < Self.most else { continue }
      role.setDue(after: session.now, every: options.every)
      roles[role.role] = role
    }
  }

  // MARK: Roles that are not tuned yet

  /// Looks for more roles with enough agents that declare the same.
  private func search(_ fleet: any TunedFleet, at now: Instant) {
    let all = fleet.tuningRoles
    searchesAt = now + options.every
    guard roles.count < Self.most, !all.isEmpty else { return }
    // A small fleet is looked through within a span.
    searchesAt = now + TimeSpan(milliseconds: options.every.milliseconds / 8)
    var agents = 0
    for _ in 0..<min(Self.searchedAtOnce.roles, all.count) where agents < Self.searchedAtOnce.agents {
      searched = (searched + 1) % all.count
      let (role, count) = (all[searched], fleet.tunableCount(of: all[searched]))
      guard roles[role] == nil, !role.text.isEmpty, count >= Self.fewest else { continue }
      agents += count
      begin(role, fleet, at: now)
    }
  }

  /// Fewer agents cannot be compared.
  static let fewest = 4

  private func begin(_ role: ExactText, _ fleet: any TunedFleet, at now: Instant) {
    let parameters = fleet.tunedParameters(of: role, allowed)
    let members = fleet.tuningMembers(
      of: role, parameters, among: .same(allowed), nil, patience: patience, isLeftAlone)
    let seed = options.seed ?? MachineRandom.number(in: UInt64.min ... .max)
    guard let tuning = RoleTuning(parameters, seed: seed, members: members, at: now) else { return }
    var tuned = TunedRole(role, tuning)
    tuned.setDue(after: now, every: options.every)
    tuned.tuning.minute = tuned.minute(every: options.every) - options.every
    roles[role] = tuned
  }

  // MARK: A look

  private func look(_ role: TunedRole, _ fleet: any TunedFleet) {
    steps.isBusy = true
    let asked = role.question.map { OwnProposal.requests($0.proposal, session.keys) } ?? []
    session.read([Request("GET", session.keys.automation)] + asked) { [weak self] replies in
      guard let self else { return }
      steps.isBusy = false
      guard !steps.isStale, let role = roles[role.role] else { return step() }
      guard !replies.contains(where: { $0.error != nil }) else { return refused() }
      move(role, fleet, replies[0].bytes ?? [], asked.isEmpty ? nil : Array(replies.dropFirst()))
    }
  }

  /// - Parameters:
  ///   - automation: the switch, as it stands.
  ///   - asked: how the role's proposal stands; nil if it has none.
  private func move(_ role: TunedRole, _ fleet: any TunedFleet, _ automation: [UInt8], _ asked: [Reply]?) {
    var role = role
    let (now, parameters) = (session.now, role.tuning.parameters.map(\.parameter))
    // What is no longer allowed, or declared in another way by most, goes back and begins anew.
    let isSame = fleet.tunedParameters(of: role.role, allowed) == parameters
    let members = fleet.tuningMembers(
      of: role.role, parameters, among: isSame ? .same(allowed) : .homes(role.tuning.parameters.map(\.home)),
      rules.objective, patience: patience, isLeftAlone)
    var sight = TuningRun.Sight(
      role.minute(every: options.every), members: members, mode: isSame ? options.mode : .off,
      answer: role.take(asked.map { OwnProposal.answer($0) }), length: options.every)
    let isOn = automation.elementsEqual(AutomationMode.on.rawValue.utf8)
    sight.guardFault = isOn ? fault(of: role.role, fleet, at: now) : "automation is not on"
    let ways = waysBack(of: role, besides: members, fleet)
    sight.strangers = ways.map(\.agent).uniqued()
    role.setDue(after: now, every: options.every)
    var step = TuningRun.step(role.tuning, sight, rules)
    bringBack(&role, by: ways, &step, at: now)
    role.setWhy(step.state, sight)
    write(role, step, Basis(automation: automation, question: asked?.first?.bytes ?? []), at: now)
  }

  /// Why nothing is begun at present.
  private func fault(of role: ExactText, _ fleet: any TunedFleet, at now: Instant) -> String? {
    if let fault = fleet.tuningFault { return fault }
    if now - fleet.present > options.late { return "events are read with a delay" }
    guard fleet.reportedPart(of: role) < Self.leastPart else { return nil }
    return "agents tell \(options.objective) less often than every \(options.every)"
  }

  /// Agents that report in fewer of the spans are judged too late for the budget to hold.
  private static let leastPart = 0.5

  /// Silence may come from what an agent tries, for so long.
  private var patience: TimeSpan { options.every * Int64(ObjectiveMeter.patience) }

  // MARK: What stands

  /// Whether a command is one of the last step of a role, whichever handler has taken that. Others may use its name.
  func hasGiven(_ command: Command) -> Bool {
    guard command.action == .tune, command.operator.hasPrefix(AgentTuning.byTrial) else { return false }
    let role = roles.values.first { $0.author == command.operator }
    return [added, role].contains { $0?.hasGiven(command) == true }
  }

  /// Takes a role as it is written, or about to be.
  func keep(_ role: TunedRole, stored: [UInt8]) {
    var role = role
    if stored != role.stored { role.noteStored(stored) }
    roles[role.role] = role
  }

  func forget(_ role: ExactText) {
    roles[role] = nil
    steps.isStale = steps.isStale || isCut
  }
}

extension TuningSettings {
  fileprivate init(_ options: TuningOptions) {
    self.init()
    objective = TuningObjective(options.objective, worst: options.worst, best: options.best)
    (budget, settle, half) = (options.budget, options.settle, 2 * options.settle + 2)
  }
}
