import FleetModel
import Wire

/// What the audit tells of rollbacks: proposals, what people say to them, decisions, and each agent's own.
extension RollbackLedger {
  private static let asking = "rollback"
  private static let acting = "rollback-auto"

  mutating func take(_ line: AuditLine, _ world: SimulatedWorld) throws(Violation) {
    // By the lines' order: a handler that stood still may do much in one moment.
    if line.action == Action.automation.rawValue, line.phase == .succeeded { note(automation: line.detail) }
    if let proposal = line.proposal, proposal.state != .open { try takeEnd(of: proposal, world) }
    guard case .run(let run) = line.origin, let rule = line.rule, [Self.asking, Self.acting].contains(rule) else {
      return
    }
    guard let entry = line.origin.event else { throw Violation("\(run) is about no event") }
    if line.phase == .proposed { return try takeProposal(line, run, entry) }
    if line.action == AuditLine.wholeRun, line.phase == .started { return try decide(run, rule, entry, world) }
    guard line.action == Action.rollback.rawValue, [.started, .succeeded].contains(line.phase) else { return }
    try takeAction(line, run, entry)
  }

  private mutating func takeProposal(
    _ line: AuditLine, _ run: String, _ entry: String
  ) throws(Violation) {
    guard let step = steps[entry], step.mode == .propose else { throw Violation("\(run) is proposed of no finding") }
    guard let proposal = line.proposal, proposals[run] == nil, proposal.id.text == run else {
      throw Violation("\(run) is proposed twice")
    }
    guard isOn else { throw Violation("\(run) is proposed, and automation is not on") }
    for action in proposal.steps {
      guard action.action == Action.rollback.rawValue, action.arguments == ["version": step.better],
        step.agents.contains(action.target)
      else { throw Violation("\(run) proposes \(action), and names \(step.agents)") }
      guard !isDeclined(step.worse, action.target) else {
        throw Violation("that \(action.target) leaves \(step.worse) was declined, and is proposed again")
      }
    }
    note(proposed: run)
  }

  /// A proposal ends once.
  private mutating func takeEnd(of proposal: Proposal, _ world: SimulatedWorld) throws(Violation) {
    let run = proposal.id.text
    guard let open = proposals[run] else { return }
    guard open == .open else { throw Violation("\(run) was \(open.rawValue), and is \(proposal.state.rawValue)") }
    end(run, proposal.state)
    guard proposal.state == .declined, let entry = AuditLine.Origin.run(run).event, let step = steps[entry] else {
      return
    }
    note(declined: step, at: world.serverTime)
  }

  /// A rule acts only as the settings, people and the switch say.
  private mutating func decide(
    _ run: String, _ rule: String, _ entry: String, _ world: SimulatedWorld
  ) throws(Violation) {
    guard let step = steps[entry], step.decided == nil else { throw Violation("\(run) acts of no finding, or twice") }
    guard isOn else { throw Violation("\(run) acts, and automation is not on") }
    if rule == Self.acting {
      guard step.mode == .auto, allows(.auto) else {
        throw Violation("\(run) acts by itself, and the settings do not say so")
      }
    } else {
      guard proposals[run] == .approved else { throw Violation("\(run) acts, and nobody has approved it") }
      guard allows(.propose) || allows(.auto) else { throw Violation("\(run) acts, and the settings say off") }
    }
    note(decided: entry, at: world.serverTime)
  }

  /// An agent goes back while it runs the worse version, and automation is on.
  private mutating func takeAction(
    _ line: AuditLine, _ run: String, _ entry: String
  ) throws(Violation) {
    guard begin("\(run) \(line.target)") else { return }
    guard isOn else { throw Violation("\(line.target) goes back, and automation is not on") }
    guard let step = steps[entry], let sight = step.decided else { throw Violation("\(run) was not decided") }
    guard step.agents.contains(line.target) else { throw Violation("\(line.target) goes back, and was not named") }
    guard let told = sight.told[line.target] else { throw Violation("\(line.target) has told no version") }
    guard told.version == step.worse || (sight.at - told.at).magnitude < Self.unread else {
      throw Violation("\(line.target) goes back from \(step.worse), and runs \(told.version)")
    }
  }
}
