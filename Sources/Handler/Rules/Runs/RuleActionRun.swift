import Automation
import Execution
import FleetModel
import Logging
import Redis
import Wire

/// The next action of a rule's run: its effect, its end in the schedule and its successor there are one transaction, so
/// that the chain goes on wherever a handler ends, and nothing in it is done twice.
///
/// ```
/// action 0 ─▶ action 1 ─▶ … ─▶ verify ─┬─ holds ─▶ undo 0 ─▶ …
///                                      └─ does not ─▶ else 0 ─▶ …
/// ```
///
/// A failure that stops it leads to `else` at once, or to a person if there is none.
final class RuleActionRun: TargetRunDelegate {
  let session: LeaseSession
  let run: String
  private let part: RunRecord.Part
  private let place: Int
  let target: AgentID
  let member: [UInt8]
  let score: [UInt8]
  private let finished: () -> Void
  /// Leaves it to another time.
  private let postponed: () -> Void
  var record: RunRecord?
  /// What has become of the actions before this one, where people are to be told.
  private var outcomes: [IdempotencyRecord?] = []
  private var instruction = Instruction.resume
  var patience = RetryPolicy()
  var hasGivenUp = false
  /// What the switch says, where it lets no further action begin.
  private var stoppedBy: AutomationMode?
  /// The switch as it was read, while the action may only begin if it still stands so.
  private var automation: [UInt8]?
  /// Whether the agent stood in for nobody when that was read, and nothing has been done since.
  private var isAlone = false
  /// Whether a pause that is not done leaves the agent paused all the same.
  private var keepsPlace = true

  /// - Parameter target: the agent whose event it is about, in whose lane it runs.
  init(
    run: String, _ part: RunRecord.Part, _ place: Int, target: AgentID, member: [UInt8], score: [UInt8],
    session: LeaseSession,
    finished: @escaping () -> Void, postponed: @escaping () -> Void
  ) {
    self.run = run
    self.part = part
    self.place = place
    self.target = target
    self.member = member
    self.score = score
    self.session = session
    self.finished = finished
    self.postponed = postponed
  }

  func begin() {
    session.read([Request("GET", session.keys.mark(run)), Request("GET", session.keys.automation)]) { [self] replies in
      guard let record = replies[0].bytes.flatMap({ RunRecord($0) }), place < record.ruleActions(of: part).count else {
        return end(TargetOutcome(phase: .skipped, detail: "nothing is remembered of the run"))
      }
      self.record = record
      let ruleAction = record.ruleActions(of: part)[place]
      let mode = replies[1].text.flatMap(AutomationMode.init(rawValue:)) ?? .dry
      // What was done is taken back whatever the switch says.
      if part == .undo { return takeBack(ruleAction, record) }
      guard mode != .on else {
        automation = replies[1].bytes
        return begin(ruleAction, record)
      }
      automation = nil
      skip(ruleAction, record, mode)
    }
  }

  /// Takes back what was done: where the action that it is the opposite of was not, somebody else's would be taken
  /// back.
  private func takeBack(_ ruleAction: PlannedAction, _ record: RunRecord) {
    let places = record.ruleActions.indices.filter { ruleAction.takesBack(record.ruleActions[$0]) }
    guard places.isEmpty || !record.done.isDisjoint(with: places) else {
      return end(TargetOutcome(phase: .skipped, detail: "there is nothing to take back"))
    }
    begin(ruleAction, record)
  }

  /// Leaves an action alone, and those after it, since automation was switched off; one that had begun comes to its
  /// end.
  private func skip(_ ruleAction: PlannedAction, _ record: RunRecord, _ mode: AutomationMode) {
    session.read([
      session.keys.mark(id, ruleAction.target).get, Request("HGETALL", session.keys.agent(ruleAction.target)),
    ]) {
      [self] replies in
      guard replies[0].mark == nil else { return begin(ruleAction, record) }
      keepsPlace = AgentRecordCoding.decode(fields: replies[1].pairs).state == .paused
      stoppedBy = mode
      end(TargetOutcome(phase: .skipped, detail: "automation is \(mode.rawValue)"))
    }
  }

