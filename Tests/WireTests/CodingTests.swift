import FleetModel
import Testing

@testable import Wire

/// What vigia writes itself comes back as it was, and looks as the wire says.
struct CodingTests {
  private let at = Instant(milliseconds: 1_795_334_400_000)

  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  private var command: Command {
    Command(
      id: CommandID("01890a5d-ac96-774b-bcce-b302099a8057"), action: .pause, targets: ["agent-0042"],
      arguments: ["for": "15m"], operator: "alice@bastion", reason: "error rate 25%", issuedAt: at,
      expiresAt: at + .seconds(60), observed: ["agent-0042": .init(state: .running, version: 17)])
  }

  private let commandText =
    #"{"entity_id":"agent-0042","event_type":"command.pause","data":{"command_id":"01890a5d-ac96-774b-bcce-b302099a8057","#
    + #""action":"pause","targets":["agent-0042"],"args":{"for":"15m"},"operator":"alice@bastion","#
    + #""reason":"error rate 25%","issued_at":"2026-11-22T08:00:00.000Z","expires_at":"2026-11-22T08:01:00.000Z","#
    + #""observed":{"agent-0042":{"state":"running","version":17}},"dry_run":false}}"#

  @Test func aCommandIsWrittenAsTheWireSays() throws {
    #expect(text(CommandCoding.encode(command)) == commandText)
    #expect(try CommandCoding.decode(Array(commandText.utf8)) == command)
  }

  @Test func aCommandIsReadFromEveryFormat() throws {
    for format in EventEncoding.Format.allCases {
      let bytes = EventEncoding.encode(body: Array(commandText.utf8), as: format, correlationID: "c")
      #expect(try CommandCoding.decode(bytes) == command)
    }
  }

  @Test func everyActionComesBack() throws {
    for action in Action.allCases {
      var command = command
      command.action = action
      command.isDryRun = true
      command.observed = [:]
      command.targets = ["a\"\u{1}\u{7F}", "ü🙂", ""]
      #expect(try CommandCoding.decode(CommandCoding.encode(command)) == command)
    }
  }

