import Automation
import FleetModel
import Insight
import Loop
import Redis
import Wire

/// Shares load anew among the agents of a role that let their part of new conversations be set.
///
/// ```text
///   each role in its turn ─▶ readings ─ RoleBalancer ─▶ moves ─┬─ auto ──▶ commands  ┐
///                               ▲                              ├─ propose ▶ proposal ├ with what is under way, in one
///                               └── what agents tell ◀─────────┴─ dry ────▶ audit    ┘ transaction
/// ```
/// A move is the command `tune` like any other, with its reason in the audit. What was sent or asked and is not done yet
/// stands in Redis, written with it: whoever takes over leaves those agents alone, and asks nobody twice. A balancer is
/// not stored: it hears for a while before it gives its first move.
///
/// Unless the settings say so it does nothing, and reads one hash a term. A class, because the loop's timer and the
/// answers share it.
final class LoadDesk: SteppingDesk {
  let session: LeaseSession
  /// Who knows the fleet.
  weak var fleet: (any BalancedFleet)?
  /// Whether an agent is under maintenance.
  var isMaintained: (AgentID) -> Bool = { _ in false }
  var steps = StepState()
  private var stored = StoredLoad()
  /// Where the switch of automation stands, as Redis has it.
  private var automation: [UInt8] = []
  private var balancers: [ExactText: RoleBalancer] = [:]
  private var round = LookRound()
  private var budget = MoveBudget()
  /// Proposals that nobody can answer any more.
  private var ended: Set<ProposalID> = []
  /// The commands that the transaction under way adds.
  private var added: Set<CommandID> = []

  private static let mostAtOnce = 16
  private static let retries: Int64 = 200
  /// After a refusal while it is off.
  private static let longPatience: Int64 = 60_000
  /// More proposals are not open at once: nobody could answer them.
  private static let mostQuestions = 100
  /// A question that has not been heard of for so long after its time has ended.
  private static let grace = TimeSpan.seconds(30)
  /// A role is looked at no more often.
  private static let leastSpan = TimeSpan.milliseconds(100)

  static let written = "changes of shares"

  init(session: LeaseSession) { self.session = session }

  private var settings: LoadSettings { session.options.load }
  private var isOn: Bool { settings.mode != .off }
  private var balance: BalanceSettings { BalanceSettings(settle: settings.settle, movesAMinute: settings.movesAMinute) }

  /// How often each role is looked at: often enough for its balancer to see what a move has come to.
  private var span: TimeSpan {
    max(Self.leastSpan, min(session.options.loadSpan, .milliseconds(settings.settle.milliseconds / 4)))
  }

  /// What is no mode switches nothing on.
  private var mode: AutomationMode { AutomationMode(rawValue: String(decoding: automation, as: UTF8.self)) ?? .dry }

  /// Whether a command is one that it has given.
  func hasGiven(_ command: Command) -> Bool {
    command.action == .tune && command.operator.hasPrefix(AgentTuning.byLoad)
      && (added.contains(command.id) || stored.contains(command.id))
  }

  func start() { step() }

  func optionsChanged() {
    let balance = balance
    if isOn {
      for role in Array(balancers.keys) { balancers[role]?.change(balance) }
    } else {
      balancers = [:]
    }
    if isOn, steps.isRefused { steps.forgetRefusal() }
    step()
  }

  func step() {
    guard beginStep() else { return }
    if steps.isStale { return load() }
    if !stored.strays.isEmpty { return clean() }
    guard isOn else { return windUp() }
    // Before events are read to their end nobody knows how agents are.
    guard session.hasReadEvents, let fleet else { return wait(Self.retries) }
    look(fleet)
  }

  // MARK: Reading

  private func load() {
    (steps.isBusy, steps.isStale) = (true, false)
    session.read([Request("HGETALL", session.keys.load), Request("GET", session.keys.automation)]) {
      [weak self] replies in
      guard let self else { return }
      steps.isBusy = false
      guard !replies.contains(where: { $0.error != nil }) else { return refused() }
      stored = StoredLoad(replies[0].pairs) { [session] in
        session.passOver("a change of shares", session.keys.load, $0)
      }
      automation = replies[1].bytes ?? []
      readQuestions()
    }
  }

