import FleetModel
import Screen

/// How queues are named and judged on the screen and in what tools print.
package enum QueueWords {
  /// `orders / workers`.
  package static func name(_ queue: QueueStanding) -> String { Scrubber.display(queue.name) }

  /// What its state is, in at most fifteen letters.
  package static func state(_ queue: QueueStanding) -> String {
    if let trouble = queue.trouble {
      return trouble.hand == nil ? QueueStanding.word(trouble.kind) : handWord(trouble.kind)
    }
    if queue.fault != nil { return "not readable" }
    return queue.group == nil ? "no group" : "well"
  }

  /// The same of trouble that somebody has in hand.
  private static func handWord(_ kind: QueueTrouble.Kind) -> String {
    switch kind {
    case .nobodyReads: "ack, no reader"
    case .tooOld: "ack, too old"
    case .tooLong: "ack, too many"
    }
  }

  /// `acknowledged by ana 4m ago: on it`.
  package static func hand(_ hand: QueueTrouble.Hand, at now: Instant) -> String {
    let note = hand.note.isEmpty ? "" : ": \(Scrubber.display(hand.note))"
    return "acknowledged by \(Scrubber.display(hand.by)) \(Format.ago(now - hand.at))\(note)"
  }

  /// What waits: `1.2k`; `some` if the server does not say how much.
  package static func waiting(_ queue: QueueStanding) -> String {
    switch queue.waiting {
    case .nothing: "0"
    case .entries(let count): Format.count(Double(count))
    case .some: "some"
    case .unknown: "?"
    }
  }

  package static func count(_ count: Int?) -> String { count.map { Format.count(Double($0)) } ?? "?" }

  /// How old something is; "-" if there is nothing, "?" if that is not known.
  package static func age(_ instant: Instant?, at now: Instant, isThere: Bool?) -> String {
    guard isThere != false else { return "-" }
    return instant.map { Format.remaining(now - $0) } ?? "?"
  }

  /// When somebody read last: `4m`; `never` if nobody has, as far as the handler knows.
  package static func lastRead(_ queue: QueueStanding, at now: Instant) -> String {
    guard queue.group != nil, queue.fault == nil else { return "-" }
    if let lastRead = queue.lastRead { return Format.remaining(now - lastRead) }
    return queue.hidesReaders ? "?" : "never"
  }

  static func role(_ queue: QueueStanding) -> Role {
    if let trouble = queue.trouble { return trouble.hand == nil ? Role(trouble.kind.severity) : .dim }
    return queue.fault != nil ? .warning : queue.group == nil ? .dim : .good
  }
}

extension Model {
  /// The panes that Tab visits: that of queues only if the handler looks at any, that of conversations only if one ever
  /// waited, or if it is open.
  var panes: [PaneID] {
    let shown = displayed
    return PaneID.allCases.filter { pane in
      switch pane {
      case .queues: focus == pane || shown.queues != nil
      case .waiting: focus == pane || shown.waiting != nil
      case .agents, .errorRate, .traffic, .satisfaction, .security, .commands: true
      }
    }
  }

  /// How many queues there are, and that nobody reads one of them.
  var queuesPart: StatusLine.Part? {
    guard let report = fleet.queues else { return nil }
    let troubled = report.troubled.filter { $0.trouble?.hand == nil }
    guard let worst = troubled.first, let trouble = worst.trouble else {
      let faults = report.queues.count { $0.fault != nil }
      guard faults == 0 else {
        return .init(text: "\(Format.counted(faults, "queue")) not readable, 7", role: .statusWarning, rank: 3)
      }
      return .init(text: "\(Format.counted(report.queues.count, "queue")), 7", role: .statusBar, rank: 5)
    }
    let more = troubled.count > 1 ? " and \(troubled.count - 1) more" : ""
    let name = TextWidth.prefix(QueueWords.name(worst), columns: 40).0
    return .init(
      text: "\(QueueStanding.word(trouble.kind)): \(name)\(more), 7",
      role: trouble.kind == .nobodyReads ? .statusBad : .statusWarning, rank: 1,
      short: "\(Format.counted(troubled.count, "queue")), 7")
  }

  /// That nobody reads a queue: the first thing to know if no agent is as badly off.
  func queueHeadline(_ shown: Fleet, _ glyphs: Glyphs, besides agents: Headline?) -> Headline? {
    guard let report = shown.queues, !report.isStale(at: displayedNow),
      let queue = report.troubled.first(where: { $0.trouble?.hand == nil }), let trouble = queue.trouble
    else { return nil }
    if agents != nil, let worst, !worst.alert.isQuiet, worst.alert.record.severity >= trouble.kind.severity {
      return nil
    }
    let others = report.troubled.count { $0.trouble?.hand == nil } - 1
    let more = others > 0 ? "; \(Format.counted(others, "other queue")) in trouble" : ""
    let besides = agents.map { "; worst agent: \($0.lead) \($0.text)" } ?? ""
    return Headline(
      lead: "\(glyphs.severity(trouble.kind.severity)) \(QueueWords.name(queue))",
      text: "\(QueueStanding.word(trouble.kind)): \(Scrubber.display(queue.words(at: displayedNow)))\(more)\(besides)",
      role: Role(trouble.kind.severity),
      trailing: agents?.trailing ?? "7 shows queues")
  }
}
