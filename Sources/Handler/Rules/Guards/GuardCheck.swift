import Automation
import Execution
import FleetModel

/// Keeps a rule's actions within what no rule may go beyond.
struct GuardCheck {
  /// What is known when the actions are decided.
  struct Input {
    var health: FleetHealth
    var agent: AgentID
    /// The agent's record; nil if it is not known.
    var record: AgentRecord?
    /// The agent that this one stands in for.
    var standsInFor: AgentID?
    /// How often rules have paused it within a day.
    var pauses = 0
    /// How many addresses rules have blocked within an hour.
    var blocks = 0
    /// When rules gave it more last.
    var scaledUpAt: Instant?
    /// Which versions were named worse; nil if the rule rolls nobody back.
    var versions: NamedVersions?
    var now = Instant.epoch

    init(_ health: FleetHealth, _ agent: AgentID) {
      (self.health, self.agent) = (health, agent)
    }

    init(_ facts: RuleFacts, _ ledger: PauseQuota?, _ caps: CapQuota? = nil, _ versions: NamedVersions? = nil) {
      self.init(facts.health, facts.trigger.agent)
      (record, now, self.versions) = (facts.record, facts.now, versions)
      if let ledger { (standsInFor, pauses) = (ledger.standsInFor, ledger.pauses) }
      if let caps { (blocks, scaledUpAt) = (caps.blocks, caps.scaledUpAt) }
    }
  }

  /// What is left of the actions, and what was taken out with the reason.
  struct Result {
    var ruleActions: [PlannedAction] = []
    var refused: [(ruleAction: PlannedAction, reason: String)] = []
    /// What is beyond a cap: a person is asked.
    var proposed: [(ruleAction: PlannedAction, reason: String)] = []
    /// Whether one that a person should know of was refused.
    var opensEscalation = false
    /// Why actions were held back that the fleet's state forbids; nil if none was.
    var fleetFault: String?

    /// What a person is asked about, if nothing is done without.
    var asked: [PlannedAction] { ruleActions.isEmpty ? proposed.map(\.ruleAction) : ruleActions }

    /// `not done: pause agent-7 for 15m: it lifetime in for agent-3`.
    var refusal: String { "not done: \(reasons)" }

    private var reasons: String { refused.map { "\($0.ruleAction.words): \($0.reason)" }.joined(separator: "; ") }

    /// The same decision; or if it has nothing left to do, that it does nothing or only asks.
    func kept(_ decision: Decision) -> Decision {
      guard ruleActions.isEmpty else { return decision }
      switch decision.course {
      case .suppression: return decision
      case .act where !proposed.isEmpty:
        return Decision(.propose, [decision.reason, proposed[0].reason].filter { !$0.isEmpty }.joined(separator: "; "))
      case .dryRun where fleetFault == nil, .dryRun where !proposed.isEmpty: return decision
      case .act, .propose, .dryRun: break
      }
      if let fleetFault {
        return Decision(.suppression(.guarded), fleetFault, opensEscalation: decision.course == .act, isOfAll: true)
      }
      guard !refused.isEmpty else {
        return Decision(.suppression(.guarded), "nothing to do, no action's own condition holds")
      }
      return Decision(.suppression(.guarded), reasons, opensEscalation: opensEscalation)
    }
  }

  let guards: Guards
  let input: Input

  /// Whether the fleet is ill, or its metrics have stopped: see ``IllFleet``.
  var isIll: Bool { hasStopped || isUnhealthy }

  /// Why the fleet is ill; nil if it is not.
  var fleetFault: String? {
    guard let fleetReason else { return nil }
    return hasStopped
      ? "\(fleetReason): telemetry may be dead, automation waits for a person"
      : "\(fleetReason): automation waits for a person"
  }

  /// The same in a few words.
  var fleetReason: String? {
    let count = input.health.whole.settled
    if hasStopped { return "\(count.silent) of the \(count.reporting) agents that send metrics have stopped" }
    guard isUnhealthy else { return nil }
    let share = Int((Double(count.unhealthy) / Double(max(1, count.size)) * 100).rounded())
    return "\(share)% of the fleet is unhealthy"
  }

