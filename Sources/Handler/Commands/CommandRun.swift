import Execution
import FleetModel
import Logging
import Loop
import Redis
import Wire

/// One delivery of a command, from its reception to its closing line: its targets side by side, each in its own lane.
///
/// ```
/// received ─┬─ lane of a target is free ─▶ TargetRun ─┬─ last: closing line and acknowledgement
///           └─ lane of another …       ─▶ TargetRun ─┘
/// ```
/// An undo waits, besides, for the end of the command that it takes back; one of an order that was split is a run for
/// each part, under an id of its own.
final class CommandRun: TargetRunDelegate {
  let session: LeaseSession
  let delivery: Delivery
  let command: Command
  let instruction: Instruction
  /// What is remembered of the command.
  var mark: CommandRecord
  /// What an undo takes back, once it has been read.
  var undoPlan: UndoPlan?
  /// What an undo is to take back.
  let aim: UndoAim?
  /// What earlier steps of the command that is taken back did to each target.
  var undone: [AgentID: IdempotencyRecord] = [:]
  /// The runs that take back the parts of an order, and how many of them are not through.
  var parts: [CommandRun] = []
  var openParts = 0
  /// Whether it is such a part: what was delivered is acknowledged by the run that has it.
  let isPart: Bool
  let lanes: Dispatcher
  private(set) var targets: [AgentID]
  /// How each target that has been dealt with ended; those whose step is under way included.
  private(set) var outcomes: [AgentID: TargetOutcome] = [:]
  /// What its closing line says.
  var closingWords = ""
  private var settledCount = 0
  /// Whether the next step says that it was received, too.
  private var isReceptionJoined = false
  var isRepeated = false
  /// Whether nothing is left to do, since it was refused or an earlier delivery has closed it: then its lanes are only
  /// left, each in its turn, since whatever came after it waits for them.
  var isObsolete = false
  var isReceived = false
  /// Whether the command that an undo takes back has ended.
  var isAimFree: Bool
  /// Whether its targets may be acted on; `early` are those whose lane was free before that.
  var isOpen = false
  var early: [() -> Void] = []
  private var leaveLane: [AgentID: () -> Void] = [:]
  /// Targets for which too many others wait: why nothing is done to them.
  private var crowded: [AgentID: String] = [:]
  var leaveOthers: () -> Void = {}
  /// Told that it was received before.
  var onRepeat: () -> Void = {}
  let finished: () -> Void

  /// - Parameter aim: what an undo takes back; nil for other commands.
  init(
    _ command: Command, _ instruction: Instruction, _ delivery: Delivery, aim: UndoAim? = nil, isPart: Bool = false,
    lanes: Dispatcher, session: LeaseSession, finished: @escaping () -> Void
  ) {
    self.command = command
    self.instruction = instruction
    self.delivery = delivery
    self.aim = aim
    self.isPart = isPart
    self.lanes = lanes
    self.session = session
    self.finished = finished
    mark = CommandRecord(command)
    targets = command.targets.uniqued()
    isAimFree = true
    switch aim {
    case .command(let original):
      targets = original.targets
      isAimFree = false
    case .batch: targets = []
    case nil:
      if let alert = instruction.alert(of: .none), command.action.scope == .object { targets = [alert.agent] }
      if targets.isEmpty { targets = [.none] }
    }
    mark.targets = targets
  }

  /// Enters its lanes, in the order in which commands came, and says that it has been received.
  func start() {
    makeParts()
    enterLanes()
    // With one target that can be acted on at once, it is said in one step with what is done.
    if aim == nil, targets.count == 1, !early.isEmpty {
      isReceptionJoined = true
      return received()
    }
    receive()
  }

  private func enterLanes() {
    let leaveOwn = lanes.enter([.command(command.id)]) {}
    leaveOthers = leaveOwn
    if case .command(let original) = aim {
      // It ends here before its own lane does, so that a second undo of the same finds that.
      let leaveAim = lanes.enter([.command(original.id)]) { [self] in
        isAimFree = true
        goOn()
      }
      leaveOthers = {
        leaveAim()
        leaveOwn()
      }
    }
    for target in targets { enter(target) }
    for part in parts { part.enterLanes() }
  }

  private func enter(_ target: AgentID) {
    let lane: Lanes.Lane =
      if case .command(let original) = aim { original.lane(of: target) } else { instruction.lane(of: target) }
    crowded[target] = lanes.refusal(of: lane)
    // What has its own lane already would wait for its own end there; and what is refused waits for nothing.
    let shared = lane == .command(command.id) || crowded[target] != nil ? nil : lane
    let leave = lanes.enter(shared.map { [$0] } ?? []) { [self] in
      if isOpen { begin(target) } else { early.append { [self] in begin(target) } }
    }
    lanes.targetEntered(shared)
    leaveLane[target] = { [lanes] in
      lanes.targetLeft(shared)
      leave()
    }
  }

