import Automation
import Configuration
import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// What each of the rules inside the program tells people, from an event's bytes to what services of each kind received.
@Suite(.threaded) struct BuiltInBodiesTests {
  /// What people are to hear of something.
  struct Telling {
    /// PagerDuty's, Alertmanager's and the webhook's.
    var key: String
    var severity: Severity
    /// How its title begins.
    var title: String

    static func page(_ severity: Severity, _ title: String) -> Telling {
      Telling(key: "escalation/agent-1", severity: severity, title: title)
    }

    /// Rules' notices are known by their group's key.
    static func rule(_ rule: String, _ severity: Severity, _ title: String) -> Telling {
      Telling(key: "group/\(rule)/\(severity.rawValue)", severity: severity, title: title)
    }

    /// That an agent is new, or goes back to another version, is no trouble, nothing ends it, and nobody is woken by it.
    var isNews: Bool { ["agent-created", "rollback-auto"].contains { key.hasPrefix("group/\($0)/") } }
  }

  /// An event of agent-1, the rules it sets off, and all that people hear.
  struct Case: CustomTestStringConvertible {
    var rules: [String]
    var type: String
    var data: JSONValue
    /// Which fields hold any text, and whether people are told it.
    var texts: [String] = []
    var isQuoted = false
    var before: [(type: String, agent: AgentID, data: JSONValue)] = []
    var told: [Telling]

    var testDescription: String { rules.joined(separator: ", ") + (before.isEmpty ? "" : " with a peer") }
  }

  private static func worse(_ mode: String) -> JSONValue {
    [
      "mode": .string(mode), "role": "sales", "worse": "1.4.2", "better": "1.4.1", "detail": "version 1.4.2 fails",
      "agents": ["agent-3"],
    ]
  }

  /// An agent that runs a version, and the handler has named both.
  private static func nameWorseVersion(on services: ServicesScene) throws {
    let version = WorseVersion(
      role: "sales", worse: "1.4.2", better: "1.4.1", metric: "error_rate", words: "version 1.4.2 fails",
      namedAt: .epoch, step: WorseVersion.Step(["agent-3"], at: .epoch))
    _ = try services.scene.server.call(
      "HSET", services.scene.keys.insightRecord, WorseVersionCoding.field, WorseVersionCoding.encode([version]))
    try services.rules.event("agent.updated", "agent-3", ["role": "sales", "version": "1.4.2"])
  }

  static let cases: [Case] = [
    Case(
      rules: ["performance-degraded"], type: "agent.performance_degraded",
      data: ["error_rate": 0.31, "response_time": 900, "last_hour_errors": 40],
      told: [
        .rule(
          "performance-degraded", .critical, "agent-1 degraded: error rate 31%, response time 900 ms.")
      ]),
    Case(
      rules: ["high-traffic"], type: "agent.high_traffic",
      data: ["queue_size": 80, "messages_per_minute": 400, "response_time_avg": 900],
      told: [.rule("high-traffic", .medium, "agent-1: 400 messages a minute, 80 waiting.")]),
    // The coupon is only proposed, on consoles; a person is called at once.
    Case(
      rules: ["satisfaction-low", "satisfaction-amends"], type: "agent.satisfaction_low",
      data: [
        "avg_rating": 1.9, "negative_feedback_count": 12, "main_complaints": ["slow"], "conversation_ids": ["c-1"],
      ],
      texts: ["main_complaints", "conversation_ids"], told: [.page(.medium, "agent-1 needs a person from support")]),
    Case(
      rules: ["security-alert"], type: "agent.security_alert",
      data: [
        "alert_type": "brute_force", "attempts_count": 50, "risk_level": "high",
        "suspicious_ips": ["203.0.113.9", "10.0.0.7"],
      ],
      texts: ["alert_type", "suspicious_ips"], isQuoted: true,
      told: [
        .rule(
          "security-alert", .high, "agent-1: brute force, risk high, 50 attempts from 203.0.113.9, 10.0.0.7.")
      ]),
    Case(
      rules: ["agent-created"], type: "agent.created", data: ["name": "Ada"], texts: ["name"], isQuoted: true,
      told: [.rule("agent-created", .low, "agent-1 (Ada) is new.")]),
    Case(
      rules: ["health-critical"], type: "agent.health_critical",
      data: ["health_score": 0.3, "issues_detected": ["slow_responses"], "suggested_actions": ["scale_up"]],
      texts: ["issues_detected", "suggested_actions"], told: []),
    Case(
      rules: ["foreseen"], type: "agent.predictive_alert",
      data: [
        "confidence": 0.9, "predictions": [["metric": "queue_size", "eta_minutes": 12]],
        "recommended_actions": ["scale_up", "call the vendor"],
      ],
      texts: ["recommended_actions"], told: []),
    Case(
      rules: ["anomaly"], type: "agent.anomaly",
      data: [
        "metric": "error_rate", "detail": "errors 4%, its peers have 1%", "value": 0.04, "usual": 0.01,
        "corroborated": true,
      ],
      texts: ["detail"], isQuoted: true,
      told: [.rule("anomaly", .medium, "agent-1: errors 4%, its peers have 1%.")]),
    Case(
      rules: ["runaway"], type: "agent.runaway",
      data: ["metric": "tool_calls_per_turn", "detail": "90 tool calls a turn, usually 4", "corroborated": true],
      texts: ["detail"], told: []),
    Case(
      rules: ["rollback"], type: "agent.version_worse", data: Self.worse("propose"), texts: ["detail"], told: []),
    Case(
      rules: ["rollback-auto"], type: "agent.version_worse", data: Self.worse("auto"), texts: ["detail"],
      isQuoted: true,
      told: [.rule("rollback-auto", .low, "agents of sales go back to version 1.4.1:")]),
    Case(
      rules: ["budget"], type: "agent.budget", data: ["detail": "used 82% of 50 EUR a day", "share": 0.82],
      texts: ["detail"], isQuoted: true, told: [.rule("budget", .medium, "agent-1: used 82% of 50 EUR a day.")]),
    Case(
      rules: ["handoff"], type: "agent.handoff_requested",
      data: ["conversation_id": "c-1", "skill": "billing", "language": "es"], texts: ["conversation_id"],
      before: [("agent.created", "agent-2", ["name": "Bo", "skills": ["billing"], "languages": ["es"]])],
      told: [.rule("agent-created", .low, "agent-2 (Bo) is new.")]),
    Case(
      rules: ["handoff-nobody"], type: "agent.handoff_requested", data: ["conversation_id": "c-1", "skill": "law"],
      texts: ["conversation_id", "skill"], told: [.page(.medium, "agent-1 needs a person from support")]),
  ]

