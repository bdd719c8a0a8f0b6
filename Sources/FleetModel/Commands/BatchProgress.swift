/// How far the parts of an order that was split have come, and what that makes of the whole.
package struct BatchProgress: Equatable, Sendable {
  private struct Part: Equatable {
    var progress: CommandLog.Entry.Progress
    var detail = ""
    /// Targets that were acted on, and those of them whose runtimes have confirmed it.
    var succeeded = 0
    var failed = 0
    var obeyed = 0
  }

  /// How many parts there are.
  package let count: Int
  private var parts: [Int: Part] = [:]

  init(count: Int) {
    self.count = count
  }

  /// Enters a part that this console sends.
  mutating func enter(_ number: Int) {
    if parts[number] == nil { parts[number] = Part(progress: .sent) }
  }

  /// Takes a line of the audit about a part.
  mutating func apply(_ line: AuditLine, to number: Int) {
    var part = parts[number] ?? Part(progress: .phase(.received))
    defer { parts[number] = part }
    guard line.target == .none else {
      switch line.phase {
      case .succeeded: part.succeeded += 1
      case .failed, .rejected, .expired, .unknown: part.failed += 1
      case .obeyed: part.obeyed += 1
      case .started: if !part.progress.isFinished { part.progress = .phase(.started) }
      case .received, .proposed, .skipped, .undone: break
      }
      return
    }
    // Confirmations may have come before the closing line.
    let isObeyed = line.phase == .succeeded && part.failed == 0 && part.obeyed > 0 && part.obeyed == part.succeeded
    part.progress = .phase(isObeyed ? .obeyed : line.phase)
    part.detail = line.detail
  }

  /// Whether nobody has taken up a part that this console sent.
  func isUnreceived(_ number: Int) -> Bool { parts[number]?.progress == .sent }

  /// Where the whole stands: it is closed once every part is, as the worst of them.
  var progress: CommandLog.Entry.Progress {
    let worst = worst
    if parts.count == count, let worst, parts.values.allSatisfy({ $0.progress.isFinished }) { return worst.progress }
    if parts.values.contains(where: { $0.progress.isFinished || $0.progress == .phase(.started) }) {
      return .phase(.started)
    }
    return parts.values.contains { $0.progress != .sent } ? .phase(.received) : .sent
  }

  /// How many agents it was done to, of how many; and what the worst part says.
  ///
  /// - Parameter noun: what it was done to, if that is not agents.
  func detail(_ noun: String = "agent") -> String {
    let closed = parts.values.count { $0.progress.isFinished }
    guard closed == count else { return closed == 0 ? "" : "\(closed) of \(count) parts closed" }
    let (done, failed) = parts.values.reduce((0, 0)) { ($0.0 + $1.succeeded, $0.1 + $1.failed) }
    let words = worst?.detail ?? ""
    guard done + failed > 0 else { return words }
    guard failed > 0 else {
      let counts = "\(done) \(noun)\(done == 1 ? "" : "s")"
      return words.isEmpty ? counts : "\(counts): \(words)"
    }
    // The worst part may itself have been done in part.
    return PartialResult(done: done, of: done + failed, why: PartialResult(detail: words)?.why ?? words).detail
  }

  private var worst: Part? {
    parts.sorted { $0.key < $1.key }.map(\.value).max { Self.rank($0.progress) < Self.rank($1.progress) }
  }

  private static func rank(_ progress: CommandLog.Entry.Progress) -> Int {
    guard case .phase(let phase) = progress else { return 0 }
    return switch phase {
    case .received, .proposed, .started: 0
    case .undone: 1
    case .obeyed: 2
    // An undo that reached all shards is skipped by those that know nothing of what it takes back.
    case .skipped: 3
    case .succeeded: 4
    case .expired: 5
    case .rejected: 6
    case .unknown: 7
    case .failed: 8
    }
  }
}
