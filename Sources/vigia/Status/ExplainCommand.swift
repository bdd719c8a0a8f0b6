import ArgumentParser
import FleetModel
import Glibc
import Redis
import Wire

/// `vigia runbook explain`: what rules made of one event, and why.
struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Say what rules made of one event, and why.",
    discussion: """
      First what the audit says of it: where a rule acted, or was held back; a reason that was given of an earlier \
      event of its agent is not given again for 15 minutes, and then that one stands there. Then what each rule of the \
      runbook says of the event alone, those that did not match included: how its agent stood at that time is not known \
      any more.
      """)

  @Argument(help: ArgumentHelp("The event's entry, as 1795334137846-0.", valueName: "event-id")) var id: String
  @OptionGroup var redis: RedisOptions
  @Option(help: ArgumentHelp("The handler's runbook, where it is not the one inside the program.", valueName: "FILE"))
  var runbook: String?

  func validate() throws {
    guard StreamID(Array(id.utf8)) != nil else {
      throw ValidationError("\"\(id)\" is no event's id; write one such as 1795334137846-0")
    }
  }

  func run() throws {
    var line: [UInt8]?
    try FleetQuery.run(try redis.wholeInstallation()) { query in
      query.send({ Request("XRANGE", $0.events, id, id) }) { answers in
        let found = answers.filter { $0.reply.elements?.isEmpty == false }
        if found.count > 1 {
          let shards = ShardNames.words(found.map { query.shard(of: $0.part) })
          query.complain(id, "\(shards) have an event with this id; name one by --prefix without --shards")
          return query.end()
        }
        let place = found.first ?? answers[0]
        Explanation(id, place.part, of: query).tell(place.reply) { line = $0 }
      }
    }
    guard let line else { return }
    Output.line("of the event alone:")
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw Exit.failed.saying("open a pipe: \(String(cString: strerror(errno)))") }
    // What does not fit into a pipe at once is too long to be explained.
    guard line.count < 60_000, write(ends[1], line, line.count) == line.count else {
      throw Exit.failed.saying("the event is too long")
    }
    close(ends[1])
    try HandlerCommand.become(["rehearse", runbook ?? "built-in", "--events", "/dev/fd/\(ends[0])", "--all"])
  }
}

/// What the event's stream and the audit say of it.
private final class Explanation {
  private let id: String
  private let query: RedisQuery
  private let fleet: FleetQuery
  private var agent = AgentID.none
  private var pages = 0
  /// The rules that the audit names with the event.
  private var told: Set<String> = []
  /// Each rule's last reason to do nothing about an earlier event of the agent.
  private var earlier: [String: AuditLine] = [:]

  private static let page = 1000
  private static let mostPages = 20
  /// For how long handlers do not give the same reason again.
  private static let silence = TimeSpan.minutes(15)

  /// - Parameter query: the shard whose event it is.
  init(_ id: String, _ query: RedisQuery, of fleet: FleetQuery) {
    (self.id, self.query, self.fleet) = (id, query, fleet)
  }

  private var entry: StreamID? { StreamID(Array(id.utf8)) }

  /// - Parameters:
  ///   - reply: the event's entry, as XRANGE gives it.
  ///   - found: gets the event as a line of a recording.
  func tell(_ reply: Reply, _ found: @escaping ([UInt8]) -> Void) {
    guard let line = line(reply) else {
      query.complain(id, "no such event: it was trimmed, or came by another stream")
      return fleet.end()
    }
    found(line)
    readAudit(from: String(id.prefix { $0 != "-" }))
  }

  private func line(_ reply: Reply) -> [UInt8]? {
    guard let fields = reply.elements?.first?.elements?.last?.pairs,
      let payload = fields.first(where: { $0.name == Keys.dataField })?.value
    else { return nil }
    let channel = fields.first { $0.name == Keys.channelField }?.value
    let instant = entry?.instant ?? .epoch
    return payload.withUnsafeBytes { bytes in
      (channel ?? []).withUnsafeBytes { name -> [UInt8]? in
        let decoder = EventDecoder()
        do throws(Unreadable) {
          let event = try decoder.decode(bytes, channel: channel == nil ? nil : name, receivedAt: instant)
          agent = event.agentID
          let words = "\(ISO8601.format(instant))  \(event.typeName)  \(event.agentID)"
          Output.line(words.shown)
          return EventLine.encode(event, id: entry)
        } catch {
          query.complain(id, "the event is unreadable: \(error)")
          return nil
        }
      }
    }
  }