  // MARK: What is told

  @Test(arguments: cases)
  func peopleHearWhatTheRuleSaysAndNothingElse(_ example: Case) throws {
    let services = try ServicesScene()
    try run(example, "agent-1", example.data, on: services)
    for kind in Channel.Kind.allCases { try check(services.told(kind), kind, example.told, services) }
  }

  /// Whatever an agent is called and says, whoever wrote it.
  @Test(arguments: cases)
  func hugeAndHostileTextsStayWithinWhatServicesTake(_ example: Case) throws {
    let services = try ServicesScene()
    try run(example, Self.hostileAgent, example.data.filled(example.texts, with: Self.hostileText), on: services)
    for kind in Channel.Kind.allCases {
      let told = services.told(kind)
      let expected = example.told.filter { kind != .pagerduty || !$0.isNews }
      #expect(told.count == expected.count, "\(kind)")
      for (message, telling) in zip(told, expected) {
        #expect(ServiceLimits.broken(by: message) == [], "\(kind)")
        let hostile = Self.hostileWords(in: kind)
        #expect(message.words.contains(telling.title.hasPrefix("agent-1") ? hostile : telling.title), "\(kind)")
        // A webhook of one's own has no limit that it would be cut by, and of a long event no more is kept than a few words.
        let isCut = message.title.hasSuffix("…") || message.title.utf8.count < 2000
        #expect(!example.isQuoted || kind == .webhook || isCut, "\(kind)")
      }
    }
    #expect(try services.scene.entries(services.scene.keys.dead).isEmpty)
  }

  /// How the hostile agent's name begins where it is read.
  private static func hostileWords(in kind: Channel.Kind) -> String {
    switch kind {
    case .slack: "agent-1 &lt; !channel&gt; @ everyone"
    case .discord, .pagerduty, .alertmanager: "agent-1 < !channel> @ everyone"
    case .webhook: "agent-1 <!channel> @everyone"
    }
  }

  private static let hostileAgent: AgentID = "agent-1 <!channel> @everyone <@U1> & \u{1B}[31m\u{202E}*b*\n|x>"
  /// 20,000 characters, some of eleven UTF-16 units, some of two scalars.
  private static let hostileText = String(
    repeating: "👨‍👩‍👧‍👦e\u{301}東\u{1B}\u{7}\u{0}\"\\<!channel><@U1>&@everyone\n\u{202E}x", count: 560)

