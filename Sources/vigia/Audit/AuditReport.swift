import FleetModel
import Redis
import Wire

/// Prints lines of the audit, and counts them.
struct AuditReport: AuditReader {
  private var selection: AuditSelection
  private let span: TimeSpan
  private let isJSON: Bool
  private var counts: [AuditOutcome: Int] = [:]
  private var unreadable: (count: Int, first: StreamID, reason: String)?

  init(_ selection: AuditSelection, span: TimeSpan, isJSON: Bool) {
    self.selection = selection
    self.span = span
    self.isJSON = isJSON
  }

  /// Says that what was asked for is not there to its beginning.
  func beginsLate(at instant: Instant) {
    Output.error("vigia: the audit begins at \(Self.time(instant)): what is older was trimmed")
  }

  /// What an entry of the audit says.
  static func read(_ entry: Entry) -> Result<AuditLine, Unreadable> {
    do throws(Unreadable) {
      if entry.isOversized { throw .tooLong }
      guard let payload = entry.payload else { throw .empty }
      return .success(try AuditCoding.read(payload))
    } catch {
      return .failure(error)
    }
  }

  mutating func take(_ found: Result<AuditLine, Unreadable>, _ id: StreamID) {
    switch found {
    case .success(let line):
      guard selection.takes(line) else { return }
      let outcome = line.isAboutAlert ? .underWay : AuditOutcome(line.phase)
      counts[outcome, default: 0] += 1
      isJSON ? Output.json(json(line, outcome, id)) : write(line, outcome, at: id.instant)
    case .failure(let error):
      let first = unreadable ?? (0, id, error.description)
      unreadable = (first.count + 1, first.first, first.reason)
    }
  }

  /// Says how many lines there were.
  ///
  /// - Returns: what could not be read; nil if all was.
  func finish() -> String? {
    if !isJSON { Output.line(summary) }
    return unreadable.map {
      "\($0.count == 1 ? "1 entry" : "\($0.count) entries") could not be read, the first \($0.first): \($0.reason)"
    }
  }

  private var summary: String {
    let parts = AuditOutcome.allCases.filter { $0 != .underWay }
      .compactMap { outcome in counts[outcome].flatMap { $0 > 0 ? "\($0) \(outcome.words)" : nil } }
    return parts.isEmpty ? "nothing was done, refused or held back in the last \(span)" : parts.joined(separator: ", ")
  }

  // MARK: A line

  /// `2026-11-28 21:21:09Z  succeeded  pause agent-1  alice@bastion  running → paused for 15m  because too many errors`
  private mutating func write(_ line: AuditLine, _ outcome: AuditOutcome, at instant: Instant) {
    guard outcome != .underWay else { return }
    guard !selection.repeats(line) else {
      counts[outcome, default: 1] -= 1
      return
    }
    let phase = line.phase.rawValue.padding(to: AuditLine.Phase.longestName)
    // Of an agent's alerts it was one.
    let alert = Action(rawValue: line.action)?.isAboutAlerts == true ? line.alert.map { "\($0.id.kind.type)/" } : nil
    let subject = line.target == .none ? Self.names(line.targets) : (alert ?? "") + "\(line.target)"
    let what = [line.action, subject].filter { !$0.isEmpty }
    let parts = [
      Self.time(instant), phase, what.isEmpty ? "a command" : what.joined(separator: " "), line.operator, line.detail,
      line.reason.isEmpty ? "" : "because \(line.reason)",
    ]
    Output.line(parts.filter { !$0.isEmpty }.joined(separator: "  ").shown)
  }

  /// Whom a refused command was for: `a-1, a-2, a-3 and 4 more`.
  private static func names(_ targets: [AgentID]) -> String {
    let more = targets.count > 3 ? " and \(targets.count - 3) more" : ""
    return targets.prefix(3).map { "\($0)" }.joined(separator: ", ") + more
  }

  private static func time(_ instant: Instant) -> String {
    ISO8601.format(instant).swapping("T", for: " ").prefix(19) + "Z"
  }

  private func json(_ line: AuditLine, _ outcome: AuditOutcome, _ id: StreamID) -> JSONValue {
    let bytes = AuditCoding.encode(line)
    guard let parsed = try? bytes.withUnsafeBytes({ try JSONValue.parse($0) }), var object = parsed.object else {
      return .null
    }
    object["entry"] = .string("\(id)")
    object["outcome"] = .string(outcome.rawValue)
    return .object(object)
  }
}

extension String {
  fileprivate func padding(to length: Int) -> String { self + String(repeating: " ", count: max(0, length - count)) }
}

extension AuditLine.Phase {
  fileprivate static let longestName = allCases.map(\.rawValue.count).max() ?? 0
}
