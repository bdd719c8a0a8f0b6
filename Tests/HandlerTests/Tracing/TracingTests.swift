import Automation
import FleetModel
import HTTP
import Logging
import OpenTelemetry
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// Spans and the log, as a collector gets them.
@Suite(.threaded) struct TracingTests {
  private let scene: HandlerScene
  private let collector: MockCollector

  init() throws {
    scene = try HandlerScene(start: false)
    collector = try MockCollector(on: scene)
  }

  @discardableResult
  private func start(
    _ id: String = "h1", log: Log = .silent, _ change: (inout HandlerOptions) -> Void = { _ in }
  ) throws -> HandlerService {
    try scene.startHandler(id, log: log) { options in
      options.telemetry = collector.settings()
      options.monitoring.address = ListenAddress("127.0.0.1:0")
      change(&options)
    }
  }

  private func wait(for names: String...) throws {
    try scene.server.wait { names.allSatisfy { !collector.spans($0).isEmpty } }
  }

  @Test func commandIsATraceWithItsTargetsAndTheirRuntimes() throws {
    try start()
    try scene.send(.restart, ["agent-1", "agent-2"]) { $0.reason = "slow" }
    let command = try #require(try scene.control().first?.commandID.text)
    try scene.report("agent-1", "running", command: command)
    try wait(for: "command restart", "target restart", "obey restart")
    try scene.server.wait { collector.spans("target restart").count == 2 }
    let whole = try #require(collector.spans("command restart").first)
    let parts = collector.spans("target restart") + collector.spans("obey restart")
    #expect(whole["parentSpanId"] == nil && whole["kind"]?.int == 5)
    #expect(parts.allSatisfy { $0["parentSpanId"] == whole["spanId"] && $0["traceId"] == whole["traceId"] })
    #expect(MockCollector.attribute("vigia.operator", of: whole) == "alice@bastion")
    #expect(MockCollector.attribute("vigia.reason", of: whole) == "slow")
    #expect(Set(parts.compactMap { MockCollector.attribute("vigia.agent", of: $0) }) == ["agent-1", "agent-2"])
    #expect(collector.faults.isEmpty)
  }

  @Test(.enabled(if: TestServer.countsEntries, "rights by command and key need Redis 7"))
  func auditThatMayNotBeReadHoldsUpNothingAndIsReadOnceItMayBe() throws {
    let log = LogLines()
    var endpoint = scene.server.endpoint
    (endpoint.user, endpoint.password) = ("handler", "secret")
    func grant(_ rights: String...) throws {
      let reply = try scene.server.call(
        all: ["ACL", "SETUSER", "handler", "reset", "on", ">secret", "~*", "&*", "+@all"] + rights)
      #expect(reply.error == nil, "\(reply)")
    }
    // All keys but the audit.
    try grant("-xrange", "(+xrange ~agentos:[^a]* ~agentos:a[^u]*)")
    try scene.startHandler("h1", at: endpoint, log: log.log) { $0.telemetry = collector.settings() }
    try scene.server.wait { log.contains("Redis refused to tell XRANGE") }
    #expect(try scene.send(.pause, ["agent-1"], ["for": "5m"]).last?.phase == .succeeded)
    try grant()
    try wait(for: "command pause")
    #expect(try scene.handlers[0].isActive && scene.lease()?.fence == 1)
  }

  /// With each refusal a handler looks at its rights.
  @Test(arguments: [
    (64, 0, 1), (63, 0, 1000), (0, 0, 1000), (nil, 1, 500), (nil, 2, 1000), (nil, 5, 8000), (nil, 7, 30_000),
    (nil, 1000, 30_000),
  ])
  func refusedReaderOfTheAuditAsksLaterAndLater(_ found: Int?, _ failures: Int, _ milliseconds: Int64) {
    #expect(AuditTail.pauseMilliseconds(found: found, failures: failures, chance: 0) == milliseconds)
  }

  @Test func refusedCommandHasAStatus() throws {
    try start()
    try scene.send(.scale, ["agent-1"], ["replicas": "many"])
    try wait(for: "command scale")
    #expect(collector.spans("command scale")[0]["status"]?["code"]?.int == 2)
    #expect(collector.faults.isEmpty)
  }