  func begin(_ ruleAction: PlannedAction, _ record: RunRecord) {
    if place > 0, outcomes.isEmpty, ruleAction.kind == .action(.notify) || isLast(record) {
      return readOutcomes(record) { [self] in begin(ruleAction, record) }
    }
    switch ruleAction.kind {
    // Whether its alert is open stands in events that may not have been read again yet.
    case .action(.notify) where !session.hasReadEvents: postponed()
    case .action(.pause) where !isAlone, .action(.restart) where !isAlone: lookWhetherAlone(ruleAction)
    case .action(let action): act(action, ruleAction, record)
    case .report(let name): writeReport(name, ruleAction, record)
    case .advice(let words): end(TargetOutcome(phase: .skipped, detail: "advice: \(words)"))
    }
  }

  /// Whether its end is the run's.
  func isLast(_ record: RunRecord) -> Bool {
    part == .ruleActions && place + 1 == record.ruleActions.count && record.verifyAfter == nil
  }

  /// A backup may have become needed since it was decided.
  private func lookWhetherAlone(_ ruleAction: PlannedAction) {
    let requests = [
      Request("SMEMBERS", session.keys.standIns(of: ruleAction.target).complete),
      session.keys.mark(id, ruleAction.target).get,
      Request("HGETALL", session.keys.agent(ruleAction.target)),
    ]
    session.read(requests) { [self] replies in
      guard let record, case .action(let action) = ruleAction.kind else { return }
      keepsPlace = AgentRecordCoding.decode(fields: replies[2].pairs).state == .paused
      // What has begun is brought to its end.
      guard replies[1].mark == nil else { return act(action, ruleAction, record) }
      if let other = replies[0].elements?.compactMap(\.bytes).first {
        return end(TargetOutcome(phase: .skipped, detail: "guarded: it stands in for \(AgentID(bytes: other))"))
      }
      isAlone = true
      act(action, ruleAction, record)
    }
  }

  private func act(_ action: Action, _ ruleAction: PlannedAction, _ record: RunRecord) {
    do throws(Refusal) {
      instruction = try InstructionReader.read(command(action, ruleAction, record))
      TargetRunner(ruleAction.target, of: self).begin()
    } catch {
      end(TargetOutcome(phase: .skipped, detail: error.reason))
    }
  }

  private func readOutcomes(_ record: RunRecord, _ completion: @escaping () -> Void) {
    let requests = record.ruleActions(of: part)[..<place].enumerated().map { place, ruleAction in
      session.keys.mark(RunRecord.id(of: run, part, place), ruleAction.target).get
    }
    session.read(requests) { [self] replies in
      outcomes = replies.map { $0.mark.flatMap { IdempotencyRecord($0) } }
      completion()
    }
  }

  private func command(_ action: Action, _ ruleAction: PlannedAction, _ record: RunRecord) -> Command {
    Command(
      id: id, action: action, targets: ruleAction.target == .none ? [] : [ruleAction.target],
      arguments: ruleAction.arguments,
      operator: author, reason: record.reason, issuedAt: session.now, expiresAt: session.now)
  }

  // MARK: What its target asks

  var id: CommandID { RunRecord.id(of: run, part, place) }
  var author: String { "rule/\(record?.rule ?? "")" }
  var title: String { ruleAction.map { Action(rawValue: $0.name)?.title ?? $0.name } ?? "an action" }
  var reason: String { record?.reason ?? "" }
  var judged: Instruction { instruction }
  var refusedPhase: AuditLine.Phase { .skipped }
  var chatGroup: String? { Notice.escalations }
  var isDryRun: Bool { false }

