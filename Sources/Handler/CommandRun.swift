import FleetModel
import Loop
import Redis
import Wire

/// One delivery of a command, from its reception to its closing line: target after target, a step each.
///
/// ```
/// received ─ its lanes are free ─┬─ read target ─ decide ─ step ─┐
///                                └──────── next target ◀─────────┴─ last: with closing line and acknowledgement
/// ```
final class CommandRun {
  let term: Term
  let delivery: Delivery
  let command: Command
  let instruction: Instruction
  /// What is remembered of the command.
  var mark: CommandMark
  /// What an undo takes back, once it has been read.
  var undoing: Undoing?
  private(set) var targets: [AgentID]
  private var position = 0
  /// How each target that has been dealt with ended, in order.
  var outcomes: [(target: AgentID, phase: AuditLine.Phase, detail: String)] = []
  private var isReceived = false
  private var isRepeated = false
  private var laneIsFree = false
  private var attempts = 0
  let finished: () -> Void

  init(
    _ command: Command, _ instruction: Instruction, _ delivery: Delivery, term: Term, finished: @escaping () -> Void
  ) {
    self.command = command
    self.instruction = instruction
    self.delivery = delivery
    self.term = term
    self.finished = finished
    mark = CommandMark(command)
    targets = command.targets
    if let alert = instruction.alert(of: .none), command.action.scope == .object { targets = [alert.agent] }
    if targets.isEmpty { targets = [.none] }
    mark.targets = targets
  }

  /// What it must have for itself.
  var needs: Lanes.Needs {
    if case .undo = instruction { return .everything }
    return .lanes(targets.map { .agent($0) })
  }

  // MARK: Reception

  /// Says that it has been received, unless an earlier delivery was.
  func receive() {
    var step = Step()
    step.require("GET", term.keys.mark(command.id.text), is: [])
    remember(in: &step)
    step.add(to: term.keys.audit, line(.received))
    term.run(step) { [self] outcome in
      switch outcome {
      case .done: received(again: false)
      case .refused: received(again: true)
      case .over: break
      case .failed(let error): retry(error) { self.receive() }
      }
    }
  }

  private func received(again: Bool) {
    isReceived = true
    isRepeated = again
    proceed()
  }

  func laneBecameFree() {
    laneIsFree = true
    proceed()
  }

  private func proceed() {
    guard isReceived, laneIsFree else { return }
    guard isRepeated else { return begin() }
    // It came again. What was done is told by the marks; where the command was closed nothing is left to do.
    term.read([Request("GET", term.keys.mark(command.id.text))]) { [self] replies in
      if let found = replies[0].bytes.flatMap({ CommandMark($0) }) { mark = found }
      guard mark.closed == nil else { return acknowledge() }
      begin()
    }
  }

  private func begin() {
    guard case .undo(let id) = instruction else { return next() }
    Undoing.read(id, term) { [self] result in
      switch result {
      case .success(let found):
        undoing = found
        targets = found.targets
        mark.targets = targets
        next()
      case .failure(let refusal): close(.rejected, refusal.reason)
      }
    }
  }

  // MARK: Targets

  private func next() {
    guard position < targets.count else { return close() }
    let target = targets[position]
    let judged = undoing?.instruction ?? instruction
    Situation.read(target, mark: term.keys.mark(command.id, target), for: judged, in: term) { [self] situation in
      guard situation.mark == nil else { return passOver(target, situation) }
      guard let undoing else { return act(on: target, situation, undone: nil) }
      term.read([Request("GET", term.keys.mark(undoing.id, target))]) { [self] replies in
        act(on: target, situation, undone: replies[0].bytes.flatMap { TargetMark($0) })
      }
    }
  }

  /// An earlier delivery has dealt with this one.
  private func passOver(_ target: AgentID, _ situation: Situation) {
    guard let mark = situation.mark else { return }
    note(target, mark.phase, mark.detail, isTold: mark.isTold)
    next()
  }

  private func act(on target: AgentID, _ situation: Situation, undone: TargetMark?) {
    do throws(Refusal) {
      let change = try decide(target, situation, undone)
      // A dry run is decided in full, so that it tells what would be refused.
      guard !command.isDryRun else { return leave(target, .skipped, "dry_run") }
      carryOut(change, on: target, situation)
    } catch {
      leave(target, .failed, error.reason)
    }
  }