  @Test func ruleIsATraceOfItsOwn() throws {
    let book = try RuleScene.read(RuleScene.calm)
    _ = try scene.server.call("SET", scene.keys.automation, "on")
    try start { $0.runbook = book }
    let rules = RuleScene(on: scene)
    try rules.degrade("agent-1")
    try wait(for: "rule calm", "target pause")
    #expect(collector.spans("target pause")[0]["parentSpanId"] == collector.spans("rule calm")[0]["spanId"])
    #expect(collector.faults.isEmpty)
  }

  @Test func callOfAServiceIsAChildAndTheServiceIsToldItsParent() throws {
    let service = try MockService(loop: scene.server.loop) { _ in .status(200, "ok") }
    let actuator = HTTPActuator(url: try Template(service.url("/scale")))
    try start { $0.actuators = ActuatorTable(actions: [.scale: .http(actuator)]) }
    try scene.send(.scale, ["agent-1"], ["replicas": "3"])
    try wait(for: "command scale", "call scale")
    let call = collector.spans("call scale")[0]
    #expect(call["kind"]?.int == 3 && call["parentSpanId"] == collector.spans("command scale")[0]["spanId"])
    let (trace, span) = (call["traceId"]?.text ?? "", call["spanId"]?.text ?? "")
    #expect(service.requests[0].headers["traceparent"] == ["00-\(trace)-\(span)-01"])
    #expect(collector.faults.isEmpty)
  }

  @Test func withoutItsSectionServicesAreToldNothing() throws {
    let service = try MockService(loop: scene.server.loop) { _ in .status(200, "ok") }
    let actuator = HTTPActuator(url: try Template(service.url("/scale")))
    try scene.startHandler("h1") { $0.actuators = ActuatorTable(actions: [.scale: .http(actuator)]) }
    try scene.send(.scale, ["agent-1"], ["replicas": "3"])
    #expect(service.requests[0].headers["traceparent"] == nil)
    #expect(try scene.server.call("HEXISTS", scene.keys.cursor, scene.keys.audit + "#otel".utf8).integer == 0)
  }

  @Test func whoTakesOverSaysTheSameByTheSameIDs() throws {
    let first = try start("h1")
    try scene.send(.pause, ["agent-1"], ["for": "5m"])
    try wait(for: "command pause", "target pause")
    first.halt()
    // As if it had been killed before it could say how far it was.
    _ = try scene.server.call("HSET", scene.keys.cursor, scene.keys.audit + "#otel".utf8, "1-0")
    try start("h2")
    try scene.server.wait { collector.spans("command pause").count == 2 && collector.spans("target pause").count == 2 }
    for name in ["command pause", "target pause"] {
      let spans = collector.spans(name)
      #expect(spans[0] == spans[1])
    }
  }

  @Test func commandThatTheOneBeforeHasBegunHasItsWholeSpan() throws {
    let first = try start("h1")
    try scene.send(.restart, ["agent-1"])
    try wait(for: "command restart")
    first.halt()
    try start("h2")
    let command = try #require(try scene.control().first?.commandID.text)
    try scene.report("agent-1", "running", command: command)
    try wait(for: "obey restart")
    #expect(collector.spans("obey restart")[0]["parentSpanId"] == collector.spans("command restart")[0]["spanId"])
  }

  @Test func collectorThatIsAwayIsTriedAgainAndHoldsUpNothing() throws {
    let handler = try start()
    collector.answers = [.hangUp, .status(503, headers: [("Retry-After", "0")], "starting"), .status(429, "slow")]
    try scene.send(.pause, ["agent-1"], ["for": "5m"])
    try wait(for: "command pause")
    try scene.server.wait { handler.counts.exports["otel"]?[.told] ?? 0 >= 2 }
    #expect(collector.spans("command pause").count == 1)
  }

  @Test func whatIsRefusedIsCountedAndNotSentAgain() throws {
    let handler = try start { $0.telemetry?.sendsLogs = false }
    collector.answers = [.status(400, "bad")]
    try scene.send(.pause, ["agent-1"], ["for": "5m"])
    try scene.server.wait { handler.counts.exports["otel"]?[.refused] ?? 0 >= 1 }
    try scene.send(.pause, ["agent-2"], ["for": "5m"])
    try wait(for: "command pause")
    #expect(collector.spans("command pause").count == 1)
  }

