/// What is said of a queue, to people and in the audit.
extension QueueStanding {
  /// `nobody reads`.
  package static func word(_ kind: QueueTrouble.Kind) -> String {
    switch kind {
    case .nobodyReads: "nobody reads"
    case .tooOld: "entries too old"
    case .tooLong: "too many wait"
    }
  }

  /// `1200 entries wait, the oldest for 5m; 3 consumers, none has read for 4m`.
  package func words(at now: Instant) -> String {
    if let fault { return fault }
    return [waitingWords(at: now), pendingWords(at: now), readerWords(at: now)].compactMap(\.self)
      .joined(separator: "; ")
  }

  private func waitingWords(at now: Instant) -> String? {
    let what: String? =
      switch waiting {
      case .nothing: "nothing waits"
      case .entries(1): "1 entry waits"
      case .entries(let count): "\(count) entries wait"
      case .some: "entries wait"
      case .unknown: nil
      }
    guard let what, waits == true, let oldestWaiting else { return what }
    return "\(what), the oldest for \(Self.rounded(now - oldestWaiting))"
  }

  private func pendingWords(at now: Instant) -> String? {
    guard let pending, pending > 0 else { return nil }
    let age = oldestPending.map { ", the oldest for \(Self.rounded(now - $0))" } ?? ""
    return "\(pending) pending\(age)"
  }

  private func readerWords(at now: Instant) -> String? {
    guard group != nil else { return "no consumer group reads it" }
    guard let consumers else { return nil }
    guard consumers > 0 else { return "the group has no consumer" }
    let who = consumers == 1 ? "1 consumer" : "\(consumers) consumers"
    guard let lastRead else { return who }
    return "\(who), the last one read \(Self.rounded(now - lastRead)) ago"
  }

  /// A span in its two greatest units at most: an age need not be exact.
  package static func rounded(_ span: TimeSpan) -> String {
    let seconds = max(0, span.seconds)
    return switch seconds {
    case ..<120: "\(seconds)s"
    case ..<7200: "\(seconds / 60)m"
    case ..<172_800: "\(seconds / 3600)h"
    default: "\(seconds / 86_400)d"
    }
  }
}
