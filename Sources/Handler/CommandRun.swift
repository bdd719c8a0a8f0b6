import FleetModel
import Loop
import Redis
import Wire

/// One delivery of a command, from its reception to its closing line: its targets side by side, each in its own lane.
///
/// ```
/// received ─┬─ lane of a target is free ─▶ TargetRun ─┬─ last: closing line and acknowledgement
///           └─ lane of another …       ─▶ TargetRun ─┘
/// ```
final class CommandRun: Errand {
  let term: Term
  let delivery: Delivery
  let command: Command
  let instruction: Instruction
  /// What is remembered of the command.
  var mark: CommandMark
  /// What an undo takes back, once it has been read.
  var undoing: Undoing?
  private let lanes: Dispatcher
  private(set) var targets: [AgentID]
  /// How each target that has been dealt with ended; those whose step is under way included.
  private(set) var outcomes: [AgentID: TargetOutcome] = [:]
  private var settledCount = 0
  private var isReceived = false
  /// Whether the next step says it too.
  private var isReceptionJoined = false
  private var isRepeated = false
  /// Whether an earlier delivery has closed it: then its lanes are only left, each in its turn, since whatever came after
  /// it waits for them.
  private var isObsolete = false
  /// Targets whose lane was free before the command was received.
  private var early: [() -> Void] = []
  let finished: () -> Void

  init(
    _ command: Command, _ instruction: Instruction, _ delivery: Delivery, lanes: Dispatcher, term: Term,
    finished: @escaping () -> Void
  ) {
    self.command = command
    self.instruction = instruction
    self.delivery = delivery
    self.lanes = lanes
    self.term = term
    self.finished = finished
    mark = CommandMark(command)
    targets = command.targets
    if let alert = instruction.alert(of: .none), command.action.scope == .object { targets = [alert.agent] }
    if targets.isEmpty { targets = [.none] }
    // A target named twice is one target.
    var seen: Set<AgentID> = []
    targets = targets.filter { seen.insert($0).inserted }
    mark.targets = targets
  }

  /// Enters the lanes of its targets, in the order in which commands came, and says that it has been received.
  func start() {
    if case .undo = instruction {
      // What it touches is known only once the command it takes back has been read.
      var leave: () -> Void = {}
      leaveAll = { leave() }
      leave = lanes.enter(.everything) { [self] in whenReceived { self.isObsolete ? leave() : self.beginUndo() } }
    } else {
      for target in targets { enter(target) }
      // With one target that can be acted on at once, it is said in one step with what is done.
      if targets.count == 1, !early.isEmpty {
        isReceptionJoined = true
        return received()
      }
    }
    receive()
  }

  private var leaveAll: () -> Void = {}
  private var leaveLane: [AgentID: () -> Void] = [:]

  private func enter(_ target: AgentID) {
    let leave = lanes.enter(.lanes([.agent(target)])) { [self] in
      whenReceived { self.begin(target) }
    }
    leaveLane[target] = leave
  }

  private func begin(_ target: AgentID) {
    if isObsolete {
      leaveLane.removeValue(forKey: target)?()
    } else {
      TargetRun(target, of: self).begin()
    }
  }

  private func whenReceived(_ work: @escaping () -> Void) {
    if isReceived { work() } else { early.append(work) }
  }

  // MARK: Reception

  /// Says that it has been received, unless an earlier delivery was.
  private func receive() {
    var step = Step()
    receive(in: &step, remembering: true)
    term.run(step) { [self] outcome in
      switch outcome {
      case .done: received()
      case .refused: receivedAgain()
      case .over: early = []
      case .failed(let error): retry(error) { self.receive() }
      }
    }
  }

  private func receive(in step: inout Step, remembering: Bool) {
    step.require("GET", term.keys.mark(command.id.text), is: [])
    if remembering { remember(in: &step) }
    step.add(to: term.keys.audit, line(LineDraft(phase: .received)))
  }

  private func received() {
    isReceived = true
    let works = early
    early = []
    for work in works { work() }
  }

  /// It came again. What was done is told by the marks; where the command was closed nothing is left to do.
  private func receivedAgain() {
    isRepeated = true
    term.read([Request("GET", term.keys.mark(command.id.text))]) { [self] replies in
      if let found = replies[0].bytes.flatMap({ CommandMark($0) }) { mark = found }
      isObsolete = mark.closed != nil
      if isObsolete { acknowledge() }
      received()
    }
  }