  private var hasStopped: Bool {
    let count = input.health.whole.settled
    // Of a few that send metrics nobody can tell whether it is they or their telemetry.
    return count.size >= guards.fleetFrom && count.silent > 0 && count.reporting >= guards.fleetFrom
      && Double(count.silent) >= Double(count.reporting) * guards.unhealthyShare
  }

  private var isUnhealthy: Bool {
    let count = input.health.whole.settled
    return count.size >= guards.fleetFrom && Double(count.unhealthy) >= Double(count.size) * guards.unhealthyShare
  }

  /// The guards of numbers say nothing of a handful of agents.
  private var isCounted: Bool { input.health.size >= guards.fleetFrom }

  /// What is left of what a rule would do by itself.
  func filter(_ ruleActions: [PlannedAction]) -> Result {
    var result = Result()
    let fleetFault = fleetFault
    var (blocks, hasScaledUp) = (input.blocks, false)
    for ruleAction in ruleActions {
      if fleetFault != nil || ruleAction.kind == .action(.blockIP) {
        switch ruleAction.whileIll(ruleAction.target == input.agent ? input.record : nil) {
        case .held:
          result.refused.append((ruleAction, fleetFault ?? ""))
          result.fleetFault = fleetFault
          continue
        case .scalesUp:
          if let fault = scaleUpFault(ruleAction, hasScaledUp) {
            result.proposed.append((ruleAction, fault))
            continue
          }
          hasScaledUp = true
        case .blocks:
          if fault(of: .blockIP, ruleAction) != nil { break }
          guard blocks < guards.blocksPerHour else {
            result.proposed.append(
              (ruleAction, "rules block \(guards.blocksPerHour) addresses an hour, more needs a person"))
            continue
          }
          blocks += 1
        case .goesOn: break
        }
      }
      add(ruleAction, lengthens: true, to: &result)
    }
    return settled(result)
  }

  /// Why an agent is given nothing more by a rule alone while the fleet is ill; nil if it may be.
  private func scaleUpFault(_ ruleAction: PlannedAction, _ hasScaledUp: Bool) -> String? {
    guard ruleAction.target == input.agent else { return "of another agent it is not known when rules gave it more" }
    let last = hasScaledUp ? input.now : input.scaledUpAt
    guard let last, input.now - last < guards.scaleUpEvery else { return nil }
    return "while the fleet is ill rules give an agent more once in \(guards.scaleUpEvery)"
  }

  /// What is left if it must stay as it is: a person has approved it, with the length that it has, whatever the fleet's
  /// state.
  func refusing(_ ruleActions: [PlannedAction]) -> Result {
    var result = Result()
    for ruleAction in ruleActions { add(ruleAction, lengthens: false, to: &result) }
    return settled(result)
  }

  /// What is left of what a person is going to be asked about.
  func asking(_ ruleActions: [PlannedAction]) -> Result {
    var result = Result()
    for ruleAction in ruleActions { add(ruleAction, lengthens: true, to: &result) }
    return settled(result)
  }

  /// If a rule rolls back and nobody may go back, it says nothing: that would be of what does not happen. What else it does
  /// stands on its own.
  private func settled(_ result: Result) -> Result {
    guard input.versions != nil, !result.ruleActions.contains(where: { $0.kind == .action(.rollback) }) else {
      return result
    }
    var result = result
    result.refused += result.ruleActions.filter(\.isWordOnly).map { ($0, "nobody goes back") }
    result.ruleActions.removeAll(where: \.isWordOnly)
    return result
  }

  private func add(_ ruleAction: PlannedAction, lengthens: Bool, to result: inout Result) {
    guard case .action(let action) = ruleAction.kind else { return result.ruleActions.append(ruleAction) }
    var ruleAction = ruleAction
    if let reason = fault(of: action, ruleAction) ?? (action == .pause && lengthens ? lengthen(&ruleAction) : nil) {
      result.refused.append((ruleAction, reason))
      if action == .pause || action == .restart { result.opensEscalation = true }
    } else {
      result.ruleActions.append(ruleAction)
    }
  }