  private func refused() { refused(for: isOn ? 5000 : Self.longPatience) }

  /// Which of the proposals stand no more: they may have been answered while nobody led.
  private func readQuestions() {
    let questions = stored.questions
    guard !questions.isEmpty else { return step() }
    steps.isBusy = true
    session.read(questions.flatMap { OwnProposal.requests($0.id, session.keys) }) { [weak self] replies in
      guard let self else { return }
      steps.isBusy = false
      guard !replies.contains(where: { $0.error != nil }) else { return refused() }
      for (place, question) in questions.enumerated()
      where OwnProposal.answer(replies.dropFirst(2 * place).prefix(2)) != .open { ended.insert(question.id) }
      step()
    }
  }

  // MARK: Looking

  private func look(_ fleet: any BalancedFleet) {
    let span = span
    while let role = round.next(at: .now, every: span, { self.roles(fleet) }) {
      if take(role, fleet) { return }
    }
    wait(round.rest(at: .now, every: span))
  }

  /// All roles of a round: those that could change, and those of which something is under way.
  private func roles(_ fleet: any BalancedFleet) -> [ExactText] {
    let present = fleet.tunableRoles
    let all = Set(present)
    balancers = balancers.filter { all.contains($0.key) }
    return present + stored.roles.filter { !all.contains($0) }
  }

  /// Looks at a role; false if that changes nothing that Redis holds.
  private func take(_ role: ExactText, _ fleet: any BalancedFleet) -> Bool {
    let (now, before) = (session.now, stored[role] ?? LoadStanding())
    var standing = before
    standing.settle(at: now) { fleet.record(of: $0)?.tuning(of: LoadSettings.parameter)?.command }
    if let question = standing.question, ended.contains(question.id) || question.until + Self.grace < now {
      standing.endQuestion(at: now)
    }
    // Of agents that say no role nobody knows which of them take the same conversations.
    let readings = role.text.isEmpty ? [] : fleet.loadReadings(of: role, isMaintained)
    if let question = standing.question, let why = fault(of: question, readings, fleet) {
      withdraw(question, of: role, standing, because: why)
      return true
    }
    var plan = LoadPlan(role, standing)
    plan.take(
      moves(role, readings, standing, fleet, at: now), course, at: now, record: fleet.record(of:),
      wait: session.options.longestAction)
    guard plan.standing != before || !plan.told.isEmpty else { return false }
    write(plan)
    return true
  }

  private func moves(
    _ role: ExactText, _ readings: [LoadReading], _ standing: LoadStanding, _ fleet: any BalancedFleet, at now: Instant
  ) -> [ShareMove] {
    guard readings.count > 1 else {
      balancers[role] = nil
      return []
    }
    let most = most(standing, fleet, at: now)
    // The balancer lets an agent rest that it has moved; one that another handler has moved it does not know.
    return balancers[role, default: RoleBalancer(balance)].look(readings, at: now, most: most)
      .filter { !standing.isMoving($0.agent) }
  }

  /// How many moves may be made in a role now.
  private func most(_ standing: LoadStanding, _ fleet: any BalancedFleet, at now: Instant) -> Int {
    guard mode != .off, fleet.loadFault == nil else { return 0 }
    let left = budget.left(at: now)
    switch course {
    case .dry: return min(1, left)
    case .ask:
      // Not before what was approved is done; nor at once after what was declined.
      guard standing.isEmpty, !stored.isFull else { return 0 }
      return stored.questions.count < Self.mostQuestions ? 1 : 0
    case .act: return stored.isFull ? 0 : max(0, min(left, LoadStanding.mostMoves - standing.moves.count))
    }
  }

  private var course: LoadPlan.Course {
    if mode != .on { return .dry(settings.mode) }
    return settings.mode == .auto ? .act : .ask
  }

  /// Why a person need not answer any more; nil if nothing speaks against the question.
  private func fault(
    of question: LoadStanding.Question, _ readings: [LoadReading], _ fleet: any BalancedFleet
  ) -> String? {
    guard settings.mode == .propose else { return "shares are changed without a question now" }
    if fleet.record(of: question.agent) == nil { return "\(question.agent) has left" }
    // Whoever has just taken over has not heard yet what it has open.
    guard let reading = readings.first(where: { $0.agent == question.agent }) else { return nil }
    if reading.share != question.from { return "its share has been set since" }
    return reading.isFree ? nil : "\(question.agent) is left alone at present"
  }