  private func beginUndo() {
    guard case .undo(let id) = instruction else { return }
    Undoing.read(id, term) { [self] result in
      switch result {
      case .success(let found):
        undoing = found
        targets = found.targets
        mark.targets = targets
        guard !targets.isEmpty else { return close() }
        for target in targets { beginUndo(of: target, found) }
      case .failure(let refusal): close(.rejected, refusal.reason)
      }
    }
  }

  /// What earlier steps of the command that is taken back did to each target.
  private var undone: [AgentID: TargetMark] = [:]

  private func beginUndo(of target: AgentID, _ undoing: Undoing) {
    term.read([term.keys.mark(undoing.id, target).get]) { [self] replies in
      undone[target] = replies[0].mark.flatMap { TargetMark($0) }
      TargetRun(target, of: self).begin()
    }
  }

  // MARK: What its targets ask

  var id: CommandID { command.id }
  var author: String { command.operator }
  var reason: String { command.reason }
  var judged: Instruction { undoing?.instruction ?? instruction }
  var refusedPhase: AuditLine.Phase { .failed }

  func check(in step: inout Step, isLast: Bool) {
    guard isReceptionJoined else { return }
    // The step that settles it remembers it as it then stands.
    receive(in: &step, remembering: !isLast)
  }

  func stepped() { isReceptionJoined = false }

  func beginsAnew(_ target: AgentID, failed check: Int?) -> Bool {
    guard isReceptionJoined, check == nil || check == 1 else { return false }
    (isReceptionJoined, isReceived) = (false, false)
    early.append { [self] in begin(target) }
    receive()
    return true
  }

  func isOver(_ check: Int) -> Bool { false }

  func plan(_ target: AgentID, _ situation: Situation, at instant: Instant) throws(Refusal) -> Change {
    // Of an effect that is under way neither the time nor what was seen is asked again.
    if situation.mark?.intent == nil {
      guard term.now <= command.expiresAt else { throw Refusal("it expired before it was run") }
      if let seen = command.observed[target] { try compare(seen, with: situation.record) }
    }
    let scene = Scene(
      target: target, situation: situation, knownBackup: term.knownBackup(target), commandID: command.id,
      operator: command.operator, now: instant, restartLimit: term.options.restartLimit,
      channels: term.options.notify.names, makesDashboards: term.options.makesDashboards)
    guard let undoing else { return try Change.plan(instruction, scene) }
    guard let undone = undone[target], undone.phase == .succeeded else { throw Refusal("nothing was done to it") }
    return try Change.inverse(of: undoing.instruction, undone, scene)
  }

  private func compare(_ seen: Command.Observation, with record: AgentRecord) throws(Refusal) {
    guard seen.state != record.state || seen.version != record.version else { return }
    throw Refusal(
      "it has changed since: seen \(seen.state.rawValue), version \(seen.version); "
        + "now \(record.state.rawValue), version \(record.version)")
  }

  /// A dry run is decided in full, so that it tells what would be refused.
  var isDryRun: Bool { command.isDryRun }

  func complete(_ target: AgentID, _ outcome: TargetOutcome, in step: inout Step) {
    note(target, outcome)
    // With another step under way nobody knows yet which of them is the last; and where the command was delivered before,
    // that delivery may be closing it.
    if settledCount == targets.count - 1, !isRepeated { addClosing(to: &step) }
  }

  private func note(_ target: AgentID, _ outcome: TargetOutcome) {
    outcomes[target] = outcome
    if outcome.isTold, !mark.told.contains(target) { mark.told.append(target) }
  }

  func takeBack(_ target: AgentID) {
    outcomes[target] = nil
    mark.told.removeAll { $0 == target }
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
    if !isObsolete { leaveAll() }
    finished()
  }

  func retry(_ error: ServerError, _ work: @escaping () -> Void) {
    term.log(.error, "Redis refused a step; trying again", ["command": command.id.text, "error": error.text])
    term.later(inMilliseconds: 500, work)
  }
}

extension ServerError {
  /// Whether the server may take the same step later.
  var isPassing: Bool {
    ["OOM", "LOADING", "READONLY", "MISCONF", "BUSY", "NOREPLICAS", "MASTERDOWN", "TRYAGAIN", "CLUSTERDOWN"]
      .contains(String(code))
  }
}