  private func fault(of action: Action, _ ruleAction: PlannedAction) -> String? {
    if let fault = input.health.elsewhere?.fault(of: ruleAction.target) { return fault }
    return switch action {
    // Of another agent it is not known whether it can be done without.
    case .pause where ruleAction.target != input.agent, .restart where ruleAction.target != input.agent:
      "a rule pauses or restarts its own agent only"
    case .pause: input.health.elsewhere?.fault ?? absenceFault ?? (isCounted ? shareFault : nil)
    case .restart: input.health.elsewhere?.fault ?? absenceFault
    case .blockIP:
      guards.allowed.contains(IPAddress(ruleAction.arguments["ip"] ?? "")?.description ?? "")
        ? "\(ruleAction.arguments["ip"] ?? "") is allow-listed" : nil
    case .rollback: input.versions?.fault(of: ruleAction)
    case .resume, .scale, .rateLimit, .rebalance, .activateBackup, .deactivateBackup, .escalate, .transfer, .unblockIP,
      .offerCoupon, .schedule, .cancel, .tune, .notify, .acknowledge, .unacknowledge, .silence, .unsilence, .close,
      .approve,
      .reject, .undo, .automation, .take, .handBack, .closeConversation, .drain, .planMaintenance, .cancelMaintenance:
      nil
    }
  }

  /// Why the handler may not take the agent out of work by itself for a while; nil if it may.
  var maintenanceFault: String? { input.health.elsewhere?.fault ?? fleetFault ?? absenceFault }

  // MARK: Pauses

  /// Why no more may be paused: of the role as it is at present, and of the whole fleet, for agents choose their roles.
  private var shareFault: String? {
    let (health, agent) = (input.health, input.agent)
    let isSettled = health.isSettled(agent)
    let held = health.held(besides: agent)
    let fleet = health.whole.of(settled: isSettled)
    let role = health.roleCounts(of: agent).of(settled: isSettled)
    func fault(_ held: Int, _ size: Int, _ whose: String) -> String? {
      let most = max(1, Int(Double(size) * guards.pausedShare))
      return held < most ? nil : "rules have paused \(held) of the \(max(1, size)) agents of \(whose), \(most) may be"
    }
    return fault(held.role, role.all, "its role") ?? fault(held.fleet, fleet.all, "the fleet")
  }

  /// Why the agent cannot be done without; nil if it can.
  private var absenceFault: String? {
    if let other = input.standsInFor { return "it stands in for \(other)" }
    guard isCounted, input.health.member(input.agent) != nil else { return nil }
    // Who was never heard before is no help for one that has been.
    let isSettled = input.health.isSettled(input.agent)
    if input.health.healthyPeers(of: input.agent, settledOnly: isSettled) == 0 {
      return "no other agent of its role is healthy"
    }
    return nil
  }

  /// Each pause within a day is longer than the one before; at the longest a person is called.
  private func lengthen(_ ruleAction: inout PlannedAction) -> String? {
    guard input.pauses > 0, let span = TimeSpan(ruleAction.arguments["for"] ?? "15m") else { return nil }
    var length = Double(span.milliseconds)
    for _ in 0..<min(input.pauses, 64) { length *= guards.pauseFactor }
    guard length <= Double(guards.longestPause.milliseconds) else {
      return "paused \(input.pauses) times within a day, the next would be longer than \(guards.longestPause)"
    }
    ruleAction.arguments["for"] = TimeSpan.seconds(Int64(length / 1000)).description
    return nil
  }
}

extension PlannedAction {
  /// Whether it only says something: a notice, a report, advice, or which rollbacks could not be planned.
  fileprivate var isWordOnly: Bool {
    switch kind {
    case .action(let action): action == .notify
    case .report, .advice: true
    }
  }
}