  func plan(_ target: AgentID, _ snapshot: TargetSnapshot, at instant: Instant) throws(Refusal) -> Change {
    if case .notify(let channel, let text) = instruction, let record {
      return try tell(channel, text, record, at: instant)
    }
    let context = PlanningContext(
      target: target, snapshot: snapshot, knownBackup: session.fleet?.backup(of: target), commandID: id,
      operator: author,
      reason: reason, now: instant, restartLimit: session.options.restartLimit, channels: session.options.notify.names,
      makesDashboards: session.options.makesDashboards)
    keepsPlace = snapshot.record.state == .paused
    let bounds = StandingRestrictions(target: target, snapshot: snapshot, session: session, now: instant)
    return bounds.keepingPause(try Change.plan(try bounds.bounded(instruction), context))
  }

  private func tell(
    _ channel: String, _ text: String, _ record: RunRecord, at instant: Instant
  ) throws(Refusal) -> Change {
    // What takes back tells of no trouble; and of one that is over already nobody would tell the end.
    let alert = part == .undo ? nil : record.alert.map { AlertID($0, record.agent) }
    let notice = try RuleNotice.notice(
      channel, text, record, RuleNotice.words(of: record, part, outcomes), channels: session.options.notify.names,
      of: alert.flatMap { session.fleet?.isOpen($0) == true ? $0 : nil }, at: instant)
    guard !session.channels(for: notice).isEmpty else { throw Refusal("no route leads to a channel that takes it") }
    return Change(notices: [notice], detail: "on its way to \(notice.to.first ?? "whom the routes name")")
  }

  func check(in transaction: inout Transaction, isLast: Bool) {
    transaction.require("ZSCORE", session.keys.schedule, member, is: score, else: .obsolete)
    if isAlone, let ruleAction {
      let key = session.keys.standIns(of: ruleAction.target).complete
      transaction.require("SCARD", key, is: Array("0".utf8), else: .notAllowed)
    }
    if let automation { transaction.require("GET", session.keys.automation, is: automation, else: .notAllowed) }
  }

  /// What has begun comes to its end.
  func intentWritten() { (isAlone, automation) = (false, nil) }

  /// Somebody needs the agent, or has turned the switch, since that was looked at: it is looked at again.
  func beginAnew(_ target: AgentID) {
    (isAlone, automation) = (false, nil)
    begin()
  }

  func takeBack(_ target: AgentID) {}

  func settled(_ target: AgentID, _ outcome: TargetOutcome) {
    session.tell(.schedule)
    finished()
  }

  func complete(_ target: AgentID, _ outcome: TargetOutcome, in transaction: inout Transaction) {
    guard let record else { return }
    var mark = CommandRecord(action: ruleAction?.name ?? "", targets: [target], operator: author)
    mark.reason = reason
    mark.closed = outcome.phase
    mark.told = outcome.wasNotified ? [target] : []
    transaction.change("SET", session.keys.mark(id.text), mark.encoded, "PX", HandlerOptions.marksStay.milliseconds)
    // Without a target nothing has been said of it yet.
    if target == .none {
      transaction.add(
        to: session.keys.audit, line(LineDraft(phase: outcome.phase, target: target, detail: outcome.detail)))
    }
    goOn(after: outcome, record, in: &transaction)
  }

  var ruleAction: PlannedAction? {
    record.map { $0.ruleActions(of: part) }.flatMap { place < $0.count ? $0[place] : nil }
  }

  /// Takes this action out of the schedule, and puts in what comes next.
  func goOn(after outcome: TargetOutcome, _ record: RunRecord, in transaction: inout Transaction) {
    transaction.change("ZREM", session.keys.schedule, member)
    let chain = RunContinuation(
      run: run, part: part, place: place, lane: target, record: record, session: session, earlier: outcomes,
      stoppedBy: stoppedBy, keepsPlace: keepsPlace)
    chain.goOn(after: outcome, in: &transaction)
  }

  func line(_ draft: LineDraft) -> [UInt8] {
    AuditCoding.encode(
      AuditLine(
        origin: .run(run), rule: record?.rule, phase: draft.phase, action: ruleAction?.name ?? AuditLine.wholeRun,
        target: draft.target,
        operator: author, reason: reason, detail: draft.detail, before: draft.before, after: draft.after,
        alert: draft.alert, handler: session.options.id, at: draft.at ?? session.now,
        source: String(decoding: session.keys.events, as: UTF8.self)))
  }
}
