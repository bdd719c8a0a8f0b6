import FleetModel
import Wire

/// Makes spans of what the audit says: one for each command, run of a rule and job, and below it one for each target, and
/// one for what its runtime did until it confirmed.
///
/// ```text
///   received ──────────────────────────────── closing line      the whole
///      started ─────────── outcome                              a target
///                             └──────────────────── obeyed      its runtime
/// ```
/// A run that never closes is forgotten after a while, without a span.
package struct SpanBuilder: Sendable {
  private struct Run: Sendable {
    var start: Instant
    /// The place before its first line: who takes over reads on from there.
    var before: StreamID
    /// Its targets: since when they are worked on, and then since when they are done.
    var targets: [AgentID: Instant] = [:]
    /// How often an action of a name came to an end at a target.
    var ends: [End: Int] = [:]
    var count = 0
    /// Whether its closing line is still to come. What was skipped or proposed may never have one.
    var isOpen: Bool
    var isClosed = false
  }

  private struct End: Hashable {
    var target: AgentID
    var action: String
  }

  private let prefix: String
  private var runs: [ExactText: Run] = [:]
  /// Names of runs, oldest first.
  private var order: [ExactText] = []
  /// How many targets and ends of actions all runs remember.
  private var remembered = 0

  private static let mostRuns = 4096
  /// Of all runs together; of more the parts begin with the whole, and have a number that others have too.
  private static let mostRemembered = 100_000
  /// Nobody waits longer for the end of a run, or for a runtime.
  package static let patience = TimeSpan.minutes(10)

  package init(prefix: String) { self.prefix = prefix }

  /// The place before the first line of the oldest run that has not ended; nil if all have.
  package var openBefore: StreamID? { order.lazy.compactMap { runs[$0] }.first { $0.isOpen && !$0.isClosed }?.before }

  /// Takes a line, and gives the spans that end with it.
  ///
  /// - Parameter place: the place in the stream before it.
  package mutating func take(_ line: AuditLine, before place: StreamID) -> [Span] {
    guard !line.isAboutAlert else { return [] }
    let line = ofItsRun(line)
    let name = ExactText(line.origin.key)
    if runs[name] == nil {
      runs[name] = Run(start: line.at, before: place, isOpen: [.received, .started].contains(line.phase))
      order.append(name)
    }
    forget(at: line.at)
    guard let run = runs[name] else { return [] }
    if line.target != .none { return take(line, of: run, name) }
    guard line.isEnd, !run.isClosed else { return [] }
    runs[name]?.isClosed = true
    return [whole(line, run)]
  }

  /// Runtimes confirm the actions of a run one by one, each under an id of its own, `<run>/ruleActions/0`: what they
  /// confirm is a part of the run.
  private func ofItsRun(_ line: AuditLine) -> AuditLine {
    guard line.phase == .obeyed else { return line }
    let parts = line.origin.text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count > 2 else { return line }
    let run = AuditLine.Origin.run(parts.dropLast(2).joined(separator: "/"))
    guard runs[ExactText(run.key)] != nil else { return line }
    var line = line
    line.origin = run
    return line
  }

  private mutating func take(_ line: AuditLine, of run: Run, _ name: ExactText) -> [Span] {
    let known = run.targets[line.target]
    if remember(isNew: known == nil) { runs[name]?.targets[line.target] = line.at }
    if line.phase == .obeyed {
      // Nobody knows since when it was told of a command whose beginning was not read.
      return known.map { [part(line, .confirmation(line.target), "obey \(line.action)", since: $0)] } ?? []
    }
    guard line.isEnd else { return [] }
    if !run.isClosed { runs[name]?.count += 1 }
    let end = End(target: line.target, action: line.action)
    let number = run.ends[end] ?? 0
    if remember(isNew: number == 0) { runs[name]?.ends[end] = number + 1 }
    let target = TraceContext.Part.target(line.target, action: line.action, number: number)
    return [part(line, target, "target \(line.action)", since: known ?? run.start)]
  }

  /// Whether there is room for one more, if it is a new one.
  private mutating func remember(isNew: Bool) -> Bool {
    guard isNew else { return true }
    guard remembered < Self.mostRemembered else { return false }
    remembered += 1
    return true
  }

  private mutating func forget(at now: Instant) {
    while let name = order.first, let run = runs[name],
      order.count > Self.mostRuns || now - run.start > Self.patience
    {
      order.removeFirst()
      runs[name] = nil
      remembered -= run.targets.count + run.ends.count
    }
  }

  // MARK: Spans

  private func whole(_ line: AuditLine, _ run: Run) -> Span {
    let isCommand = if case .command = line.origin { true } else { false }
    var attributes = attributes(of: line)
    if run.count > 0 { attributes.append(TelemetryAttribute("vigia.targets", run.count)) }
    if !line.reason.isEmpty { attributes.append(TelemetryAttribute("vigia.reason", line.reason)) }
    return Span(
      TraceContext(line.origin.text, .whole, prefix: prefix),
      name: line.rule.map { "rule \($0)" } ?? "\(isCommand ? "command" : "job") \(line.action)",
      kind: isCommand ? .consumer : .internal, start: run.start, end: line.at, attributes: attributes,
      failure: line.failure)
  }

  private func part(
    _ line: AuditLine, _ part: TraceContext.Part, _ name: String, since start: Instant
  ) -> Span {
    let origin = line.origin.text
    return Span(
      TraceContext(origin, part, prefix: prefix), parent: TraceContext(origin, .whole, prefix: prefix), name: name,
      start: start, end: line.at,
      attributes: attributes(of: line) + [TelemetryAttribute("vigia.agent", line.target.description)],
      failure: line.failure)
  }

  private func attributes(of line: AuditLine) -> [TelemetryAttribute] {
    let pairs = [
      ("vigia.id", line.origin.text), ("vigia.action", line.action), ("vigia.phase", line.phase.rawValue),
      ("vigia.rule", line.rule ?? ""), ("vigia.operator", line.operator), ("vigia.detail", line.detail),
      ("vigia.handler", line.handler),
    ]
    return pairs.filter { !$0.1.isEmpty }.map { TelemetryAttribute($0.0, $0.1) }
  }
}

extension AuditLine {
  /// Whether it closes what it tells of.
  fileprivate var isEnd: Bool {
    switch phase {
    case .succeeded, .failed, .unknown, .undone, .skipped, .expired, .rejected: true
    // Which agent is proposed for a conversation is told once.
    case .proposed: action == Self.handoff
    case .received, .started, .obeyed: false
    }
  }

  fileprivate var failure: String? {
    switch phase {
    case .failed, .unknown, .rejected, .expired: detail.isEmpty ? phase.rawValue : detail
    case .received, .proposed, .started, .succeeded, .obeyed, .undone, .skipped: nil
    }
  }
}

extension AuditLine.Origin {
  fileprivate var text: String {
    switch self {
    case .command(let id): id.text
    case .run(let id): id
    }
  }
}
