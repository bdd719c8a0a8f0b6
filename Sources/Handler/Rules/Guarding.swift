import Automation
import FleetModel

/// Keeps a rule's actions within what no rule may go beyond.
struct Guarding {
  /// What is known when the actions are decided.
  struct Situation {
    var census: Census
    var agent: Agent?
    /// How many of the agent's role rules have paused at present, this one not counted.
    var paused = 0
    /// The agent that this one stands in for.
    var standsInFor: AgentID?
    /// How often rules have paused it within a day.
    var pauses = 0

    init(census: Census, agent: Agent? = nil) {
      (self.census, self.agent) = (census, agent)
    }

    init(census: Census, agent: Agent?, ledger: PauseLedger) {
      self.init(census: census, agent: agent)
      (paused, standsInFor, pauses) = (ledger.paused, ledger.standsInFor, ledger.pauses)
    }
  }

  /// What is left of the actions, and what was taken out with the reason.
  struct Result {
    var deeds: [PlannedDeed] = []
    var refused: [(deed: PlannedDeed, reason: String)] = []
    /// Whether one that a person should know of was refused.
    var callsPerson = false

    /// `not done: pause agent-7 for=15m: it stands in for agent-3`.
    var refusal: String { "not done: \(reasons)" }

    private var reasons: String { refused.map { "\($0.deed): \($0.reason)" }.joined(separator: "; ") }

    /// The same decision; or where it has nothing left to do, that it does nothing.
    func kept(_ decision: Decision) -> Decision {
      guard decision.course == .act || decision.course == .propose, deeds.isEmpty else { return decision }
      guard !refused.isEmpty else { return Decision(.hold(.guarded), "nothing to do, no action's own condition holds") }
      return Decision(.hold(.guarded), reasons, callsPerson: callsPerson)
    }
  }

  let guards: Guards
  let situation: Situation

  /// What speaks against acting at all; nil where nothing does.
  var fleetFault: String? {
    guard isCounted else { return nil }
    let census = situation.census
    // Of a few that send metrics nobody can tell whether it is they or their telemetry.
    if census.silent > 0, census.reporting >= guards.fleetFrom,
      Double(census.silent) >= Double(census.reporting) * guards.unhealthyShare
    {
      return
        "\(census.silent) of the \(census.reporting) agents that send metrics have stopped: telemetry may be dead, "
        + "automation waits for a person"
    }
    guard census.unhealthyShare >= guards.unhealthyShare else { return nil }
    let share = Int((census.unhealthyShare * 100).rounded())
    return "\(share)% of the fleet is unhealthy: automation waits for a person"
  }

  /// The guards of numbers say nothing of a handful of agents.
  private var isCounted: Bool { situation.census.size >= guards.fleetFrom }

  func filter(_ deeds: [PlannedDeed], for agent: AgentID) -> Result { filter(deeds, for: agent, lengthens: true) }

  private func filter(_ deeds: [PlannedDeed], for agent: AgentID, lengthens: Bool) -> Result {
    var result = Result()
    for deed in deeds {
      guard case .action(let action) = deed.kind else {
        result.deeds.append(deed)
        continue
      }
      var deed = deed
      if let reason = fault(of: action, &deed, agent, lengthens) {
        result.refused.append((deed, reason))
        if action == .pause || action == .restart { result.callsPerson = true }
      } else {
        result.deeds.append(deed)
      }
    }
    return result
  }

  /// The same, where what is left must stay as it is: a person has approved it, with the length that it has.
  func refusing(_ deeds: [PlannedDeed], for agent: AgentID) -> Result { filter(deeds, for: agent, lengthens: false) }

  private func fault(of action: Action, _ deed: inout PlannedDeed, _ agent: AgentID, _ lengthens: Bool) -> String? {
    switch action {
    // Of another agent it is not known whether it can be done without.
    case .pause where deed.target != agent, .restart where deed.target != agent:
      "a rule pauses or restarts its own agent only"
    case .pause: pauseFault(deed) ?? (lengthens ? lengthen(&deed) : nil)
    case .restart: absenceFault
    case .blockIP:
      guards.allowed.contains(IPAddress(deed.arguments["ip"] ?? "")?.description ?? "")
        ? "\(deed.arguments["ip"] ?? "") is allow-listed" : nil
    default: nil
    }
  }

  // MARK: Pauses

  private func pauseFault(_ deed: PlannedDeed) -> String? {
    if let fault = absenceFault { return fault }
    if isCounted {
      let size = max(1, situation.census.roleSize(of: deed.target))
      let most = max(1, Int(Double(size) * guards.pausedShare))
      if situation.paused >= most {
        return "rules have paused \(situation.paused) of the \(size) agents of its role, \(most) may be"
      }
    }
    return nil
  }

  /// Why the agent cannot be done without; nil where it can.
  private var absenceFault: String? {
    if let other = situation.standsInFor { return "it stands in for \(other)" }
    guard isCounted, let agent = situation.agent?.id else { return nil }
    if situation.census.peers(of: agent).isEmpty { return "no other agent of its role is healthy" }
    return nil
  }

  /// Each pause within a day is longer than the one before; at the longest a person is called.
  private func lengthen(_ deed: inout PlannedDeed) -> String? {
    guard situation.pauses > 0, let span = TimeSpan(deed.arguments["for"] ?? "15m") else { return nil }
    var length = Double(span.milliseconds)
    for _ in 0..<min(situation.pauses, 64) { length *= guards.pauseFactor }
    guard length <= Double(guards.longestPause.milliseconds) else {
      return "paused \(situation.pauses) times within a day, the next would be longer than \(guards.longestPause)"
    }
    deed.arguments["for"] = TimeSpan.seconds(Int64(length / 1000)).description
    return nil
  }
}
