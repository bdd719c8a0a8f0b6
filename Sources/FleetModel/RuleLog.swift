/// What rules did and did not do, line by line as the audit tells it: the answer to why.
package struct RuleLog: Sendable {
  package static let limit = 1000

  /// One step of a rule, or the reason why there was none.
  package struct Entry: Equatable, Sendable {
    /// The run's or the command's key.
    package var origin: String
    package var rule: String
    package var phase: AuditLine.Phase
    /// The action's wire name.
    package var action: String
    /// The agent that it was about; none where no line of the run names one.
    package var agent: AgentID
    /// Why the rule matched.
    package var reason: String
    /// What the line says of the step: what was changed, or why it was held back.
    package var detail: String
    package var at: Instant
  }

  /// Why a rule that matched did not act, as the first word of a skipped line's detail says.
  package enum Restraint: String, CaseIterable, Sendable {
    case dryRun = "dry_run"
    case throttled, guarded, stale

    /// Reads `throttled: once in 15m`.
    package init?(detail: String) {
      self.init(rawValue: String(detail.prefix { $0 != ":" }))
    }
  }

  /// Oldest first.
  package private(set) var entries: [Entry] = []
  /// More of a text than this is not kept.
  private static let longestText = 400
  /// A run's lines stand near one another.
  private static let nearby = 200

  package init() {}

  /// The steps about an agent, newest first.
  package func entries(about agent: AgentID) -> [Entry] { entries.reversed().filter { $0.agent == agent } }

  mutating func apply(_ line: AuditLine) {
    guard let rule = line.rule, !rule.isEmpty else { return }
    let origin = line.origin.key
    entries.append(
      Entry(
        origin: origin, rule: Self.short(rule), phase: line.phase, action: Self.short(line.action),
        agent: agent(of: line, origin), reason: Self.short(line.reason), detail: Self.short(line.detail), at: line.at))
    // The older half at once, so that a storm costs no shifting a line.
    if entries.count > 2 * Self.limit { entries.removeFirst(Self.limit) }
  }

  /// A closing line names no target: the run's other lines do.
  private func agent(of line: AuditLine, _ origin: String) -> AgentID {
    if line.target != .none { return line.target }
    if let proposal = line.proposal { return proposal.agent }
    return entries.suffix(Self.nearby).last { $0.origin == origin && $0.agent != .none }?.agent ?? .none
  }

  private static func short(_ text: String) -> String {
    text.utf8.count <= longestText ? text : String(text.unicodeScalars.prefix(longestText))
  }
}