  private func begin(_ target: AgentID) {
    if isObsolete {
      leaveLane.removeValue(forKey: target)?()
    } else if let undoPlan {
      beginUndo(of: target, undoPlan)
    } else {
      act(on: target)
    }
  }

  func act(on target: AgentID) { TargetRunner(target, of: self, refusal: crowded[target]).begin() }

  // MARK: What its targets ask

  var id: CommandID { command.id }
  var author: String { command.operator }
  var title: String { command.action.title }
  var askedAt: Instant? { command.issuedAt }
  var reason: String { command.reason }
  var judged: Instruction { undoPlan?.instruction ?? instruction }
  var refusedPhase: AuditLine.Phase { .failed }

  func check(in transaction: inout Transaction, isLast: Bool) {
    guard isReceptionJoined else { return }
    // The step that settles it remembers it as it then stands.
    receive(in: &transaction, remembering: !isLast)
  }

  func stepped() { isReceptionJoined = false }

  var joinsReception: Bool { isReceptionJoined }

  func restarts(at check: Int) -> Bool { isReceptionJoined && check <= Self.batchCheck }

  func beginAnew(_ target: AgentID) {
    (isReceptionJoined, isReceived, isOpen) = (false, false, false)
    early.append { [self] in begin(target) }
    receive()
  }

  func isOver(_ check: Int) -> Bool { false }

  func plan(_ target: AgentID, _ snapshot: TargetSnapshot, at instant: Instant) throws(Refusal) -> Change {
    // Of an effect that is under way neither the time nor what was seen is asked again.
    if snapshot.mark?.intent == nil {
      guard session.now <= command.expiresAt else { throw Refusal("it expired before it was run") }
      if let seen = command.observed[target] { try compare(seen, with: snapshot.record) }
    }
    let context = PlanningContext(
      target: target, snapshot: snapshot, knownBackup: session.knownBackup(target), commandID: command.id,
      operator: command.operator, reason: command.reason, now: instant, restartLimit: session.options.restartLimit,
      channels: session.options.notify.names, makesDashboards: session.options.makesDashboards)
    guard let undoPlan else { return try Change.plan(instruction, context) }
    guard let undone = undone[target] else { throw Refusal("what stood before it is not remembered any more") }
    guard undone.phase == .succeeded else { throw Refusal("nothing was done to it") }
    return try Change.inverse(of: undoPlan.instruction, undone, context)
  }

  private func compare(_ seen: Command.Observation, with record: AgentRecord) throws(Refusal) {
    guard seen.state != record.state || seen.version != record.version else { return }
    throw Refusal(
      "it has changed since: seen \(seen.state.rawValue), version \(seen.version); "
        + "now \(record.state.rawValue), version \(record.version)")
  }

  /// A dry run is decided in full, so that it tells what would be refused.
  var isDryRun: Bool { command.isDryRun }

  func complete(_ target: AgentID, _ outcome: TargetOutcome, in transaction: inout Transaction) {
    note(target, outcome)
    // With another step under way nobody knows yet which of them is the last; and if the command was delivered before,
    // that delivery may be closing it.
    if settledCount == targets.count - 1, !isRepeated { addClosing(to: &transaction) }
  }

  private func note(_ target: AgentID, _ outcome: TargetOutcome) {
    outcomes[target] = outcome
    if outcome.wasNotified { mark.told.insert(target) }
  }

  func takeBack(_ target: AgentID) {
    outcomes[target] = nil
    mark.told.remove(target)
    mark.closed = nil
  }

  func settled(_ target: AgentID, _ outcome: TargetOutcome) {
    note(target, outcome)
    settledCount += 1
    leaveLane.removeValue(forKey: target)?()
    guard settledCount == targets.count else { return }
    guard mark.closed == nil else { return end() }
    // Another delivery of the same command may have closed it: one that said that it was received before this one, or one
    // that was acted on while this one waited for its lane.
    closeOnce()
  }

  func end() {
    leaveOthers()
    finished()
  }

  func retry(_ error: ServerError, _ work: @escaping () -> Void) {
    session.log(.error, "Redis refused a step; trying again", ["command": command.id.text, "error": error.text])
    session.later(inMilliseconds: 500, work)
  }
}

extension ServerError {
  /// Whether the server may take the same step later.
  var isPassing: Bool {
    ["OOM", "NOPERM", "LOADING", "READONLY", "MISCONF", "BUSY", "NOREPLICAS", "MASTERDOWN", "TRYAGAIN", "CLUSTERDOWN"]
      .contains(String(code))
  }
}
