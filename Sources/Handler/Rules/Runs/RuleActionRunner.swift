import Automation
import Execution
import FleetModel
import Logging
import Redis
import Wire

/// Carries out what a ``RuleActionRun`` decides: the effect of an action, its end in the schedule and its successor there
/// are one transaction, so that the chain goes on wherever a handler ends, and nothing in it is done twice.
///
/// ```
/// action 0 ─▶ action 1 ─▶ … ─▶ verify ─┬─ holds ─▶ undo 0 ─▶ …
///                                      └─ does not ─▶ else 0 ─▶ …
/// ```
///
/// A failure that stops it leads to `else` at once, or to a person if there is none.
final class RuleActionRunner: TargetRunDelegate {
  let session: LeaseSession
  private let name: String
  private let part: RunRecord.Part
  private let place: Int
  private let target: AgentID
  private let member: [UInt8]
  private let score: [UInt8]
  private let finished: () -> Void
  /// Leaves it to another time.
  private let postponed: () -> Void
  private var run: RuleActionRun
  /// What has become of the actions before this one, if people are to be told.
  private var outcomes: [IdempotencyRecord?] = []
  private var instruction = Instruction.resume
  private var policy = RetryPolicy()

  /// - Parameters:
  ///   - run: the rule's run, by its name.
  ///   - target: the agent whose event it is about, in whose lane it runs.
  init(
    run: String, _ part: RunRecord.Part, _ place: Int, target: AgentID, member: [UInt8], score: [UInt8],
    session: LeaseSession, finished: @escaping () -> Void, postponed: @escaping () -> Void
  ) {
    name = run
    self.part = part
    self.place = place
    self.target = target
    self.member = member
    self.score = score
    self.session = session
    self.finished = finished
    self.postponed = postponed
    self.run = RuleActionRun(run: run, part, place)
  }

  func begin() { take(.begun) }

  private func take(_ input: RuleActionRun.Input) {
    for effect in run.take(input, hasReadEvents: session.hasReadEvents) { perform(effect) }
  }

  private func perform(_ effect: RuleActionRun.Effect) {
    switch effect {
    case .read: read()
    case .readTarget: readTarget()
    case .readOutcomes: readOutcomes()
    case .act(let action): act(action)
    case .end(let outcome, let report): end(outcome, report)
    case .drop(let error):
      let line = session.ruleLine(.failed, of: name, rule: record?.rule, reason: reason)
      session.giveUp(member, score, line, error) { [self] in finish() }
    case .log(let error, let isGivenUp):
      let words = "Redis refused a rule's action\(isGivenUp ? "" : "; trying again")"
      session.log(.error, words, ["run": name, "error": error])
    case .wake(let span): session.later(inMilliseconds: span) { [self] in take(.woken) }
    case .postpone: postponed()
    case .finish: finish()
    }
  }

  private func finish() {
    session.tell(.schedule)
    finished()
  }

  // MARK: Reading

  private func read() {
    session.read([Request("GET", session.keys.mark(name)), Request("GET", session.keys.automation)]) { [self] replies in
      let (record, automation) = (replies[0].bytes.flatMap { RunRecord($0) }, replies[1].bytes)
      take(.read(record, automation: automation))
    }
  }

  private func readTarget() {
    guard let ruleAction else { return }
    let requests = [
      session.keys.mark(id, ruleAction.target).get, Request("HGETALL", session.keys.agent(ruleAction.target)),
      Request("SMEMBERS", session.keys.standIns(of: ruleAction.target).complete),
    ]
    session.read(requests) { [self] replies in
      let (mark, agent, standIns) = (replies[0], replies[1], replies[2])
      take(
        .targetRead(
          RuleActionRun.Target(
            hasBegun: mark.mark != nil, isPaused: AgentRecordCoding.decode(fields: agent.pairs).state == .paused,
            standsInFor: standIns.elements?.compactMap(\.bytes).first.map { AgentID(bytes: $0) })))
    }
  }

  private func readOutcomes() {
    let before = record?.ruleActions(of: part).prefix(place) ?? []
    let requests = before.enumerated().map { place, ruleAction in
      session.keys.mark(RunRecord.id(of: name, part, place), ruleAction.target).get
    }
    session.read(requests) { [self] replies in
      outcomes = replies.map { $0.mark.flatMap { IdempotencyRecord($0) } }
      take(.outcomesRead)
    }
  }

  // MARK: Its end without a target

  private func end(_ outcome: TargetOutcome, _ report: String?) {
    var transaction = Transaction()
    check(in: &transaction, isLast: true)
    if let report { transaction.add(to: session.keys.reports, encoded(report)) }
    if let record {
      let line = LineDraft(phase: outcome.phase, target: subject, detail: outcome.detail)
      transaction.add(self.line(line), session.keys)
      if let ruleAction {
        let mark = IdempotencyRecord(phase: outcome.phase, detail: outcome.detail)
        let stay = HandlerOptions.marksStay.milliseconds
        transaction.change("SET", session.keys.mark(id, ruleAction.target), mark.encoded, "PX", stay)
      }
      goOn(after: outcome, record, in: &transaction)
    } else {
      transaction.change("ZREM", session.keys.schedule, member)
    }
    session.run(transaction) { [self] result in
      switch result {
      case .done: take(.committed)
      case .conflict: take(.notCommitted(.obsolete))
      case .fenced: take(.notCommitted(.fenced))
      case .failed(let error): take(.notCommitted(.refused(error.text, isFinal: !policy.allows(error))))
      }
    }
  }