  // MARK: Writing

  private func write(_ plan: LoadPlan) {
    let (keys, now) = (session.keys, session.now)
    var transaction = Transaction()
    // The switch may have been turned a moment ago.
    if !plan.commands.isEmpty || plan.proposal != nil || !plan.told.isEmpty {
      transaction.require("GET", keys.automation, is: automation)
    }
    let bytes = stored.add(plan.standing, of: plan.role, keys, to: &transaction)
    for command in plan.commands { transaction.add(to: keys.commands, CommandCoding.encode(command)) }
    plan.proposal?.write(session, to: &transaction)
    for (move, mode) in plan.told { transaction.add(line(move, mode, at: now), keys) }
    added = Set(plan.commands.map(\.id))
    run(transaction) { [self] in
      if let question = stored[plan.role]?.question, plan.standing.question != question { ended.remove(question.id) }
      stored.take(plan.standing, bytes, of: plan.role)
      budget.spend(plan.commands.count + plan.told.count, at: now)
      if plan.proposal != nil { session.tell(.schedule) }
      step()
    }
  }

  /// What would be done, if automation were on.
  private func line(_ move: ShareMove, _ mode: LoadSettings.Mode, at now: Instant) -> AuditLine {
    let action = PlannedAction(kind: .action(.tune), target: move.agent, arguments: LoadPlan.arguments(move))
    let would = mode == .auto ? "would \(action.words)" : "would propose to \(action.words)"
    return session.ruleLine(
      .skipped, of: "rule/\(OwnRule.load.rawValue)/\(now.milliseconds)/\(move.agent.keyPart)",
      rule: OwnRule.load.rawValue, target: move.agent, reason: LoadPlan.words(move), detail: "dry_run: \(would)")
  }

  /// Takes a question back.
  private func withdraw(
    _ question: LoadStanding.Question, of role: ExactText, _ standing: LoadStanding, because why: String
  ) {
    steps.isBusy = true
    session.read([Request("HGET", session.keys.proposals, question.id.text)]) { [weak self] replies in
      guard let self else { return }
      steps.isBusy = false
      guard replies[0].error == nil else { return refused() }
      var (transaction, standing) = (Transaction(), standing)
      let change = OwnProposal.withdraw(
        question.id, stored: replies[0].bytes ?? [], because: why, session, in: &transaction)
      // It has been answered a moment ago.
      if change == nil { standing.endQuestion(at: session.now) } else { standing.question = nil }
      let bytes = stored.add(standing, of: role, session.keys, to: &transaction)
      run(transaction) { [self] in
        ended.remove(question.id)
        stored.take(standing, bytes, of: role)
        if let proposal = change?.proposal { session.tell(.proposalEnded(proposal)) }
        if change != nil { session.tell(.schedule) }
        step()
      }
    }
  }

  /// It was switched off: nobody is asked any more, and what was sent is done as any command.
  private func windUp() {
    guard let role = stored.roles.first else { return }
    if let question = stored[role]?.question {
      var standing = LoadStanding()
      standing.question = question
      return withdraw(question, of: role, standing, because: "load is not shared any more")
    }
    write(LoadPlan(role, LoadStanding()))
  }

  /// Takes out what nobody understands.
  private func clean() {
    let taken = stored.strays.prefix(Self.mostAtOnce)
    var transaction = Transaction()
    for field in taken {
      transaction.require("HGET", session.keys.load, field.name, is: field.value)
      transaction.change("HDEL", session.keys.load, field.name)
    }
    run(transaction) { [self] in
      stored.removeStrays(taken.count)
      step()
    }
  }
}

extension LoadDesk: CommitObserver {
  func committed(_ fact: Committed) {
    switch fact {
    case .automation:
      steps.isStale = true
      if isOn { step() }
    case .proposalEnded(let proposal):
      if stored.questions.contains(where: { $0.id == proposal.id }) { ended.insert(proposal.id) }
    case .alert, .alertsSaved, .record, .schedule, .unheard, .notices, .queueHands, .conversations, .maintenance:
      break
    }
  }
}