  private func decide(_ target: AgentID, _ situation: Situation, _ undone: TargetMark?) throws(Refusal) -> Change {
    guard term.now <= command.expiresAt else { throw Refusal("it expired before it was run") }
    if let seen = command.observed[target] { try compare(seen, with: situation.record) }
    let scene = Scene(
      target: target, record: situation.record, alert: situation.alert, blockedUntil: situation.blockedUntil,
      knownBackup: term.knownBackup(target), commandID: command.id, operator: command.operator, now: term.now,
      restartLimit: term.options.restartLimit)
    guard let undoing else { return try Change.plan(instruction, scene) }
    guard let undone, undone.phase == .succeeded else { throw Refusal("nothing was done to it") }
    return try Change.inverse(of: undoing.instruction, undone, scene)
  }

  private func compare(_ seen: Command.Observation, with record: AgentRecord) throws(Refusal) {
    guard seen.state != record.state || seen.version != record.version else { return }
    throw Refusal(
      "it has changed since: seen \(seen.state.rawValue), version \(seen.version); "
        + "now \(record.state.rawValue), version \(record.version)")
  }

  private func carryOut(_ change: Change, on target: AgentID, _ situation: Situation) {
    let keys = term.keys
    let now = term.now
    var step = Step()
    step.require("GET", keys.mark(command.id, target), is: [])
    situation.require(for: target, change, keys: keys, in: &step)
    var remembered = TargetMark(phase: .succeeded, detail: change.detail)
    remembered.before = situation.record
    remembered.blockedUntil = situation.blockedUntil
    remembered.isTold = change.control != nil
    step.change("SET", keys.mark(command.id, target), remembered.encoded, "PX", HandlerOptions.marksStay.milliseconds)
    let after = change.write(
      to: &step, target: target, version: situation.record.version, origin: command.id.text, author: command.operator,
      now: now, keys: keys)
    let before = after == nil ? nil : situation.record
    if target != .none || change.alert != nil {
      step.add(
        to: keys.audit,
        line(.succeeded, target, change.detail, before: before, after: after, alert: change.alert, at: now))
    }
    finish(&step, target, .succeeded, change.detail, isTold: change.control != nil)
    term.run(step, carrying: change) { [self] in settle($0, target) }
  }

  /// Leaves a target as it is, and says why.
  private func leave(_ target: AgentID, _ phase: AuditLine.Phase, _ detail: String) {
    var step = Step()
    step.require("GET", term.keys.mark(command.id, target), is: [])
    let remembered = TargetMark(phase: phase, detail: detail)
    step.change(
      "SET", term.keys.mark(command.id, target), remembered.encoded, "PX", HandlerOptions.marksStay.milliseconds)
    if target != .none { step.add(to: term.keys.audit, line(phase, target, detail)) }
    finish(&step, target, phase, detail, isTold: false)
    term.run(step) { [self] in settle($0, target) }
  }

  /// Notes a target's outcome, and adds the closing to the step of the last one.
  private func finish(
    _ step: inout Step, _ target: AgentID, _ phase: AuditLine.Phase, _ detail: String, isTold: Bool
  ) {
    note(target, phase, detail, isTold: isTold)
    if position == targets.count { addClosing(to: &step) }
  }

  private func note(_ target: AgentID, _ phase: AuditLine.Phase, _ detail: String, isTold: Bool) {
    outcomes.append((target, phase, detail))
    if isTold, !mark.told.contains(target) { mark.told.append(target) }
    position += 1
  }

  private func settle(_ outcome: StepOutcome, _ target: AgentID) {
    switch outcome {
    case .done:
      attempts = 0
      if position == targets.count { finished() } else { next() }
    case .refused:
      // Something changed between reading and acting: look again.
      takeBack(target)
      attempts += 1
      if attempts < 20 { next() } else { leave(target, .failed, "it kept changing; send the command again") }
    case .failed(let error):
      takeBack(target)
      if error.isPassing || attempts > 0 {
        retry(error) { self.next() }
      } else {
        attempts += 1
        leave(target, .failed, "Redis refused the step: \(error)")
      }
    case .over: break
    }
  }

  private func takeBack(_ target: AgentID) {
    outcomes.removeLast()
    mark.told.removeAll { $0 == target }
    mark.closed = nil
    position -= 1
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
