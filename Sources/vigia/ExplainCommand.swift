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
      First what the audit says of it: where a rule acted, or was held back. Then what each rule of the runbook says of \
      the event alone, those that did not match included: how its agent stood at that time is not known any more.
      """)

  @Argument(help: ArgumentHelp("The event's entry, as 1795334137846-0.", valueName: "event-id")) var id: String
  @OptionGroup var redis: RedisOptions
  @Option(help: ArgumentHelp("The handler's runbook, where it is not the one inside the program.", valueName: "FILE"))
  var runbook: String?

  func validate() throws {
    _ = try redis.endpoint()
    guard StreamID(Array(id.utf8)) != nil else {
      throw ValidationError("\"\(id)\" is no event's id; write one such as 1795334137846-0")
    }
  }

  func run() throws {
    var line: [UInt8]?
    try Inquiry.run(try redis.endpoint()) { inquiry in
      Explanation(id, inquiry).tell { line = $0 }
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
  private let inquiry: Inquiry
  private var pages = 0
  private var count = 0

  private static let page = 1000
  private static let mostPages = 20

  init(_ id: String, _ inquiry: Inquiry) {
    self.id = id
    self.inquiry = inquiry
  }

  /// - Parameter found: gets the event as a line of a recording.
  func tell(_ found: @escaping ([UInt8]) -> Void) {
    inquiry.send(Request("XRANGE", inquiry.keys.events, id, id)) { [self] reply in
      guard let line = line(reply) else {
        inquiry.complain(id, "no such event: it was trimmed, or came by another stream")
        return inquiry.end()
      }
      found(line)
      readAudit(from: String(id.prefix { $0 != "-" }))
    }
  }

  private func line(_ reply: Reply) -> [UInt8]? {
    guard let fields = reply.elements?.first?.elements?.last?.pairs,
      let payload = fields.first(where: { $0.name == Keys.dataField })?.value
    else { return nil }
    let channel = fields.first { $0.name == Array("channel".utf8) }?.value
    let instant = StreamID(Array(id.utf8))?.instant ?? .epoch
    return payload.withUnsafeBytes { bytes in
      (channel ?? []).withUnsafeBytes { name -> [UInt8]? in
        let decoder = EventDecoder()
        do throws(Unreadable) {
          let event = try decoder.decode(bytes, channel: channel == nil ? nil : name, receivedAt: instant)
          let words = "\(ISO8601.format(instant))  \(event.typeName)  \(event.agentID)"
          Output.line(words.shown)
          return EventLine.encode(event, id: StreamID(Array(id.utf8)))
        } catch {
          inquiry.complain(id, "the event is unreadable: \(error)")
          return nil
        }
      }
    }
  }

  /// The audit from the event on, a page at a time.
  private func readAudit(from start: String) {
    inquiry.send(Request("XRANGE", inquiry.keys.audit, start, "+", "COUNT", Self.page)) { [self] reply in
      let entries = reply.elements ?? []
      for entry in entries {
        let data = entry.elements?.last?.pairs.first { $0.name == Keys.dataField }?.value
        if let line = data.flatMap({ AuditCoding.decode($0) }) { print(line) }
      }
      pages += 1
      guard entries.count == Self.page, pages < Self.mostPages, let last = entries.last?.elements?.first?.text else {
        if count == 0 { Output.line("the audit says nothing of it: no rule acted or was held back") }
        return inquiry.end()
      }
      readAudit(from: "(\(last)")
    }
  }

  private func print(_ line: AuditLine) {
    guard let rule = line.rule, case .run(let run) = line.origin, run.contains("/\(id)/") else { return }
    count += 1
    let what = line.action == "rule" ? "" : " \(line.action)"
    let whom = line.target == .none ? "" : " \(line.target)"
    let why = line.phase == .started && !line.reason.isEmpty ? "; \(line.reason)" : ""
    Output.line("\(ISO8601.format(line.at))  \(rule)  \(line.phase.rawValue)\(what)\(whom): \(line.detail)\(why)".shown)
  }
}