  /// The agent that the closing line names: an action may have another target than the agent of the run's event.
  private var subject: AgentID {
    guard let ruleAction, ruleAction.target != .none else { return target }
    return ruleAction.target
  }

  private func encoded(_ report: String) -> [UInt8] {
    var data = JSONObject(texts: ruleAction?.arguments ?? [:])
    data["rule"] = .string(record?.rule ?? "")
    data["run_id"] = .string(name)
    data["event"] = .string(record?.event ?? "")
    data["at"] = .string(ISO8601.format(session.now))
    let json: JSONValue = [
      "entity_id": .string(record?.agent.bytes ?? []), "event_type": .string("report.\(report)"), "data": .object(data),
    ]
    return json.encoded
  }

  // MARK: Its target

  private func act(_ action: Action) {
    guard let ruleAction else { return }
    let command = Command(
      id: id, action: action, targets: ruleAction.target == .none ? [] : [ruleAction.target],
      arguments: ruleAction.arguments, operator: author, reason: reason, issuedAt: session.now, expiresAt: session.now)
    do throws(Refusal) {
      instruction = try InstructionReader.read(command)
      TargetRunner(ruleAction.target, of: self).begin()
    } catch {
      take(.instructionRefused(error.reason))
    }
  }

  private var record: RunRecord? { run.record }
  private var ruleAction: PlannedAction? { run.ruleAction }

  var id: CommandID { RunRecord.id(of: name, part, place) }
  var origin: String { name }
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
      target: target, snapshot: snapshot, knownBackup: session.fleet?.backup(of: target),
      knownVersion: session.fleet?.version(of: target), commandID: id,
      operator: author, reason: reason, now: instant, restartLimit: session.options.restartLimit,
      channels: session.options.notify.names, makesDashboards: session.options.makesDashboards)
    run.keepsPlace = snapshot.record.state == .paused
    if let record, OwnRule(rawValue: record.rule) != nil {
      try HandCheck(target: target, snapshot: snapshot, now: instant).allow(instruction, asksState: true)
    }
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
    if run.guards.isAlone, let ruleAction {
      let key = session.keys.standIns(of: ruleAction.target).complete
      transaction.require("SCARD", key, is: Array("0".utf8), else: .notAllowed)
    }
    if let automation = run.guards.automation {
      transaction.require("GET", session.keys.automation, is: automation, else: .notAllowed)
    }
  }

  func intentWritten() { take(.intentWritten) }
  /// Somebody needs the agent, or has turned the switch, since that was looked at: it is looked at again.
  func beginAnew(_ target: AgentID) { take(.setBack) }
  func takeBack(_ target: AgentID) {}
  func settled(_ target: AgentID, _ outcome: TargetOutcome) { take(.settled) }

  func complete(_ target: AgentID, _ outcome: TargetOutcome, in transaction: inout Transaction) {
    guard let record else { return }
    var mark = CommandRecord(action: ruleAction?.name ?? "", targets: [target], operator: author)
    mark.reason = reason
    mark.closed = outcome.phase
    mark.told = outcome.wasNotified ? [target] : []
    transaction.change("SET", session.keys.mark(id.text), mark.encoded, "PX", HandlerOptions.marksStay.milliseconds)
    // Without a target nothing has been said of it yet.
    if target == .none {
      let line = LineDraft(phase: outcome.phase, target: target, detail: outcome.detail)
      transaction.add(self.line(line), session.keys)
    }
    goOn(after: outcome, record, in: &transaction)
  }

  /// Takes this action out of the schedule, and puts in what comes next.
  private func goOn(after outcome: TargetOutcome, _ record: RunRecord, in transaction: inout Transaction) {
    transaction.change("ZREM", session.keys.schedule, member)
    let chain = RunContinuation(
      run: name, part: part, place: place, lane: target, record: record, session: session, earlier: outcomes,
      stoppedBy: run.stoppedBy, keepsPlace: run.keepsPlace)
    chain.goOn(after: outcome, in: &transaction)
  }

  func line(_ draft: LineDraft) -> AuditLine {
    AuditLine(
      origin: .run(name), rule: record?.rule, phase: draft.phase, action: ruleAction?.name ?? AuditLine.wholeRun,
      target: draft.target, operator: author, reason: reason, detail: draft.detail, before: draft.before,
      after: draft.after, alert: draft.alert, handler: session.options.id, at: draft.at ?? session.now,
      source: String(decoding: session.keys.events, as: UTF8.self))
  }
}