  @Test func argumentsOfAnyKindBecomeText() throws {
    let text = commandText.replacing(#"{"for":"15m"}"#, with: #"{"n":5,"x":0.5,"b":true,"l":["a","b"],"z":null}"#)
    #expect(try CommandCoding.decode(Array(text.utf8)).arguments == ["n": "5", "x": "0.5", "b": "true", "l": "a,b"])
  }

  @Test(arguments: [
    (#""command_id":"01890a5d-ac96-774b-bcce-b302099a8057","#, "", "\"command_id\" is missing or empty; send a UUIDv7"),
    (
      #""action":"pause""#, #""action":"dance""#,
      "\"action\" is \"dance\", which this handler does not know; update it or send another"
    ),
    (
      #""targets":["agent-0042"]"#, #""targets":[]"#, "pause names no target; list the agents in \"targets\""
    ),
    (#""targets":["agent-0042"],"#, "", "pause names no target; list the agents in \"targets\""),
    (#""targets":["agent-0042"]"#, #""targets":[5]"#, "\"targets\" holds a value that is not a string"),
    (#""operator":"alice@bastion","#, "", "\"operator\" is missing or empty; name who asks, as user@host"),
    (
      #""expires_at":"2026-11-22T08:01:00.000Z""#, #""expires_at":"soon""#,
      "\"expires_at\" is missing or no time; send ISO 8601, as 2026-11-22T08:00:00.000Z"
    ),
    (#""dry_run":false"#, #""dry_run":"no""#, "\"dry_run\" is neither true nor false"),
    (
      #""version":17"#, #""version":1.5"#,
      "\"observed\" needs a known \"state\" and a whole \"version\" for each agent; or leave it out"
    ),
  ])
  func aMalformedCommandIsRefusedWithWhatToDo(found: String, replacement: String, reason: String) {
    let bytes = Array(commandText.replacing(found, with: replacement).utf8)
    let refusal = #expect(throws: CommandRefusal.self) { try CommandCoding.decode(bytes) }
    #expect(refusal?.reason == reason)
  }

  @Test func aRefusalNamesWhatCouldBeRead() {
    let bytes = Array(commandText.replacing(#""pause","targets""#, with: #""dance","targets""#).utf8)
    let refusal = #expect(throws: CommandRefusal.self) { try CommandCoding.decode(bytes) }
    #expect(refusal?.id == CommandID("01890a5d-ac96-774b-bcce-b302099a8057"))
    #expect(refusal?.action == "dance")
    #expect(refusal?.targets == ["agent-0042"])
    #expect(refusal?.operator == "alice@bastion")
  }

  @Test func aCommandCutShortIsRefusedAtEveryLength() {
    let bytes = CommandCoding.encode(command)
    for length in 0..<bytes.count {
      #expect(throws: CommandRefusal.self) { try CommandCoding.decode(Array(bytes[..<length])) }
    }
  }

  private var record: AgentRecord {
    var record = AgentRecord()
    record.state = .paused
    record.replicas = 3
    record.cpu = 1.5
    record.memory = 512
    record.rateLimit = 60
    record.rateLimitedUntil = at + .minutes(5)
    record.backup = "agent-2"
    record.pausedUntil = at + .minutes(15)
    (record.pausedBy, record.pausedAt) = ("bob@bastion", at - .minutes(1))
    record.health = 0.97
    record.version = 18
    record.updatedAt = at
    record.updatedBy = "alice@bastion"
    return record
  }

  @Test func aRecordIsAHashWithEpochMilliseconds() {
    let fields = AgentRecordCoding.fields(record)
    #expect(
      fields.map { "\($0.name)=\(text($0.value))" } == [
        "state=paused", "replicas=3", "cpu=1.5", "memory=512", "rate_limit=60", "rate_limited_until=1795334700000",
        "backup=agent-2", "paused_until=1795335300000", "paused_by=bob@bastion",
        "paused_at=1795334340000", "health=0.97", "version=18", "updated_at=1795334400000",
        "updated_by=alice@bastion",
      ])
    #expect(AgentRecordCoding.decode(fields: fields.map { (Array($0.name.utf8), $0.value) }) == record)
  }

  @Test func anEmptyRecordClearsEveryField() {
    let fields = AgentRecordCoding.fields(AgentRecord())
    #expect(fields.count == 14)
    #expect(fields.filter { !$0.value.isEmpty }.map(\.name) == ["state", "version"])
    #expect(AgentRecordCoding.decode(fields: fields.map { (Array($0.name.utf8), $0.value) }) == AgentRecord())
  }

  @Test func malformedAndUnknownFieldsOfARecordAreNotSet() {
    let fields = [("state", "dreaming"), ("replicas", "x"), ("cpu", "nan"), ("version", ""), ("colour", "red")]
    #expect(AgentRecordCoding.decode(fields: fields.map { (Array($0.0.utf8), Array($0.1.utf8)) }) == AgentRecord())
  }

  @Test func aRecordIsJSONWithISO8601() {
    #expect(AgentRecordCoding.json(record)["paused_until"]?.text == "2026-11-22T08:15:00.000Z")
    #expect(AgentRecordCoding.decode(json: AgentRecordCoding.json(record)) == record)
    #expect(text(AgentRecordCoding.json(AgentRecord()).encoded) == #"{"state":"running","version":0}"#)
  }

  private var alert: AlertRecord {
    AlertRecord(
      id: AlertID(.performanceDegraded, "a/1"), severity: .high, count: 3, since: at, last: at + .seconds(9),
      isClosed: true, acknowledgedBy: "alice", acknowledgedAt: at,
      acknowledgedUntil: at + .hours(2), silencedUntil: at + .hours(1), silencedBy: "bob", note: "n",
      summary: "error rate 25%", told: ["pager", "ops"])
  }

  @Test func alertsComeBack() {
    #expect(AlertCoding.decode(id: alert.id.bytes, payload: AlertCoding.encode(alert)) == alert)
    let simple = AlertRecord(id: AlertID(.escalation, ""), severity: .low, since: at, last: at)
    #expect(
      text(AlertCoding.encode(simple))
        == #"{"severity":"low","count":1,"since":"2026-11-22T08:00:00.000Z","last":"2026-11-22T08:00:00.000Z","summary":""}"#
    )
    #expect(AlertCoding.decode(id: simple.id.bytes, payload: AlertCoding.encode(simple)) == simple)
    #expect(AlertCoding.decode(id: Array("x/y".utf8), payload: AlertCoding.encode(simple)) == nil)
    var open = AlertRecord(id: AlertID(.metric, "a"), severity: .high, since: .epoch, last: .epoch)
    open.openMetric = "cost_per_hour"
    #expect(text(AlertCoding.encode(open)).contains(#""metric":"cost_per_hour""#))
    #expect(AlertCoding.decode(id: open.id.bytes, payload: AlertCoding.encode(open)) == open)
    #expect(AlertCoding.decode(id: simple.id.bytes, payload: [UInt8]("{}".utf8)) == nil)
  }

  @Test func everyPhaseOfTheAuditComesBack() {
    for phase in AuditLine.Phase.allCases {
      var line = AuditLine(
        origin: .command(command.id), phase: phase, action: "pause", target: "agent-0042", operator: "alice",
        reason: "r", detail: "guarded", before: AgentRecord(), after: record, alert: alert, handler: "h1", at: at,
        source: "agentos:commands")
      #expect(AuditCoding.decode(AuditCoding.encode(line)) == line)
      line.origin = .run("r1")
      line.rule = "restart-on-errors"
      line.ruleTitle = "restart on errors"
      line.alert = nil
      line.before = nil
      line.detail = ""
      #expect(AuditCoding.decode(AuditCoding.encode(line)) == line)
    }
  }

  @Test func anAuditLineIsWrittenAsTheWireSays() {
    let line = AuditLine(
      origin: .command(CommandID("c1")), phase: .skipped, action: "pause", detail: "stale", handler: "h1", at: at)
    #expect(
      text(AuditCoding.encode(line))
        == #"{"command_id":"c1","phase":"skipped","action":"pause","target":"","operator":"","reason":"","#
        + #""detail":{"why":"stale"},"handler":"h1","at":"2026-11-22T08:00:00.000Z","source":""}"#)
  }

  @Test func detailOfOtherShapesIsKeptAsText() {
    func detail(_ json: String) -> String? {
      let line = #"{"run_id":"r","phase":"failed","action":"x","at":"2026-11-22T08:00:00Z","detail":\#(json)}"#
      return AuditCoding.decode(Array(line.utf8))?.detail
    }
    #expect(detail(#""plain""#) == "plain")
    #expect(detail(#"{"code":5}"#) == #"{"code":5}"#)
    #expect(detail("null") == "")
  }

  @Test func textsOfTheAuditAreBounded() throws {
    let long = String(repeating: "é", count: 100_000)
    var line = AuditLine(
      origin: .run("r"), rule: long, phase: .failed, action: long, operator: long, reason: long, detail: long,
      handler: long, at: Instant(milliseconds: 1000), source: long)
    line.ruleTitle = long
    let read = try #require(AuditCoding.decode(AuditCoding.encode(line)))
    let texts = [
      read.rule ?? "", read.ruleTitle ?? "", read.action, read.operator, read.reason, read.detail, read.handler,
      read.source,
    ]
    for text in texts {
      #expect(text.utf8.count <= 1024 && text.hasPrefix("ééé") && text.hasSuffix("…"))
    }
  }

  @Test func lineOfAnEndlessIDIsNone() {
    for length in [2000, 3000] {
      let line = AuditLine(
        origin: .run(String(repeating: "r", count: length)), phase: .failed, action: "pause",
        at: Instant(milliseconds: 1000))
      #expect((AuditCoding.decode(AuditCoding.encode(line)) == nil) == (length > 2048))
    }
  }

  @Test func anAuditLineCutShortIsNoneAtEveryLength() {
    let bytes = AuditCoding.encode(AuditLine(origin: .run("r"), phase: .failed, action: "x", at: at))
    for length in 0..<bytes.count { #expect(AuditCoding.decode(Array(bytes[..<length])) == nil) }
  }

  @Test func leasesControlMessagesAndMarkersComeBack() {
    let lease = Lease(id: "h1", fence: 3, isRecording: true, patterns: ["agent.*"], since: at)
    #expect(
      text(LeaseCoding.encode(lease))
        == #"{"id":"h1","fence":3,"recording":true,"patterns":["agent.*"],"since":"2026-11-22T08:00:00.000Z","protocol":1}"#
    )
    #expect(LeaseCoding.decode(LeaseCoding.encode(lease)) == lease)
    #expect(LeaseCoding.decode([UInt8]("{}".utf8)) == nil)
    var faulty = lease
    faulty.fault = "runbook not taken: line 12"
    #expect(text(LeaseCoding.encode(faulty)).hasSuffix(#","protocol":1,"fault":"runbook not taken: line 12"}"#))
    #expect(LeaseCoding.decode(LeaseCoding.encode(faulty)) == faulty)

    let message = ControlMessage(
      agent: "a", action: .rateLimit, arguments: ["per_minute": "60", "for": "15m", "by": "+1"],
      commandID: CommandID("c1"), until: at)
    #expect(
      text(ControlCoding.encode(message))
        == #"{"entity_id":"a","event_type":"control.rate_limit","data":{"by":"+1","for":"15m","per_minute":60,"#
        + #""command_id":"c1","until":"2026-11-22T08:00:00.000Z"}}"#)
    #expect(ControlCoding.decode(ControlCoding.encode(message)) == message)

    let marker = RecorderMarker(handler: "h1", fence: 3, nonce: "9f")
    #expect(text(marker.encode()) == #"{"recorder":"h1","fence":3,"nonce":"9f"}"#)
    #expect(RecorderMarker.decode(marker.encode()) == marker)
    #expect(RecorderMarker.decode(CommandCoding.encode(command)) == nil)
  }
}
