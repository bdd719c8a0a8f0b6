import Automation
import FleetModel
import Redis
import Wire

/// The next action of a rule's run: its effect, its end in the schedule and its successor there are one step, so that the
/// chain goes on wherever a handler ends, and nothing in it is done twice.
///
/// ```
/// deed 0 ─▶ deed 1 ─▶ … ─▶ verify ─┬─ holds ─▶ undo 0 ─▶ …
///                                  └─ does not ─▶ else 0 ─▶ …
/// ```
///
/// A failure that stops it leads to `else` at once, or to a person where there is none.
final class RuleRun: Errand {
  let term: Term
  private let run: String
  private let part: RunRecord.Part
  private let place: Int
  private let target: AgentID
  private let member: [UInt8]
  private let score: [UInt8]
  private let finished: () -> Void
  private var record: RunRecord?
  /// What has become of the actions before this one, where people are to be told.
  private var outcomes: [TargetMark?] = []
  private var instruction = Instruction.resume
  private var patience = Patience()
  private var hasGivenUp = false
  /// What the switch says, where it lets no further action begin.
  private var stoppedBy: AutomationMode?

  /// - Parameter target: the agent whose event it is about, in whose lane it runs.
  init(
    run: String, _ part: RunRecord.Part, _ place: Int, target: AgentID, member: [UInt8], score: [UInt8], term: Term,
    finished: @escaping () -> Void
  ) {
    self.run = run
    self.part = part
    self.place = place
    self.target = target
    self.member = member
    self.score = score
    self.term = term
    self.finished = finished
  }

  func begin() {
    term.read([Request("GET", term.keys.mark(run)), Request("GET", term.keys.automation)]) { [self] replies in
      guard let record = replies[0].bytes.flatMap({ RunRecord($0) }), place < record.deeds(of: part).count else {
        return end(TargetOutcome(phase: .skipped, detail: "nothing is remembered of the run"))
      }
      self.record = record
      let deed = record.deeds(of: part)[place]
      let mode = replies[1].text.flatMap(AutomationMode.init(rawValue:)) ?? .dry
      // What was done is taken back whatever the switch says.
      guard mode != .on, part != .undo else { return begin(deed, record) }
      skip(deed, record, mode)
    }
  }

  /// Leaves an action alone, and those after it, since automation was switched off; one that had begun comes to its end.
  private func skip(_ deed: PlannedDeed, _ record: RunRecord, _ mode: AutomationMode) {
    term.read([Request("GET", term.keys.mark(id, deed.target))]) { [self] replies in
      guard replies[0].bytes == nil else { return begin(deed, record) }
      stoppedBy = mode
      end(TargetOutcome(phase: .skipped, detail: "automation is \(mode.rawValue)"))
    }
  }

  private func begin(_ deed: PlannedDeed, _ record: RunRecord) {
    switch deed.kind {
    case .action(.notify) where place > 0 && outcomes.isEmpty:
      readOutcomes(record) { [self] in begin(deed, record) }
    case .action(let action):
      do throws(Refusal) {
        instruction = try InstructionReader.read(command(action, deed, record))
        TargetRun(deed.target, of: self).begin()
      } catch {
        end(TargetOutcome(phase: .skipped, detail: error.reason))
      }
    case .report(let name): writeReport(name, deed, record)
    case .advice(let words): end(TargetOutcome(phase: .skipped, detail: "advice: \(words)"))
    }
  }

  private func readOutcomes(_ record: RunRecord, _ completion: @escaping () -> Void) {
    let requests = record.deeds(of: part)[..<place].enumerated().map { place, deed in
      Request("GET", term.keys.mark(RunRecord.id(of: run, part, place), deed.target))
    }
    term.read(requests) { [self] replies in
      outcomes = replies.map { $0.bytes.flatMap { TargetMark($0) } }
      completion()
    }
  }

  private func command(_ action: Action, _ deed: PlannedDeed, _ record: RunRecord) -> Command {
    Command(
      id: id, action: action, targets: deed.target == .none ? [] : [deed.target], arguments: deed.arguments,
      operator: author, reason: record.reason, issuedAt: term.now, expiresAt: term.now)
  }

  // MARK: What its target asks

