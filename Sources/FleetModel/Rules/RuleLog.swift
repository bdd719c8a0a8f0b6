/// What rules did and did not do, line by line as the audit tells it: the answer to why.
package struct RuleLog: Sendable {
  package static let limit = 1000

  /// One step of a rule, or the reason why there was none.
  package struct Entry: Equatable, Sendable {
    /// The run's or the command's key.
    package var origin: String
    /// The stream entry of the event that it is about, as `1795334137846-0`; nil if its origin names none.
    package var event: String?
    package var rule: String
    package var phase: AuditLine.Phase
    /// The action's wire name; `rule` for what is said of the run as a whole.
    package var action: String
    /// The agent that the step acted on; none if it names no agent.
    package var target: AgentID
    /// The agent that the run is about; none where no line of it names one.
    package var agent: AgentID
    /// Why the rule matched.
    package var reason: String
    /// What the line says of the step: what was changed, or why it was held back.
    package var detail: String
    package var at: Instant
  }

  /// Why a rule that matched did not act, as the first word of a skipped line's detail says.
  package enum Suppression: String, CaseIterable, Sendable {
    case dryRun = "dry_run"
    case notCleared = "not_cleared"
    case throttled, limited, guarded, stale

    /// Reads `throttled: once in 15m`.
    package init?(detail: String) {
      self.init(rawValue: String(detail.prefix { $0 != ":" }))
    }
  }

  /// Oldest first.
  package private(set) var entries: [Entry] = []
  /// A run's lines stand near one another.
  private static let nearby = 200

  package init() {}

  /// The steps about an agent or on it, newest first.
  package func entries(about agent: AgentID) -> [Entry] {
    entries.reversed().filter { $0.agent == agent || $0.target == agent }
  }

  /// The steps that one event led to, newest first.
  package func entries(onEvent event: String) -> [Entry] { entries.reversed().filter { $0.event == event } }

  /// The steps of one run or command, newest first.
  package func entries(ofOrigin key: String) -> [Entry] { entries.reversed().filter { $0.origin.isExactly(key) } }

  mutating func apply(_ line: AuditLine) {
    guard let rule = line.rule, !rule.isEmpty else { return }
    let origin = line.origin.key
    entries.append(
      Entry(
        origin: origin, event: line.origin.event, rule: Self.short(rule), phase: line.phase,
        action: Self.short(line.action),
        target: line.target, agent: agent(of: line, origin), reason: Self.short(line.reason),
        detail: Self.short(line.detail), at: line.at))
    // The older half at once, so that a storm costs no shifting a line.
    if entries.count > 2 * Self.limit { entries.removeFirst(Self.limit) }
  }

  /// A run's first line names its agent; a later one may act on another, or name nobody.
  private func agent(of line: AuditLine, _ origin: String) -> AgentID {
    if let proposal = line.proposal { return proposal.agent }
    let known = entries.suffix(Self.nearby).last { $0.agent != .none && $0.origin.isExactly(origin) }
    return known?.agent ?? line.target
  }

  private static func short(_ text: String) -> String {
    text.clipped(toBytes: TextBound.words)
  }
}
