import FleetModel

/// How a command ends, by what became of its targets or parts.
extension CommandRun {
  /// A partial result is a failure: whoever asked for all of it must look.
  var closingByOutcomes: Closing {
    let all = targets.compactMap { target in outcomes[target].map { (target: target, outcome: $0) } }
    let failures = all.filter { $0.outcome.phase == .failed }
    let bad = all.filter { $0.outcome.phase == .failed || $0.outcome.phase == .unknown }
    let phase: AuditLine.Phase =
      !failures.isEmpty ? .failed : !bad.isEmpty ? .unknown : isDryRun ? .skipped : .succeeded
    let detail =
      all.count == 1
      ? all[0].outcome.detail
      : !bad.isEmpty
        ? PartialResult(done: all.count - bad.count, of: all.count, why: Self.reasons(bad)).detail
        : isDryRun ? "dry_run" : ""
    let marksOriginal = aim == .command && all.contains { $0.outcome.phase == .succeeded }
    return Closing(phase, detail, marksOriginal: marksOriginal)
  }

  /// Each has its own line; the closing one stays one that can be read.
  private static let (mostExplained, mostNamed) = (3, 10)

  /// Of a few each with its reason, of many their names.
  private static func reasons(_ bad: [(target: AgentID, outcome: TargetOutcome)]) -> String {
    guard bad.count > mostExplained else {
      return bad.map { "\($0.target): \($0.outcome.detail)" }.joined(separator: "; ")
    }
    let more = bad.count > mostNamed ? " and \(bad.count - mostNamed) more" : ""
    return "not \(bad.prefix(mostNamed).map { $0.target.description }.joined(separator: ", "))\(more)"
  }

  /// - Parameter parts: how each of them ended; nil if it was never closed.
  static func closing(ofParts parts: [Closing?]) -> Closing {
    let bad = parts.filter { $0?.phase != .succeeded && $0?.phase != .skipped }
    guard let first = bad.first else {
      return Closing(parts.first??.phase ?? .succeeded, "\(parts.count) parts undone")
    }
    let phase: AuditLine.Phase =
      bad.count == parts.count && bad.allSatisfy { $0?.phase == .rejected }
      ? .rejected : bad.allSatisfy { $0?.phase == .unknown } ? .unknown : .failed
    let words = first.map(\.detail) ?? ""
    return Closing(phase, "\(bad.count) of \(parts.count) parts not undone\(words.isEmpty ? "" : ": \(words)")")
  }
}