  var id: CommandID { RunRecord.id(of: run, part, place) }
  var author: String { "rule/\(record?.rule ?? "")" }
  var reason: String { record?.reason ?? "" }
  var judged: Instruction { instruction }
  var refusedPhase: AuditLine.Phase { .skipped }
  var chatGroup: String? { Notice.escalations }
  var isDryRun: Bool { false }

  func plan(_ target: AgentID, _ situation: Situation, at instant: Instant) throws(Refusal) -> Change {
    if case .notify(let channel, let text) = instruction, let record {
      return try tell(channel, text, record, at: instant)
    }
    let scene = Scene(
      target: target, situation: situation, knownBackup: term.knownBackup(target), commandID: id, operator: author,
      now: instant, restartLimit: term.options.restartLimit, channels: term.options.notify.names,
      makesDashboards: term.options.makesDashboards)
    return try Change.plan(try bounded(instruction, target, situation.record), scene)
  }

  private func tell(
    _ channel: String, _ text: String, _ record: RunRecord, at instant: Instant
  ) throws(Refusal) -> Change {
    // What takes back tells of no trouble; and of one that is over already nobody would tell the end.
    let alert = part == .undo ? nil : record.alert.map { AlertID($0, record.agent) }
    let notice = try RuleNotice.notice(
      channel, text, record, RuleNotice.words(of: record, part, outcomes), channels: term.options.notify.names,
      of: alert.flatMap { term.isOpen($0) ? $0 : nil }, at: instant)
    guard !term.channels(for: notice).isEmpty else { throw Refusal("no route leads to a channel that takes it") }
    return Change(notices: [notice], detail: "on its way to \(notice.to.first ?? "whom the routes name")")
  }

  /// Keeps the number of replicas within the agent's own bounds: judged when it is done, since an earlier action may be
  /// under way when it is decided.
  private func bounded(
    _ instruction: Instruction, _ target: AgentID, _ record: AgentRecord
  ) throws(Refusal) -> Instruction {
    guard case .scale(var scale) = instruction, let replicas = scale.replicas, let bounds = term.knownReplicas(target)
    else { return instruction }
    let present = record.replicas ?? 1
    let wanted =
      switch replicas {
      case .exactly(let count): count
      case .by(let difference): present + difference
      }
    let bounded = min(max(wanted, bounds.lowerBound), bounds.upperBound)
    // One that has more than its most is not to lose any by what was to give it more.
    let isAgainst =
      switch replicas {
      case .exactly: false
      case .by(let difference): (bounded - present).signum() != difference.signum()
      }
    guard bounded != present, !isAgainst else {
      throw Refusal("guarded: it has \(present) replicas, of \(bounds.lowerBound) to \(bounds.upperBound)")
    }
    scale.replicas = .exactly(bounded)
    return .scale(scale)
  }

  func check(in step: inout Step, isLast: Bool) { step.require("ZSCORE", term.keys.schedule, member, is: score) }
  func stepped() {}
  func beginsAnew(_ target: AgentID, failed check: Int?) -> Bool { false }
  func isOver(_ check: Int) -> Bool { check == 1 }
  func takeBack(_ target: AgentID) {}

  func settled(_ target: AgentID, _ outcome: TargetOutcome) {
    term.onSchedule()
    finished()
  }

  func complete(_ target: AgentID, _ outcome: TargetOutcome, in step: inout Step) {
    guard let record else { return }
    var mark = CommandMark(action: deed?.name ?? "", targets: [target], operator: author)
    mark.reason = reason
    mark.closed = outcome.phase
    mark.told = outcome.isTold ? [target] : []
    step.change("SET", term.keys.mark(id.text), mark.encoded, "PX", HandlerOptions.marksStay.milliseconds)
    // Without a target nothing has been said of it yet.
    if target == .none {
      step.add(to: term.keys.audit, line(LineDraft(phase: outcome.phase, target: target, detail: outcome.detail)))
    }
    goOn(after: outcome, record, in: &step)
  }

  private var deed: PlannedDeed? { record.map { $0.deeds(of: part) }.flatMap { place < $0.count ? $0[place] : nil } }

