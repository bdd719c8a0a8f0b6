extension CommandLog {
  /// One command, or one run of a rule.
  package struct Entry: Equatable, Sendable {
    /// Where it stands; `sent` is our own word for what nobody has acknowledged yet.
    package enum Progress: Equatable, Sendable {
      case sent
      case phase(AuditLine.Phase)
    }

    package var origin: AuditLine.Origin
    package var rule: String?
    /// The rule's title, if it has one.
    package var ruleTitle: String?
    package var action: String
    package private(set) var targets: [AgentID]
    /// The same, to be found at once.
    private var targetSet: Set<AgentID>
    package var `operator`: String
    package var reason: String
    package var progress: Progress
    /// What the last line said about it.
    package var detail: String
    package var firstAt: Instant
    package var lastAt: Instant
    package var expiresAt: Instant?
    /// What a run of a rule proposes, where it waits for a person.
    package var proposal: ProposalID?
    /// Targets by how they ended so far.
    package var succeeded = 0
    package var failed = 0
    package var obeyed: Set<AgentID> = []
    /// How much was done, where a closing line says that it was not all.
    package private(set) var partial: PartialResult?
    /// Of a rule's run: how many of its actions runtimes were told, and how many they have confirmed.
    private var (told, confirmed) = (0, 0)
    /// Whether a person was called by it.
    package private(set) var opensEscalation = false
    /// How far the parts of an order that was split have come; nil if it was not, or has lines of its own besides.
    package internal(set) var parts: BatchProgress?
    /// Whether this console sent it.
    package var isOwn = false
    /// How far each of its commands has come, if this console sent it.
    var deliveries: [CommandID: Delivery] = [:]
    /// Where each of them went, if this console sent it.
    var routes: [CommandID: Route] = [:]
    /// When the server said first that it has one of them.
    package internal(set) var deliveredAt: Instant?

    package init(
      origin: AuditLine.Origin, rule: String? = nil, action: String, targets: [AgentID], operator: String,
      reason: String, progress: Progress, detail: String = "", firstAt: Instant, expiresAt: Instant? = nil
    ) {
      self.origin = origin
      self.rule = rule
      self.action = action
      self.targets = targets
      targetSet = Set(targets)
      self.operator = `operator`
      self.reason = reason
      self.progress = progress
      self.detail = detail
      self.firstAt = firstAt
      lastAt = firstAt
      self.expiresAt = expiresAt
    }

    mutating func setTargets(_ all: [AgentID]) { (targets, targetSet) = (all, Set(all)) }

    mutating func addTarget(_ target: AgentID) {
      if targetSet.insert(target).inserted { targets.append(target) }
    }

    /// Whether the handler has taken it up.
    package var isReceived: Bool { progress != .sent }

    /// Whether every target's runtime has confirmed all of it.
    var isObeyedByAll: Bool {
      guard failed == 0, partial == nil else { return false }
      return rule == nil ? !targets.isEmpty && obeyed.count == targets.count : told > 0 && confirmed >= told
    }

    /// Whether only a part of it was done.
    package var isPartlyDone: Bool { isFinished && partial?.isPart == true }

    mutating func note(_ line: AuditLine) {
      if let title = line.ruleTitle { ruleTitle = title }
      if line.alert?.id.kind == .escalation, line.alert?.isClosed == false { opensEscalation = true }
      guard rule != nil, line.target != .none, Action(rawValue: line.action)?.reachesRuntimes == true else { return }
      if line.phase == .succeeded { told += 1 }
      if line.phase == .obeyed { confirmed += 1 }
    }

    /// Takes a closing line's words. What was left undone once stays so, whatever is said later.
    mutating func close(_ detail: String) { partial = PartialResult(detail: detail) ?? partial }

    /// Whether nothing more is to come but a runtime's confirmation.
    package var isFinished: Bool {
      // Which agent is proposed for a conversation is told once: what a person makes of it has rows of its own.
      progress.isFinished || (progress == .phase(.proposed) && action == AuditLine.handoff)
    }

    /// Whether one of its targets is that agent.
    package func concerns(_ id: AgentID) -> Bool { targetSet.contains(id) }
  }
}
