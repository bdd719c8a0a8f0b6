import FleetModel
import Glibc
import Testing
import Wire

/// `WIRE.md` names all that the code writes.
@Suite struct WireDocumentTests {
  private let text: String

  init() throws {
    let folder = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let file = try #require(fopen("\(folder)/Sources/Wire/WIRE.md", "r"))
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 18)
    bytes.removeLast(bytes.count - fread(&bytes, 1, bytes.count, file))
    text = String(decoding: bytes, as: UTF8.self)
  }

  /// As a field of a table, or in an example.
  private func names(_ word: String) -> Bool { text.contains("`\(word)`") || text.contains("\"\(word)\":") }

  /// The names in a JSON object, and in those that it holds.
  private func fields(_ json: JSONValue) -> [String] {
    (json.object?.members ?? []).flatMap { member in
      [String(decoding: member.key, as: UTF8.self)] + fields(member.value)
    }
  }

  @Test func everyKeyIsNamed() {
    let keys = Mirror(reflecting: Keys()).children.compactMap { $0.value as? [UInt8] }.map {
      String(decoding: $0, as: UTF8.self)
    }.filter { $0.hasPrefix("agentos:") }
    #expect(keys.count >= 15)
    for key in keys { #expect(names(key), "\(key)") }
    #expect(text.contains("`agentos:agent:<id>`") && text.contains("`agentos:mark:…`"))
    #expect(names(String(decoding: Keys().recorderChannel, as: UTF8.self)))
    #expect(names(String(decoding: Keys.alertsRevision, as: UTF8.self)))
    #expect(names(String(decoding: Keys.group, as: UTF8.self)))
  }

  @Test func everyEventAndItsFieldsAreNamed() {
    for kind in EventKind.allCases { if let type = kind.type { #expect(names(type)) } }
    for field in EventField.allCases { #expect(names(field.key), "\(field.key)") }
    for metric in Metric.allCases {
      for name in [metric.field] + metric.aliases { #expect(names(name), "\(name)") }
    }
  }

  @Test func everyWordOfAnEnumerationIsNamed() {
    for kind in AlertKind.allCases { #expect(names(kind.type)) }
    for phase in AuditLine.Phase.allCases { #expect(names(phase.rawValue)) }
    for state in AgentState.allCases { #expect(names(state.rawValue)) }
    for state in Proposal.State.allCases { #expect(names(state.rawValue)) }
    for severity in Severity.allCases { #expect(names(severity.rawValue)) }
  }

  @Test func fieldsOfARecordAreNamed() {
    for field in AgentRecordCoding.fields(AgentRecord()) { #expect(names(field.name), "\(field.name)") }
  }

  @Test func fieldsOfAnAlertAreNamed() throws {
    let now = Instant(milliseconds: 1)
    var alert = AlertRecord(
      id: AlertID(.escalation, AgentID("a")), severity: .high, since: now, last: now, quietSince: now,
      metric: .errorRate, isClosed: true, acknowledgedBy: "a", acknowledgedAt: now, acknowledgedUntil: now,
      silencedUntil: now, silencedBy: "a", note: "n", summary: "s", told: ["ops"])
    alert.countedTo = "1-0"
    let fields = fields(try JSONValue.parse(AlertCoding.encode(alert)))
    #expect(fields.count == 16)
    for field in fields { #expect(names(field), "\(field)") }
  }

  @Test func fieldsOfAWaitingConversationAreNamed() throws {
    let id = try #require(WaitingConversation.ID("c"))
    var conversation = WaitingConversation(id: id, agent: "a", since: .epoch)
    (conversation.skill, conversation.language, conversation.summary) = ("s", "pt", "w")
    (conversation.lines, conversation.proposed) = (["l"], .init(agent: "b", why: "w"))
    conversation.hand = .init(by: "ana", at: .epoch)
    let fields = fields(WaitingCoding.json(conversation))
    #expect(fields.count == 13)
    for field in fields { #expect(names(field), "\(field)") }
  }

  @Test func fieldsOfALeaseAreNamed() throws {
    let lease = Lease(
      id: "h", fence: 1, isRecording: true, since: .epoch, fault: "f", warning: "w", held: "h")
    for field in fields(try JSONValue.parse(LeaseCoding.encode(lease))) { #expect(names(field), "\(field)") }
  }

  @Test func fieldsOfACommandAreNamed() throws {
    let command = Command(
      id: CommandID("c"), action: .pause, targets: [AgentID("a")], operator: "o", issuedAt: .epoch, expiresAt: .epoch,
      observed: [AgentID("agent-7"): .init(state: .running, version: 1)],
      batch: Batch(id: CommandID("b"), part: 1, parts: 2))
    for field in fields(try JSONValue.parse(CommandCoding.encode(command)))
    where !["id", "part", "parts"].contains(field) { #expect(names(field), "\(field)") }
    #expect(text.contains(#"`{"id","part","parts"}`"#))
  }

  @Test func fieldsOfAnAuditLineAreNamed() throws {
    let line = AuditLine(
      origin: .command(CommandID("c")), batch: Batch(id: CommandID("b"), part: 1, parts: 2), rule: "r",
      phase: .succeeded, action: "pause", detail: "d", before: AgentRecord(), after: AgentRecord(), at: .epoch)
    let json = try JSONValue.parse(AuditCoding.encode(line))
    for member in json.object?.members ?? [] {
      let name = String(decoding: member.key, as: UTF8.self)
      #expect(names(name), "\(name)")
    }
  }

  @Test func fieldsOfAProposalAreNamed() {
    let proposal = Proposal(
      id: ProposalID("p"), rule: "r", agent: AgentID("a"), steps: [], followUp: .init(otherwise: [], undo: []),
      reason: "", digest: "", madeAt: .epoch, expiresAt: .epoch)
    for field in fields(ProposalCoding.json(proposal)) { #expect(names(field), "\(field)") }
  }

  @Test func boundsAreThoseOfTheCode() {
    #expect(text.contains("| \(Command.mostTargets.formattedInThousands) |"))
    #expect(text.contains("at most \(CommandCoding.mostBytes >> 20) MiB"))
    #expect(text.contains("| \(Batch.mostParts) parts |"))
    #expect(text.contains("at most \(AgentID.mostBytes) bytes of valid UTF-8"))
    #expect(text.contains("opens \(UnconfirmedPause.alertsAfter.seconds) s after"))
  }
}

extension Int {
  /// `1,000`, for numbers below a million.
  fileprivate var formattedInThousands: String {
    self < 1000 ? "\(self)" : "\(self / 1000)," + String("\(1000 + self % 1000)".dropFirst())
  }
}