  /// Takes this action out of the schedule, and puts in what comes next.
  private func goOn(after outcome: TargetOutcome, _ record: RunRecord, in step: inout Step) {
    step.change("ZREM", term.keys.schedule, member)
    let isBad = outcome.phase == .failed || outcome.phase == .unknown
    if isBad, deed?.onError == .stop {
      return stop(record, "\(deed?.name ?? "") \(outcome.phase.rawValue): \(outcome.detail)", in: &step)
    }
    if place + 1 < record.deeds(of: part).count, stoppedBy == nil {
      return appoint(.deed(run: run, part, place + 1), at: term.now, in: &step)
    }
    guard part == .deeds else { return }
    if let span = record.verifyAfter { return appoint(.verify(run: run), at: term.now + span, in: &step) }
    if let stoppedBy { return close(.skipped, "stopped: automation is \(stoppedBy.rawValue)", in: &step) }
    close(.succeeded, record.deeds.count == 1 ? "1 action done" : "\(record.deeds.count) actions done", in: &step)
  }

  /// Goes no further. What was done so far stands, so the run is looked at at once: what is to be done where it fails is,
  /// or a person is called.
  private func stop(_ record: RunRecord, _ why: String, in step: inout Step) {
    var record = record
    record.stopped = why
    if part != .deeds { record.otherwise = [] }
    step.change("SET", term.keys.mark(run), record.encoded, "KEEPTTL")
    appoint(.verify(run: run), at: term.now, in: &step)
    close(.failed, "stopped: \(why)", in: &step)
  }

  private func appoint(_ kind: Job.Kind, at due: Instant, in step: inout Step) {
    step.change("ZADD", term.keys.schedule, due, Job(kind, target).encoded)
  }

  private func close(_ phase: AuditLine.Phase, _ detail: String, in step: inout Step) {
    let line = term.ruleLine(phase, of: run, rule: record?.rule, reason: reason, detail: detail)
    step.add(to: term.keys.audit, AuditCoding.encode(line))
  }

  func line(_ draft: LineDraft) -> [UInt8] {
    AuditCoding.encode(
      AuditLine(
        origin: .run(run), rule: record?.rule, phase: draft.phase, action: deed?.name ?? "rule", target: draft.target,
        operator: author, reason: reason, detail: draft.detail, before: draft.before, after: draft.after,
        alert: draft.alert, handler: term.options.id, at: draft.at ?? term.now, source: source))
  }

  private var source: String { String(decoding: term.keys.events, as: UTF8.self) }

  // MARK: What is no command

  /// Ends the action with nothing done to its target.
  private func end(_ outcome: TargetOutcome, adding changes: (inout Step) -> Void = { _ in }) {
    var step = Step()
    check(in: &step, isLast: true)
    changes(&step)
    if let record {
      step.add(to: term.keys.audit, line(LineDraft(phase: outcome.phase, target: target, detail: outcome.detail)))
      goOn(after: outcome, record, in: &step)
    } else {
      step.change("ZREM", term.keys.schedule, member)
    }
    term.run(step) { [self] result in
      switch result {
      case .done, .refused: settled(target, outcome)
      case .over: break
      case .failed(let error):
        guard patience.allows(error) else { return giveUp(outcome, error) }
        term.log(.error, "Redis refused a rule's action; trying again", ["run": run, "error": error.text])
        term.later(inMilliseconds: 1000) { self.begin() }
      }
    }
  }

  /// Says that the action failed, and goes on behind it; ends the chain where not even that can be written.
  private func giveUp(_ outcome: TargetOutcome, _ error: ServerError) {
    let failed = TargetOutcome(phase: .failed, detail: "Redis refused the step: \(error.text)")
    guard hasGivenUp || outcome.phase == .failed else {
      term.log(.error, "Redis refused a rule's action", ["run": run, "error": error.text])
      hasGivenUp = true
      return end(failed)
    }
    let line = term.ruleLine(.failed, of: run, rule: record?.rule, reason: reason)
    term.giveUp(member, score, line, error) { [self] in settled(target, failed) }
  }

  private func writeReport(_ name: String, _ deed: PlannedDeed, _ record: RunRecord) {
    var data = JSONObject(texts: deed.arguments)
    data["rule"] = .string(record.rule)
    data["run_id"] = .string(run)
    data["event"] = .string(record.event)
    data["at"] = .string(ISO8601.format(term.now))
    let json: JSONValue = [
      "entity_id": .string(record.agent.bytes), "event_type": .string("report.\(name)"), "data": .object(data),
    ]
    end(TargetOutcome(phase: .succeeded, detail: "report \(name)")) {
      $0.add(to: term.keys.reports, json.encoded)
    }
  }
}
