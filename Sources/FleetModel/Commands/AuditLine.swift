/// One line of the audit: what happened to one target in one step, or, with no target, to the command as a whole.
package struct AuditLine: Equatable, Sendable {
  package enum Phase: String, CaseIterable, Sendable {
    case received, rejected, proposed, started, succeeded
    /// The runtime's own `agent.status` confirmed it.
    case obeyed
    case failed, skipped, unknown, expired, undone
  }

  /// Whose step it is.
  package enum Origin: Equatable, Sendable {
    case command(CommandID)
    /// A run of a rule.
    case run(String)

    package static func == (left: Origin, right: Origin) -> Bool {
      switch (left, right) {
      case (.command(let left), .command(let right)): left == right
      case (.run(let left), .run(let right)): left.isExactly(right)
      case (.command, .run), (.run, .command): false
      }
    }
  }

  /// The action of lines that tell of a rule's run as a whole.
  package static let wholeRun = "rule"
  /// The action of lines on a conversation that is to change hands.
  package static let handoff = "handoff"

  /// The action of lines that tell how an alert began (`started`) or ended (`succeeded`), see ``isAboutAlert``.
  package static let wholeAlert = "alert"

  /// A line names no more targets of a refused command.
  package static let mostTargets = 100

  package var origin: Origin
  /// What the command is a part of, if its order was split.
  package var batch: Batch?
  package var rule: String?
  /// The rule's title, if it has one, on lines that tell of its run as a whole.
  package var ruleTitle: String?
  package var phase: Phase
  /// The action's wire name; one that this version does not know is kept as it is.
  package var action: String
  package var target: AgentID
  /// The agents that a refused command was for, if they are few enough to be named.
  package var targets: [AgentID] = []
  package var `operator`: String
  package var reason: String
  /// Free text that explains the phase: why it was refused, what was changed.
  package var detail: String
  package var before: AgentRecord?
  package var after: AgentRecord?
  /// The alert as it stands after the step, if the step changed one.
  package var alert: AlertRecord?
  /// The proposal as it stands after the step, if the step made or settled one.
  package var proposal: Proposal?
  package var handler: String
  package var at: Instant
  /// Where the command came from: the stream it was read from.
  package var source: String

  package init(
    origin: Origin, batch: Batch? = nil, rule: String? = nil, phase: Phase, action: String, target: AgentID = .none,
    operator: String = "",
    reason: String = "", detail: String = "", before: AgentRecord? = nil, after: AgentRecord? = nil,
    alert: AlertRecord? = nil, proposal: Proposal? = nil, handler: String = "", at: Instant, source: String = ""
  ) {
    self.origin = origin
    self.batch = batch
    self.rule = rule
    self.phase = phase
    self.action = action
    self.target = target
    self.operator = `operator`
    self.reason = reason
    self.detail = detail
    self.before = before
    self.after = after
    self.alert = alert
    self.proposal = proposal
    self.handler = handler
    self.at = at
    self.source = source
  }
}

extension AuditLine {
  /// Whether it only tells that an alert began or ended, for those who learn from it: nothing was done.
  package var isAboutAlert: Bool {
    guard case .run = origin else { return false }
    return action == Self.wholeAlert
  }

  /// The kind of the alert that such a line is about, by its run, `<kind>/<agent>/<since>`.
  package var alertKind: AlertKind? {
    guard case .run(let run) = origin, isAboutAlert else { return nil }
    let type = run.utf8.prefix { $0 != UInt8(ascii: "/") }
    return AlertKind.allCases.first { type.elementsEqual($0.type.utf8) }
  }

  /// How the run is named that tells of a span in which nothing was recorded: `recording/<from>/<to>`, in epoch ms.
  package static let recordingGapPrefix = "recording/"

  /// The span that it tells about, no later than the line itself; nil if it tells about none.
  package var recordingGap: (from: Instant, to: Instant)? {
    guard case .run(let id) = origin, phase == .unknown, id.hasPrefix(Self.recordingGapPrefix) else { return nil }
    let parts = id.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 3, let start = Int64(parts[1]), let end = Int64(parts[2]), start <= end else { return nil }
    return (min(Instant(milliseconds: start), at), min(Instant(milliseconds: end), at))
  }
}

extension AuditLine.Origin {
  /// The stream entry of the event that a rule's run is about: `rule/<rule>/<entry>/<agent>` names it, and nothing else
  /// does.
  package var event: String? {
    guard case .run(let id) = self else { return nil }
    let parts = id.utf8.split(separator: UInt8(ascii: "/"), maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count == 4, parts[0].elementsEqual("rule".utf8) else { return nil }
    let numbers = parts[2].split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
    let isEntry =
      numbers.count == 2
      && numbers.allSatisfy { (1...20).contains($0.count) && $0.allSatisfy { (0x30...0x39).contains($0) } }
    return isEntry ? String(parts[2]) : nil
  }
}