  // MARK: The audit

  /// The audit from the event on, a page at a time.
  private func readAudit(from start: String) {
    query.send(Request("XRANGE", query.keys.audit, start, "+", "COUNT", Self.page)) { [self] reply in
      let entries = reply.elements ?? []
      for line in lines(entries) { take(line) }
      pages += 1
      guard entries.count == Self.page, pages < Self.mostPages, let last = entries.last?.elements?.first?.text else {
        pages = 0
        return readAudit(before: String(id.prefix { $0 != "-" }))
      }
      readAudit(from: "(\(last)")
    }
  }

  /// The audit before the event, newest first: only what may have kept handlers from saying the same of it.
  private func readAudit(before end: String) {
    let start = Int64(id.prefix { $0 != "-" }).map { max(0, $0 - Self.silence.milliseconds) } ?? 0
    let request = Request("XREVRANGE", query.keys.audit, "(\(end)", start, "COUNT", Self.page)
    query.send(request) { [self] reply in
      let entries = reply.elements ?? []
      for line in lines(entries) {
        if let rule = line.rule, earlier[rule] == nil, isHoldOfEarlierEvent(line) { earlier[rule] = line }
      }
      pages += 1
      guard entries.count == Self.page, pages < Self.mostPages, let last = entries.last?.elements?.first?.text else {
        return finish()
      }
      readAudit(before: last)
    }
  }

  private func lines(_ entries: [Reply]) -> [AuditLine] {
    entries.compactMap { entry in
      let data = entry.elements?.last?.pairs.first { $0.name == Keys.dataField }?.value
      return data.flatMap { AuditCoding.decode($0) }
    }
  }

  private func take(_ line: AuditLine) {
    guard let rule = line.rule, case .run(let run) = line.origin else { return }
    if run.contains("/\(id)/") {
      told.insert(rule)
      Output.line(words(line).shown)
    } else if isHoldOfEarlierEvent(line) {
      earlier[rule] = line
    }
  }

  /// Whether a line says why nothing was done about an earlier event of the same agent.
  private func isHoldOfEarlierEvent(_ line: AuditLine) -> Bool {
    guard line.phase == .skipped, line.action == AuditLine.wholeRun, line.target == agent,
      let hold = RuleLog.Suppression(detail: line.detail), hold != .dryRun,
      let event = line.origin.event.flatMap({ StreamID(Array($0.utf8)) }), let entry
    else { return false }
    return event < entry
  }

  private func words(_ line: AuditLine) -> String {
    let what = line.action == AuditLine.wholeRun ? "" : " \(line.action)"
    let whom = line.target == .none ? "" : " \(line.target)"
    let why = line.phase == .started && !line.reason.isEmpty ? "; \(line.reason)" : ""
    return
      "\(ISO8601.format(line.at))  \(line.rule ?? "")  \(line.phase.rawValue)\(what)\(whom): \(line.detail)\(why)"
  }

  /// What silence can mean is said: nobody is to take it for a condition that did not hold.
  private func finish() {
    let lines = earlier.filter { !told.contains($0.key) }.values.sorted {
      ($0.at, $0.rule ?? "") < ($1.at, $1.rule ?? "")
    }
    if told.isEmpty {
      Output.line(
        "the audit says nothing of it: no condition held, or too seldom; automation or the rule was off; or the same was "
          + "said of an earlier event within 15 minutes")
    }
    for line in lines {
      let event = line.origin.event ?? ""
      Output.line("\(words(line)) (of \(event); the same is not said again for 15 minutes)".shown)
    }
    fleet.end()
  }
}
