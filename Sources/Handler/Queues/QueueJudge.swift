import FleetModel

/// Judges queues by what was found of them and what was known before: whose trouble begins, goes on or is over.
struct QueueJudge {
  /// What people are told.
  enum Change: Equatable {
    case began(QueueStanding, QueueTrouble)
    /// - isAllClear: whether it is known to be over.
    case ended(QueueStanding, QueueTrouble, why: String, isAllClear: Bool)
  }

  var settings: [QueueSettings]
  let now: Instant
  private let before: [Key: QueueStanding]
  private let report: QueueReport
  private(set) var changes: [Change] = []

  private struct Key: Hashable {
    var stream: ExactText
    var group: ExactText?

    init(_ queue: QueueStanding) {
      stream = ExactText(queue.stream)
      group = queue.group.map(ExactText.init)
    }
  }

  init(settings: [QueueSettings], before: QueueReport?, at now: Instant) {
    (self.settings, self.now) = (settings, now)
    report = before ?? QueueReport(at: now)
    self.before = Dictionary(report.queues.map { (Key($0), $0) }) { first, _ in first }
  }

  /// A trouble ends only when it is clearly less: by this share of what may be.
  private static let wayBack = 0.8

  /// Gives the new report; ``changes`` says what is to be told.
  ///
  /// - Parameter found: by the place of its stream in the settings.
  mutating func judge(_ found: [QueueLook.Finding]) -> QueueReport {
    var next = QueueReport(at: now)
    var seen: Set<Key> = []
    for (settings, finding) in zip(settings, found) {
      for queue in finding.queues + unknown(of: settings, finding) where seen.insert(Key(queue)).inserted {
        if next.queues.count < QueueReport.most {
          next.queues.append(judge(queue, settings, isGone: finding.isGone))
        } else {
          next.leftOut += 1
        }
      }
      next.leftOut += finding.leftOut
    }
    let kept = Set(next.queues.map(Key.init))
    let gone = Set(
      zip(settings, found).filter { !$1.queues.contains { $0.fault != nil } || $1.isGone }.map {
        ExactText($0.0.stream)
      })
    for queue in report.queues where !kept.contains(Key(queue)) {
      guard let trouble = queue.trouble else { continue }
      let why = gone.contains(ExactText(queue.stream)) ? "the group is gone" : "it is no longer watched"
      changes.append(.ended(queue, trouble, why: why, isAllClear: false))
    }
    return next
  }

  /// The groups of a stream that cannot be looked at, as they were: what was wrong with them is not over by that.
  private func unknown(of settings: QueueSettings, _ finding: QueueLook.Finding) -> [QueueStanding] {
    guard !finding.isGone, let fault = finding.queues.first?.fault else { return [] }
    return report.queues.filter { ExactText($0.stream) == ExactText(settings.stream) && $0.trouble != nil }.map {
      var queue = QueueStanding(stream: $0.stream, group: $0.group, seenSince: $0.seenSince)
      queue.fault = fault
      return queue
    }
  }

  private mutating func judge(_ found: QueueStanding, _ settings: QueueSettings, isGone: Bool) -> QueueStanding {
    var queue = found
    let old = before[Key(found)]
    queue.seenSince = min(old?.seenSince ?? found.seenSince, now)
    // The last one may have left; that somebody has read stays true.
    queue.lastRead = [found.lastRead, found.fault == nil ? old?.lastRead : nil].compactMap(\.self).max()
    if found.fault != nil, !isGone {
      queue.trouble = old?.trouble
      return queue
    }
    let kind = isGone ? nil : kind(of: queue, settings, old?.trouble?.kind)
    if let trouble = old?.trouble, trouble.kind == kind {
      queue.trouble = trouble
      return queue
    }
    if let trouble = old?.trouble {
      let why = kind.map { "now \(QueueStanding.word($0))" } ?? (isGone ? "the stream is gone" : "over")
      changes.append(.ended(queue, trouble, why: why, isAllClear: kind == nil && !isGone))
    }
    if let kind {
      let trouble = QueueTrouble(kind, since: now)
      queue.trouble = trouble
      changes.append(.began(queue, trouble))
    }
    return queue
  }

  /// What is wrong, the worst first; nil if nothing is.
  private func kind(
    of queue: QueueStanding, _ settings: QueueSettings, _ present: QueueTrouble.Kind?
  ) -> QueueTrouble.Kind? {
    QueueTrouble.Kind.allCases.first { kind in
      let share = present == kind ? Self.wayBack : 1
      return switch kind {
      case .nobodyReads: isUnread(queue, after: settings.unreadAfter)
      case .tooOld: isTooOld(queue, settings, share)
      case .tooLong: isTooLong(queue, settings, share)
      }
    }
  }

  /// Whether something waits and nobody has read for so long. A queue that has just been found has to be seen for as long:
  /// its readers may be about to come.
  private func isUnread(_ queue: QueueStanding, after span: TimeSpan) -> Bool {
    guard queue.waits == true, !queue.hidesReaders || queue.consumers == 0 else { return false }
    let since = [queue.seenSince, queue.oldestWaiting, queue.lastRead].compactMap(\.self).max() ?? now
    return now - since >= span
  }

  private func isTooOld(_ queue: QueueStanding, _ settings: QueueSettings, _ share: Double) -> Bool {
    guard let most = settings.mostAge, let oldest = queue.oldest else { return false }
    return Double((now - oldest).milliseconds) > Double(most.milliseconds) * share
  }

  /// Where the server does not say how many wait, what was said before stands.
  private func isTooLong(_ queue: QueueStanding, _ settings: QueueSettings, _ share: Double) -> Bool {
    guard let most = settings.mostLag else { return false }
    switch queue.waiting {
    case .entries(let count): return Double(count) > Double(most) * share
    case .nothing: return false
    case .some, .unknown: return share < 1
    }
  }
}
