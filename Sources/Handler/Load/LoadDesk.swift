import FleetModel
import Insight
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
/// stands in Redis, written with it: whoever takes over leaves those agents alone, and asks nobody about what is asked
/// already. A balancer is not stored, nor what was declined: it hears for a while before it gives its first move.
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
  var stored = StoredLoad()
  /// Where the switch of automation stands, as Redis has it.
  private(set) var automation: [UInt8] = []
  var balancers: [ExactText: WatchedRole] = [:]
  var round = LookRound()
  var budget = MoveBudget()
  /// Whether the last look only told of moves.
  var wasDry = false
  /// Proposals that nobody can answer any more.
  var ended: Set<ProposalID> = []
  /// The commands that the transaction under way adds.
  var added: Set<CommandID> = []

  private static let retries: Int64 = 200
  /// After a refusal while it is off.
  private static let longPatience: Int64 = 60_000

  static let written = "changes of shares"

  init(session: LeaseSession) { self.session = session }

  var settings: LoadSettings { session.options.load }
  private var isOn: Bool { settings.mode != .off }
  var balance: BalanceSettings { BalanceSettings(settle: settings.settle, movesAMinute: settings.movesAMinute) }

  /// What is no mode switches nothing on.
  var mode: AutomationMode { AutomationMode(rawValue: String(decoding: automation, as: UTF8.self)) ?? .dry }

  /// Whether a command is one that it has given.
  func hasGiven(_ command: Command) -> Bool {
    command.action == .tune && command.operator.hasPrefix(AgentTuning.byLoad)
      && (added.contains(command.id) || stored.contains(command.id))
  }

  func start() { step() }

  func optionsChanged() {
    let balance = balance
    if isOn {
      for role in Array(balancers.keys) { balancers[role]?.balancer.change(balance) }
    } else {
      balancers = [:]
    }
    if isOn, steps.isRefused { steps.forgetRefusal() }
    step()
  }

  func step() {
    guard beginStep() else { return }
    if steps.isStale { return load() }
    if !stored.strays.isEmpty { return takeOut(stored.strays, of: session.keys.load) { self.stored.removeStrays($0) } }
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

  func refused() { refused(for: isOn ? 5000 : Self.longPatience) }

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
