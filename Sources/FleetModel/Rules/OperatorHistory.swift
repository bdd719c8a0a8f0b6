/// What operators did when alerts opened, as the audit tells it.
///
/// ```text
///   an alert begins ───────── 30 minutes at the most ─────────┐
///        └─▶ the first step that a person takes on its agent ─┴─▶ … ─▶ it recovers: healthy again after
/// ```
/// Steps of rules, of the schedule and of services do not count, nor does what was undone. One order is one decision,
/// however many agents it names: their alerts count as one case. It needs lines in the order of the audit, and lines
/// about alerts, which handlers write only if they are told to.
package struct OperatorHistory: Sendable {
  /// A step that comes later is no answer to the alert.
  package static let answersWithin = TimeSpan.minutes(30)
  /// Of each kind of alert so many cases count at least, the latest; twice as many at the most.
  package static let mostCases = 500

  /// One alert, from its beginning on.
  struct Case: Sendable {
    struct Answer: Sendable {
      let step: OperatorStep
      let command: CommandID
      let batch: CommandID?
      let at: Instant

      /// The order that it was a part of.
      var order: CommandID { batch ?? command }
    }

    let agent: AgentID
    let severity: Severity
    let begunAt: Instant
    /// The first step that a person took; nil if none was.
    var answer: Answer?
    var isOver = false
    /// When its values were well again; nil if it goes on, or ended in another way.
    var recoveredAt: Instant?

    /// Whether an operator has answered, or will not any more.
    func isDecided(at now: Instant) -> Bool {
      answer != nil || isOver || now - begunAt > OperatorHistory.answersWithin
    }
  }

  /// The cases of one kind of alert, oldest first.
  private struct Log: Sendable {
    var cases: [Case] = []
    /// How many were forgotten: a case's number counts them.
    var forgotten = 0

    subscript(number: Int) -> Case? {
      get { cases.indices.contains(number - forgotten) ? cases[number - forgotten] : nil }
      set { if let newValue, cases.indices.contains(number - forgotten) { cases[number - forgotten] = newValue } }
    }
  }

  private var logs: [AlertKind: Log] = [:]
  /// The numbers of the cases that go on, by their agents.
  private var open: [AgentID: [AlertKind: Int]] = [:]

  package init() {}

  /// Whether no alert has been told of.
  package var isEmpty: Bool { logs.isEmpty }

  /// How many cases of a kind are remembered.
  package func caseCount(of kind: AlertKind) -> Int { logs[kind]?.cases.count ?? 0 }

  func cases(of kind: AlertKind) -> [Case] { logs[kind]?.cases ?? [] }

  // MARK: Taking lines

  package mutating func apply(_ line: AuditLine) {
    if line.isAboutAlert { return applyAlert(line) }
    guard !isEmpty, line.rule == nil, case .command(let id) = line.origin else { return }
    if line.phase == .undone { return takeBack(id) }
    guard line.phase == .succeeded, line.target != .none, Self.isPerson(line.operator), let numbers = open[line.target],
      let step = OperatorStep(line)
    else { return }
    let answer = Case.Answer(step: step, command: id, batch: line.batch?.id, at: line.at)
    for (kind, number) in numbers {
      guard let found = logs[kind]?[number], found.answer == nil, line.at >= found.begunAt,
        line.at - found.begunAt <= Self.answersWithin
      else { continue }
      logs[kind]?[number]?.answer = answer
    }
  }

  private mutating func applyAlert(_ line: AuditLine) {
    guard let kind = line.alertKind, kind.isOfAgent, line.target != .none else { return }
    switch line.phase {
    case .started: begin(kind, line)
    case .succeeded: end(kind, line)
    case .received, .rejected, .proposed, .obeyed, .failed, .skipped, .unknown, .expired, .undone: break
    }
  }

  private mutating func begin(_ kind: AlertKind, _ line: AuditLine) {
    // A line may be written a moment after the alert began; that it began later is somebody else's word.
    let begunAt = min(line.alert?.since ?? line.at, line.at)
    if let number = open[line.target]?[kind], logs[kind]?[number]?.begunAt == begunAt { return }
    var log = logs.removeValue(forKey: kind) ?? Log()
    open[line.target, default: [:]][kind] = log.forgotten + log.cases.count
    log.cases.append(Case(agent: line.target, severity: line.alert?.severity ?? .medium, begunAt: begunAt))
    if log.cases.count > 2 * Self.mostCases { forget(kind, &log) }
    logs[kind] = log
  }

  private mutating func end(_ kind: AlertKind, _ line: AuditLine) {
    guard let number = open[line.target]?[kind] else { return }
    close(kind, of: line.target)
    logs[kind]?[number]?.isOver = true
    if AlertEnd(rawValue: line.detail) == .recovered { logs[kind]?[number]?.recoveredAt = line.at }
  }

  private mutating func close(_ kind: AlertKind, of agent: AgentID) {
    open[agent]?[kind] = nil
    if open[agent]?.isEmpty == true { open[agent] = nil }
  }

  /// Forgets the older half at once, so that a storm costs no shifting a case.
  private mutating func forget(_ kind: AlertKind, _ log: inout Log) {
    for (offset, old) in log.cases.prefix(Self.mostCases).enumerated()
    where open[old.agent]?[kind] == log.forgotten + offset { close(kind, of: old.agent) }
    log.cases.removeFirst(Self.mostCases)
    log.forgotten += Self.mostCases
  }

  /// A command that was undone, or an order, is as if it had never been given.
  private mutating func takeBack(_ id: CommandID) {
    for kind in Array(logs.keys) {
      guard var log = logs[kind] else { continue }
      for index in log.cases.indices {
        guard let answer = log.cases[index].answer, answer.command == id || answer.batch == id else { continue }
        log.cases[index].answer = nil
      }
      logs[kind] = log
    }
  }

  // MARK: Who is a person

  /// What others than people put before the names under which they give commands.
  private static let others = [
    "rule/", "handler/", "maintenance/", "pagerduty:", AgentTuning.byLoad, AgentTuning.byTrial,
  ]

  /// Whether an operator's name is a person's, or a script's that people run.
  static func isPerson(_ name: String) -> Bool { !name.isEmpty && !others.contains(where: name.hasPrefix) }
}