  private func run(_ example: Case, _ agent: AgentID, _ data: JSONValue, on services: ServicesScene) throws {
    if example.type == RollbackEvent.type { try Self.nameWorseVersion(on: services) }
    for event in example.before { try services.rules.event(event.type, event.agent, event.data) }
    try services.rules.event(example.type, agent, data)
    for rule in example.rules { try services.rules.actions(of: rule) }
    for event in example.before where event.type == "agent.created" {
      try services.rules.lines { $0.rule == "agent-created" && $0.isEndOfRun && $0.run.hasSuffix("\(event.agent)") }
    }
    try services.waitUntilAllIsTold()
  }

  private func check(
    _ told: [Told], _ kind: Channel.Kind, _ expected: [Telling], _ services: ServicesScene
  ) throws {
    let expected = expected.filter { kind != .pagerduty || !$0.isNews }
    #expect(told.count == expected.count, "\(kind): \(told.map(\.title))")
    for (message, telling) in zip(told, expected) {
      #expect(message.words.contains(telling.title), "\(kind)")
      #expect(message.key == nil || message.key == telling.key, "\(kind)")
      #expect(message.severity == kind.word(telling.severity), "\(kind)")
      #expect(ServiceLimits.broken(by: message) == [], "\(kind)")
      #expect(try message.phase(at: services.scene.now()) == kind.firstPhase(telling), "\(kind)")
    }
  }

  // MARK: What comes later

  @Test func restartThatNobodyConfirmsCallsAPersonAndOneUnderWayNobody() throws {
    let services = try ServicesScene()
    try services.rules.event(
      "agent.health_critical", "agent-1", ["health_score": 0.2, "issues_detected": ["high_error_rate"]])
    try services.rules.lines { $0.action == "restart" && $0.phase == .succeeded }
    try services.waitUntilAllIsTold()
    #expect(services.service.requests.isEmpty)
    // The look at it is due a minute and a half later: brought forward here.
    let verify = try #require(try services.scene.schedule().first { $0.job.contains("rule_verify") }?.job)
    _ = try services.scene.server.call("ZADD", services.scene.keys.schedule, try services.scene.now(), verify)
    try services.scene.send(.pause, ["agent-9"])
    try services.rules.lines { $0.action == "escalate" && $0.phase == .succeeded }
    try services.waitUntilAllIsTold()
    for kind in Channel.Kind.allCases {
      try check(
        services.told(kind), kind, [.page(.high, "agent-1 needs a person from on-call")], services)
    }
  }

  @Test func slownessThatComesAFourthTimeInAnHourCallsAPersonOnce() throws {
    let services = try ServicesScene(
      String(decoding: RunbookFile.builtInText, as: UTF8.self)
        .replacing("throttle = [{ once_within = \"5m\", per = \"agent\" }]", with: ""))
    for _ in 0..<5 {
      try services.rules.event(
        "agent.health_critical", "agent-1", ["health_score": 0.3, "issues_detected": ["slow_responses"]])
    }
    try services.rules.lines { $0.rule == "health-critical" && $0.phase == .skipped }
    // What comes after all five has been judged after them.
    try services.rules.event("agent.created", "agent-2", ["name": "Bo"])
    try services.rules.run(of: "agent-created")
    try services.waitUntilAllIsTold()
    let page = Telling.page(
      .high, "agent-1 needs a person: poor health: acted 3 times within 1h on this agent")
    for kind in Channel.Kind.allCases {
      let told = services.told(kind).filter { !$0.title.contains("is new") }
      try check(told, kind, [page], services)
    }
  }
}

extension Channel.Kind {
  /// What it calls a severity.
  fileprivate func word(_ severity: Severity) -> String {
    guard self == .pagerduty else { return severity.rawValue }
    return switch severity {
    case .low: "info"
    case .medium: "warning"
    case .high: "error"
    case .critical: "critical"
    }
  }

  /// How it is told of something first.
  fileprivate func firstPhase(_ telling: BuiltInBodiesTests.Telling) -> String {
    switch self {
    case .slack, .discord: "trouble"
    case .pagerduty: "trigger"
    case .alertmanager: "stands"
    case .webhook: telling.isNews ? "told" : "firing"
    }
  }
}

extension AuditLine {
  /// Whether a rule's run was closed by it.
  var isEndOfRun: Bool { action == "rule" && target == .none && phase != .started && rule != nil }

  /// The run that it is of; empty where it is of none.
  var run: String { if case .run(let run) = origin { run } else { "" } }
}

extension JSONValue {
  /// The same object with other texts in some of its fields: in place of a text, and at the end of a list.
  fileprivate func filled(_ fields: [String], with text: String) -> JSONValue {
    var object = object ?? JSONObject()
    for field in fields {
      object[field] = self[field]?.list.map { .array($0 + [.string(text)]) } ?? .string(text)
    }
    return .object(object)
  }
}
