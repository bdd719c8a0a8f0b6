import Execution
import FleetModel
import Logging
import Loop
import Redis
import Wire

/// Carries out what a ``CommandRun`` decides for one delivery of a command: it enters lanes, reads, commits, acts and
/// wakes, and tells the run what came of it.
final class CommandRunner: TargetRunDelegate {
  let session: LeaseSession
  let delivery: Delivery
  let command: Command
  let instruction: Instruction
  private(set) var run: CommandRun
  /// What an undo is to take back, and what that was, once it has been read.
  let aim: UndoAim?
  var undoPlan: UndoPlan?
  /// What earlier transactions of the command that is taken back did to each target.
  var undone: [AgentID: IdempotencyRecord] = [:]
  /// The runners that take back the parts of an order.
  private(set) var parts: [CommandRunner] = []
  let isPart: Bool
  private let lanes: Dispatcher
  private var leaveLane: [AgentID: () -> Void] = [:]
  private var leaveCommandLanes: [() -> Void] = []
  /// Targets for which too many others wait: why nothing is done to them.
  private var crowded: [AgentID: String] = [:]
  /// What stands under the command's own mark, as it was recalled.
  var recalled: [UInt8] = []
  private let begunAt = MonotonicTime.now
  /// Told that it was received before.
  var onRepeat: () -> Void = {}
  private let finished: () -> Void

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
    run =
      switch aim {
      case .command(let original):
        CommandRun(command, targets: original.targets, aim: .command, isPart: isPart)
      case .batch(let originals): CommandRun(command, targets: [], aim: .batch(parts: originals.count))
      case nil: CommandRun(command, targets: Self.targets(of: command, instruction))
      }
  }

  /// What it acts on: the agents that it names, the agent of the alert that it names, or none.
  private static func targets(of command: Command, _ instruction: Instruction) -> [AgentID] {
    if let alert = instruction.alert(of: .none), command.action.scope == .object { return [alert.agent] }
    return command.targets.isEmpty ? [.none] : command.targets
  }

  /// Enters its lanes, in the order in which commands came, and begins.
  func start() {
    makeParts()
    enterLanes()
    take(.begun)
  }

  func take(_ input: CommandRun.Input) {
    for effect in run.take(input) { perform(effect) }
  }

  private func perform(_ effect: CommandRun.Effect) {
    switch effect {
    case .commit(let write): commit(write)
    case .recall: recall()
    case .readOriginal: readOriginal()
    case .act(let target): act(on: target)
    case .leaveLane(let target): leaveLane.removeValue(forKey: target)?()
    case .leaveCommandLanes:
      for leave in leaveCommandLanes { leave() }
      leaveCommandLanes = []
    case .beginParts: for part in parts { part.take(.begun) }
    case .abandonParts: for part in parts { part.take(.abandoned) }
    case .cameBefore: onRepeat()
    case .log(let error):
      session.log(
        .error, "Redis refused a transaction; trying again", ["command": command.id.text, "error": error])
    case .wake(let span): session.later(inMilliseconds: span) { [self] in take(.woken) }
    case .finish:
      if !isPart { session.counts.noteEnd(of: command.action, since: begunAt) }
      finished()
    }
  }

  private func recall() {
    let key = session.keys.mark(command.id.text)
    session.read([Request("GET", key)]) { [self] replies in
      recalled = replies[0].bytes ?? []
      let found = CommandRecord(recalled)
      if found == nil, !recalled.isEmpty { session.passOver("a command's mark", key, recalled) }
      take(.recalled(found))
    }
  }

  // MARK: Lanes

  private func enterLanes() {
    guard case .command(let original) = aim else {
      leaveCommandLanes = [lanes.enter([.command(command.id)]) { _ in }]
      return enterOtherLanes()
    }
    // An undo waits for the delivery of it before, which may refuse it, as well as for the original.
    var waitsFor = 2
    let oneEnded = { [self] in
      waitsFor -= 1
      if waitsFor == 0 { take(.originalEnded) }
    }
    let leaveOwn = lanes.enter([.command(command.id)]) { _ in oneEnded() }
    // It ends here before its own lane does, so that a second undo of the same finds that.
    leaveCommandLanes = [lanes.enter([.command(original.id)]) { _ in oneEnded() }, leaveOwn]
    enterOtherLanes()
  }

  private func enterOtherLanes() {
    for target in run.targets { enterLane(of: target) }
    for part in parts { part.enterLanes() }
  }

  private func enterLane(of target: AgentID) {
    let lane: Lanes.Lane =
      if case .command(let original) = aim { original.lane(of: target) } else { instruction.lane(of: target) }
    crowded[target] = lanes.refusal(of: lane)
    // What has its own lane already would wait for its own end there; and what is refused waits for nothing.
    let shared = lane == .command(command.id) || crowded[target] != nil ? nil : lane
    let leave = lanes.enter(shared.map { [$0] } ?? []) { [self] _ in take(.laneFree(target)) }
    lanes.targetEntered(shared)
    leaveLane[target] = { [lanes] in
      lanes.targetLeft(shared)
      leave()
    }
  }

  /// A runner for each part of an order: under the id `batch/<id of the undo>/<number>`, which no command from outside
  /// has.
  private func makeParts() {
    guard case .batch(let originals) = aim else { return }
    parts = originals.enumerated().map { index, original in
      var part = command
      part.id = CommandID("batch/\(command.id)/\(index + 1)")
      part.targets = []
      part.arguments = ["command_id": original.id.text]
      part.batch = Batch(id: command.id, part: index + 1, parts: originals.count)
      return CommandRunner(
        part, .undo(original.id), delivery, aim: .command(original), isPart: true, lanes: lanes, session: session
      ) { [weak self] in
        guard let self else { return }
        take(.partEnded(index, parts[index].run.closing))
      }
    }
  }

  // MARK: Targets

  private func act(on target: AgentID) {
    guard let undoPlan else { return begin(target) }
    session.read([session.keys.mark(undoPlan.id, target).get]) { [self] replies in
      undone[target] = replies[0].mark.flatMap { IdempotencyRecord($0) }
      begin(target)
    }
  }

  private func begin(_ target: AgentID) { TargetRunner(target, of: self, refusal: crowded[target]).begin() }

  var id: CommandID { command.id }
  var author: String { command.operator }
  var title: String { command.action.title }
  var askedAt: Instant? { command.issuedAt }
  var reason: String { command.reason }
  var judged: Instruction { undoPlan?.instruction ?? instruction }
  var refusedPhase: AuditLine.Phase { .failed }
  var commandDelivery: Delivery? { delivery }
  var patience: Double { Double(session.options.permissionPatience.milliseconds) }
  /// A dry run is decided in full, so that it tells what would be refused.
  var isDryRun: Bool { command.isDryRun }
  var joinsReception: Bool { run.isReceptionJoined }

  func plan(_ target: AgentID, _ snapshot: TargetSnapshot, at instant: Instant) throws(Refusal) -> Change {
    // Of an effect that is under way neither the time nor what was seen is asked again.
    if snapshot.mark?.intent == nil {
      guard session.now <= command.expiresAt else { throw Refusal("it expired before it was run") }
      if let seen = command.observed[target] { try compare(seen, with: snapshot.record) }
    }
    let context = PlanningContext(
      target: target, snapshot: snapshot, knownBackup: session.fleet?.backup(of: target),
      knownVersion: session.fleet?.version(of: target), commandID: command.id,
      operator: command.operator, reason: command.reason, now: instant, restartLimit: session.options.restartLimit,
      channels: session.options.notify.names, makesDashboards: session.options.makesDashboards,
      maintenance: session.options.maintenance.mode)
    guard let undoPlan else {
      if AgentTuning.isOwn(command.operator) {
        try HandCheck(target: target, snapshot: snapshot, now: instant).allow(instruction, asksState: false)
      }
      return try Change.plan(instruction, context)
    }
    guard let undone = undone[target] else { throw Refusal("what stood before it is not remembered any more") }
    guard undone.phase == .succeeded else { throw Refusal("nothing was done to it") }
    return try Change.inverse(of: undoPlan.instruction, by: undoPlan.id, undone, context)
  }

  private func compare(_ seen: Command.Observation, with record: AgentRecord) throws(Refusal) {
    guard seen.state != record.state || seen.version != record.version else { return }
    throw Refusal(
      "it has changed since: seen \(seen.state.rawValue), version \(seen.version); "
        + "now \(record.state.rawValue), version \(record.version)")
  }

  func check(in transaction: inout Transaction, isLast: Bool) {
    guard run.isReceptionJoined else { return }
    // The transaction that settles its target remembers the command as it then stands.
    addReception(to: &transaction, remembering: !isLast)
  }

  func complete(_ target: AgentID, _ outcome: TargetOutcome, in transaction: inout Transaction) {
    if let closing = run.settling(target, outcome) { addClosing(closing, to: &transaction) }
  }

  func intentWritten() { take(.intentWritten) }
  func beginAnew(_ target: AgentID) { take(.setBack(target)) }
  func takeBack(_ target: AgentID) { take(.notSettled(target)) }
  func settled(_ target: AgentID, _ outcome: TargetOutcome) { take(.settled(target, outcome)) }
}