  @Test func partOfABatchThatIsRefusedIsCounted() throws {
    let handler = try start { $0.telemetry?.sendsLogs = false }
    collector.answers = [.status(200, #"{"partialSuccess":{"rejectedSpans":"1","errorMessage":"too old"}}"#)]
    try scene.send(.pause, ["agent-1"], ["for": "5m"])
    try scene.server.wait { handler.counts.exports["otel"]?[.refused] == 1 }
    #expect(handler.counts.exports["otel"]?[.told] ?? 0 >= 1)
  }

  @Test func oldestOfTooManyAreDroppedAndCounted() throws {
    var queue = TelemetryQueue()
    var dropped = 0
    for number in 0..<(TelemetryQueue.most + 3) {
      if number == 600 { #expect(queue.take().count == TelemetryQueue.batch) }
      dropped += queue.add(.init(json: .integer(Int64(number))))
    }
    #expect(dropped == TelemetryQueue.batch)
    // What is on its way stays.
    #expect(queue.settle() == TelemetryQueue.batch)
    #expect(queue.take().first == .integer(Int64(2 * TelemetryQueue.batch)))
  }

  @Test func secretsAreInNoSpanAndInNoLine() throws {
    let log = Log(Log.Settings(level: .debug, secrets: ["hunter22"])) { _ in }
    try start(log: log) { $0.log.secrets = ["hunter22"] }
    log(.warning, "the password is hunter22", ["value": "hunter22"])
    try scene.send(.pause, ["agent-1"], ["for": "5m"]) { $0.reason = "because of hunter22" }
    try wait(for: "command pause")
    try scene.server.wait { collector.lines.contains { $0["body"]?["stringValue"]?.text == "the password is ***" } }
    for body in collector.bodies { #expect(!String(decoding: body.body, as: UTF8.self).contains("hunter22")) }
    #expect(collector.faults.isEmpty)
  }

  @Test func logIsTurnedOffAndOn() throws {
    let log = Log(Log.Settings()) { _ in }
    let handler = try start(log: log) { $0.telemetry = nil }
    #expect(log.follow == nil)
    var options = handler.options
    options.telemetry = collector.settings()
    handler.apply(options)
    log(.error, "something is wrong", ["where": "here"])
    try scene.server.wait { collector.lines.contains { $0["severityNumber"]?.int == 17 } }
    options.telemetry = nil
    handler.apply(options)
    #expect(log.follow == nil)
  }

  /// The published messages themselves read what is sent, and know every word of it.
  @Test func publishedProtocolReadsIt() throws {
    let python: PythonEnvironment
    do {
      python = try PythonEnvironment("opentelemetry-proto~=1.30")
    } catch let error as PythonEnvironment.Unavailable {
      try Test.cancel("\(error)")
    }
    let log = Log(Log.Settings()) { _ in }
    try start(log: log)
    log(.error, "something is wrong", ["where": "here \u{1F600}"])
    try scene.send(.pause, ["agent-1", "quo\"te"], ["for": "5m"])
    try wait(for: "command pause")
    try scene.server.wait { !collector.lines.isEmpty }
    let folder = try TemporaryFolder()
    for (number, body) in collector.bodies.enumerated() {
      let kind = body.path == "/v1/traces" ? "trace" : "logs"
      try folder.write(String(decoding: body.body, as: UTF8.self), to: "\(kind)-\(number).json")
    }
    let child = try python.start(Self.reader, named: "read.py", environment: ["FOLDER": folder.path])
    #expect(child.wait() == 0)
  }

  private static let reader = """
    import base64, glob, json, os
    from google.protobuf import json_format
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    def ids(value):
        # OTLP differs from protobuf's own mapping in this alone.
        if isinstance(value, dict):
            return {k: base64.b64encode(bytes.fromhex(v)).decode() if k in ("traceId", "spanId", "parentSpanId")
                    else ids(v) for k, v in value.items()}
        return [ids(v) for v in value] if isinstance(value, list) else value

    count = 0
    for path in glob.glob(os.environ["FOLDER"] + "/*.json"):
        kind = ExportTraceServiceRequest if "trace-" in path else ExportLogsServiceRequest
        message = json_format.ParseDict(ids(json.load(open(path))), kind())
        if kind is ExportTraceServiceRequest:
            for resource in message.resource_spans:
                for scope in resource.scope_spans:
                    for span in scope.spans:
                        assert len(span.trace_id) == 16 and len(span.span_id) == 8
                        assert 0 < span.start_time_unix_nano <= span.end_time_unix_nano
                        count += 1
        else:
            count += sum(len(s.log_records) for r in message.resource_logs for s in r.scope_logs)
    assert count > 3, count
    """
}
