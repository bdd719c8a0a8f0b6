import Automation
import FleetModel
import Redis
import Wire

/// What one rule makes of one event, and the step that writes it.
struct RuleVerdict {
  let rule: Rule
  let occasion: Occasion
  let decision: Decision
  /// Whether it was decided before.
  let isDecided: Bool
  private let marks: RuleMarks
  private let mode: AutomationMode
  private let automation: [UInt8]
  private let alertBytes: [UInt8]
  private let pausedBytes: [UInt8]
  private let role: String
  private let actions: Guarding.Result
  private let undo: [PlannedDeed]
  private let otherwise: [PlannedDeed]
  /// How bad the agent's worst alert is.
  private let severity: Severity
  private let term: Term
  private let now: Instant

  /// - Parameter replies: mode, record, paused agents of the role, whom it stands in for, its escalation.
  init(
    rule: Rule, occasion: Occasion, marks: RuleMarks, replies: [Reply], census: Census, mode: AutomationMode,
    term: Term, agent: Agent?, severity: Severity, silence: TimeSpan?, feedback: [Incident]
  ) {
    (self.rule, self.occasion, self.marks, self.mode, self.term) = (rule, occasion, marks, mode, term)
    now = term.now
    self.severity = severity
    automation = replies[0].bytes ?? []
    pausedBytes = Array("\(replies[2].integer ?? 0)".utf8)
    alertBytes = replies[4].bytes ?? []
    role = census.role(of: occasion.agent)
    isDecided = marks.isDecided
    let record = AgentRecordCoding.decode(fields: replies[1].pairs)
    let facts = OccasionFacts(
      occasion: occasion, agent: agent, record: record, census: census, knownBackup: term.knownBackup(occasion.agent),
      now: now, feedback: feedback)
    let guarding = Guarding(
      guards: term.options.runbook.guards,
      situation: Guarding.Situation(
        census: census, agent: agent, paused: Int(replies[2].integer ?? 0),
        standsInFor: replies[3].bytes.map { AgentID(bytes: $0) }, pauses: marks.pauses(at: now),
        silence: silence))
    actions = guarding.filter(rule.deeds.planned(for: occasion.agent, facts), for: occasion.agent)
    undo = rule.undo.planned(for: occasion.agent, facts)
    otherwise = rule.verification?.otherwise.planned(for: occasion.agent, facts) ?? []
    let circumstances = Circumstances(
      mode: mode, now: now, age: now - occasion.receivedAt, actWithin: term.options.actWithin,
      guarded: guarding.fleetFault)
    decision = Planner(rule, marks.memory(at: now), circumstances).decide(rule.when.judge(facts))
  }

  /// What is written; nil where nothing is.
  func step() -> (Step, Change)? {
    switch decision.course {
    case .hold(let hold): held(hold)
    case .dryRun: dry()
    case .act: acted()
    case .propose: proposed()
    }
  }

  private func opened() -> Step {
    var step = Step()
    step.require("GET", term.keys.automation, is: automation)
    marks.require(in: &step)
    return step
  }

  // MARK: Nothing is done

  /// What is remembered of it; that it is told is not this step's.
  private func held(_ hold: Decision.Hold) -> (Step, Change)? {
    switch hold {
    case .notMet, .off, .stale, .notCleared, .limited, .guarded: return nil
    case .counting, .throttled:
      guard rule.countsAsking else { return nil }
      var step = opened()
      marks.addOccurrence(at: now, to: &step)
      return (step, Change())
    }
  }

  private func dry() -> (Step, Change)? {
    var step = opened()
    marks.addOccurrence(at: now, to: &step)
    marks.addAct(record, pauses: false, at: now, to: &step)
    add(.skipped, "dry_run: would \(actions.deeds.words)", to: &step)
    for refused in actions.refused { add(refused, to: &step) }
    return (step, Change())
  }

  // MARK: Something is

  private var record: RunRecord {
    var record = RunRecord(
      rule: rule.id, agent: occasion.agent, event: "\(occasion.entry)", reason: decision.reason, deeds: actions.deeds)
    (record.severity, record.endsByAlert) = (severity, rule.isAboutAlerts)
    record.verifyAfter = rule.verification?.after
    (record.undo, record.otherwise) = (undo, otherwise)
    return record
  }

