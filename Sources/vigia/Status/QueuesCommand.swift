import ArgumentParser
import Console
import FleetModel
import Redis
import Screen
import Wire

/// `vigia queues`: how the queues of other services stand.
struct QueuesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "queues", abstract: "Print how the consumer groups of other services' streams stand, worst first.",
    discussion: """
      The active handler looks at the streams that its settings name under [[queues]]: what waits for each group, what \
      was read and not acknowledged, who reads, and when somebody read last. This prints what it found at its last look. \
      Of a divided fleet the handler that leads shard 00 looks, for all shards.
      """)

  @OptionGroup var redis: RedisOptions
  @Flag(help: "As one JSON document.") var json = false

  func run() throws {
    // The leader of shard 0 looks for the whole fleet, and what it found stands there alone.
    try FleetQuery.run(try redis.wholeInstallation(), heldBy: 0) { query in
      query.askHolder({ Request("GET", $0.queues) }) { reply in
        query.show(page(of: reply, query))
        query.end()
      }
    }
  }

  /// - Parameter reply: what is stored; nil if the shard that has it does not answer.
  private func page(of reply: Reply?, _ query: FleetQuery) -> FleetQuery.Page {
    let isDivided = query.installation.shards != nil
    if let report = reply?.bytes.flatMap({ QueueCoding.decode($0) })?.noLater(than: query.now) {
      let page = QueueReportPage(report, isDivided: isDivided, at: query.now)
      return json ? .json(page.json) : .lines(page.lines)
    }
    let isMalformed = reply?.bytes != nil
    if isMalformed { query.complain("queues", "what is stored could not be read") }
    if json { return .json(["queues": []]) }
    guard reply != nil else { return .lines(["unknown: how queues stand is kept in \(ShardNames.words([0]))"]) }
    return .lines(isMalformed ? [] : [QueueReportPage.none(isDivided: isDivided)])
  }
}

/// How queues stand, as text or JSON.
struct QueueReportPage {
  private let report: QueueReport
  private let isDivided: Bool
  private let now: Instant

  init(_ report: QueueReport, isDivided: Bool = false, at now: Instant) {
    (self.report, self.isDivided, self.now) = (report, isDivided, now)
  }

  static func none(isDivided: Bool) -> String {
    let leads = isDivided ? "leads \(ShardNames.words([0]))" : "leads"
    return "no queue is watched: the settings of the handler that \(leads) have no [[queues]], or none \(leads)"
  }

  /// What the handler has published, and how old it is.
  var json: JSONValue {
    var object = QueueCoding.json(report).object ?? [:]
    object["age_ms"] = .integer(max(0, (now - report.at).milliseconds))
    object["stale"] = .bool(report.isStale(at: now))
    object["queues"] = .array(report.worstFirst.map { QueueCoding.json($0) })
    return .object(object)
  }

  var lines: [String] {
    guard !report.queues.isEmpty else { return [Self.none(isDivided: isDivided)] }
    let head = ["state", "stream", "group", "length", "waits", "oldest", "pending", "oldest", "readers", "read"]
    let table = TextTable.lines([head] + report.worstFirst.map(cells), rightAligned: 3...9)
    let faults = report.worstFirst.compactMap { queue in queue.fault.map { "\(queue.name): \($0)" } }
    let more = report.leftOut > 0 ? ["\(report.leftOut) more groups were not looked at"] : []
    let hands = report.troubled.compactMap { queue in
      queue.trouble?.hand.map { "\(queue.name): \(QueueWords.hand($0, at: now))".shown }
    }
    return table + hands + faults.map { "not readable  \($0)" } + more + [ageLine]
  }

  private var ageLine: String {
    let age = Format.ago(now - report.at)
    return report.isStale(at: now) ? "as of \(age): no handler has looked since" : "looked at \(age)"
  }

  private func cells(_ queue: QueueStanding) -> [String] {
    let start = [QueueWords.state(queue), queue.stream.shown, queue.group?.shown ?? "-"]
    guard queue.fault == nil else { return start + Array(repeating: "?", count: 7) }
    let hasGroup = queue.group != nil
    return start + [
      QueueWords.count(queue.length), QueueWords.waiting(queue),
      QueueWords.age(queue.oldestWaiting, at: now, isThere: queue.waits),
      hasGroup ? QueueWords.count(queue.pending) : "-",
      hasGroup ? QueueWords.age(queue.oldestPending, at: now, isThere: queue.pending.map { $0 > 0 }) : "-",
      hasGroup ? QueueWords.count(queue.consumers) : "none", QueueWords.lastRead(queue, at: now),
    ]
  }

  /// Lines of `vigia status`: the queues in trouble, and how many there are.
  var summary: [String] {
    let troubled = report.troubled.prefix(5).map { queue in
      "queues      \(QueueWords.name(queue)): \(QueueWords.state(queue)); \(queue.words(at: now).shown)"
    }
    let rest = report.troubled.count - troubled.count
    let more = rest > 0 ? ["queues      \(rest) more in trouble; vigia queues"] : []
    if !troubled.isEmpty { return troubled + more }
    return report.isStale(at: now) ? ["queues      \(ageLine); vigia queues"] : []
  }
}