  /// What both beginnings have: what is remembered, and the agent's place among those that rules have paused.
  private func begun() -> Step {
    var step = opened()
    marks.addOccurrence(at: now, to: &step)
    let pause = actions.deeds.first { $0.kind == .action(.pause) && $0.target == occasion.agent }
    marks.addAct(record, pauses: pause != nil, at: now, to: &step)
    guard let pause, let span = TimeSpan(pause.arguments["for"] ?? "15m") else { return step }
    let key = term.keys.mark("paused/\(role)")
    step.require("ZCOUNT", key, "(\(now.milliseconds)", "+inf", is: pausedBytes)
    step.change("ZADD", key, now + span, occasion.agent.bytes)
    step.change("ZREMRANGEBYSCORE", key, "-inf", now)
    step.change("PEXPIRE", key, HandlerOptions.marksStay.milliseconds)
    return step
  }

  private func acted() -> (Step, Change)? {
    guard !actions.deeds.isEmpty else { return refusedAll() }
    var step = begun()
    step.change("ZADD", term.keys.schedule, now, Job(.deed(run: run, .deeds, 0), occasion.agent).encoded)
    add(.started, actions.deeds.words, to: &step)
    for refused in actions.refused { add(refused, to: &step) }
    let reasons = actions.refused.map { "\($0.deed): \($0.reason)" }.joined(separator: "; ")
    let change = called(actions.callsPerson, "not done: \(reasons)", &step)
    return (step, change)
  }

  /// Guards have left nothing of it.
  private func refusedAll() -> (Step, Change)? {
    guard !actions.refused.isEmpty, marks.held != .guarded else { return nil }
    var step = opened()
    marks.addHold(.guarded, for: RuleEngine.holdSpan, to: &step)
    for refused in actions.refused { add(refused, to: &step) }
    let reasons = actions.refused.map { "\($0.deed): \($0.reason)" }.joined(separator: "; ")
    let change = called(actions.callsPerson, "not done: \(reasons)", &step)
    return (step, change)
  }

  private func proposed() -> (Step, Change)? {
    guard !actions.deeds.isEmpty else { return refusedAll() }
    var step = begun()
    let steps = actions.deeds.map { deed in
      if case .advice(let words) = deed.kind {
        return Proposal.Step(action: "advice", target: deed.target, arguments: ["text": words])
      }
      return Proposal.Step(action: deed.name, target: deed.target, arguments: deed.arguments)
    }
    var proposal = Proposal(
      id: ProposalID(run), rule: rule.id, agent: occasion.agent, steps: steps, reason: decision.reason, digest: "",
      madeAt: now, expiresAt: now + rule.approval.stands)
    proposal.digest = Digest.sha256(ProposalCoding.encode(proposal))
    step.change("HSET", term.keys.proposals, run, ProposalCoding.encode(proposal))
    step.change("ZADD", term.keys.schedule, proposal.expiresAt, Job(.proposalEnd(proposal.id), occasion.agent).encoded)
    add(.proposed, actions.deeds.words, proposal: proposal, to: &step)
    for refused in actions.refused { add(refused, to: &step) }
    return (step, Change())
  }

  private var run: String { occasion.run(of: rule) }

  // MARK: Lines

  private func add(_ phase: AuditLine.Phase, _ detail: String, proposal: Proposal? = nil, to step: inout Step) {
    let line = AuditLine(
      origin: .run(run), rule: rule.id, phase: phase, action: "rule", target: occasion.agent,
      operator: "rule/\(rule.id)", reason: decision.reason, detail: detail, proposal: proposal,
      handler: term.options.id, at: now, source: String(decoding: term.keys.events, as: UTF8.self))
    step.add(to: term.keys.audit, AuditCoding.encode(line))
  }

  private func add(_ refused: (deed: PlannedDeed, reason: String), to step: inout Step) {
    add(.skipped, "guarded: \(refused.deed): \(refused.reason)", to: &step)
  }

  /// Calls a person: opens the agent's escalation, or counts it up.
  private func called(_ isCalled: Bool, _ words: String, _ step: inout Step) -> Change {
    guard isCalled else { return Change() }
    return term.callPerson(
      AlertID(.escalation, occasion.agent), stored: alertBytes, "rule \(rule.id): \(words)",
      to: rule.limits.escalateTo, in: &step)
  }
}

extension Array where Element == PlannedDeed {
  /// `pause agent-7 for=15m, notify …`.
  fileprivate var words: String { isEmpty ? "nothing" : map(\.description).joined(separator: ", ") }
}
