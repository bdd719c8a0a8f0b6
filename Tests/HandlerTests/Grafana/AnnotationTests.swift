import Automation
import FleetModel
import Grafana
import HTTP
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// Annotations: each action and each incident stands on the time axis, once.
@Suite(.threaded) struct AnnotationTests {
  private let scene: HandlerScene
  private let grafana: MockGrafana

  init() throws {
    scene = try HandlerScene(start: false)
    grafana = try MockGrafana(on: scene)
  }

  @discardableResult
  private func start(_ id: String = "h1", waits: Bool = true) throws -> HandlerService {
    try scene.startHandler(id, waits: waits) { options in
      options.grafana = grafana.settings()
      options.monitoring.address = ListenAddress("127.0.0.1:0")
    }
  }

  private func wait(for count: Int) throws { try scene.server.wait { grafana.annotations.count >= count } }

  private func tags(_ number: Int) -> [String] { grafana.annotations[number]?["tags"]?.list?.compactMap(\.text) ?? [] }

  @Test func actionIsMarkedWithItsAgents() throws {
    try start()
    try scene.send(.pause, ["agent-1", "agent-2"], ["for": "5m"]) { $0.reason = "<b>too slow</b>" }
    try wait(for: 1)
    let text = try #require(grafana.texts.first)
    #expect(text.hasPrefix("pause: succeeded, by alice@bastion · agent-1, agent-2 · "))
    #expect(text.hasSuffix("why: &lt;b&gt;too slow&lt;/b&gt;"))
    #expect(Set(["vigia", "action:pause", "phase:succeeded", "agent:agent-1", "agent:agent-2"]).isSubset(of: tags(1)))
    #expect(grafana.faults.isEmpty)
  }

  @Test func refusedCommandIsNoAction() throws {
    try start()
    let refused = try scene.send(.scale, ["agent-1"], ["replicas": "many"])
    #expect(refused.last?.phase == .rejected)
    try scene.send(.pause, ["agent-2"], ["for": "5m"])
    try wait(for: 1)
    #expect(grafana.texts.count == 1 && grafana.texts[0].contains("agent-2"))
  }

  @Test func incidentStandsFromItsBeginningToItsEnd() throws {
    try start()
    try scene.send(.escalate, ["agent-1"], ["to": "support", "severity": "high"])
    try scene.server.wait { grafana.texts.contains { $0.contains(" · high · agent-1") } }
    let number = try #require(grafana.annotations.first { tags($0.key).contains("incident") }?.key)
    #expect(tags(number).contains("agent:agent-1") && grafana.annotations[number]?["timeEnd"] == nil)
    try scene.send(.close, [], ["alert": "escalation/agent-1"])
    try scene.server.wait { grafana.annotations[number]?["timeEnd"] != nil }
    #expect(grafana.annotations[number]?["text"]?.text?.contains("over after") == true)
    #expect(grafana.annotations.count { tags($0.key).contains("incident") } == 1)
  }

  @Test func incidentOfEventsIsMarkedToo() throws {
    try start()
    let rules = RuleScene(on: scene)
    try rules.event("agent.security_alert", "agent-1", ["risk_level": "critical", "alert_type": "prompt_injection"])
    try wait(for: 1)
    #expect(grafana.texts[0].contains("critical · agent-1"))
    #expect(tags(1).contains("alert:agent.security_alert"))
  }

  @Test func whoTakesOverTellsWhatIsMissingAndNothingTwice() throws {
    let first = try start("h1")
    try scene.send(.pause, ["agent-1"], ["for": "5m"])
    let rules = RuleScene(on: scene)
    try rules.event("agent.security_alert", "agent-9", ["risk_level": "critical"])
    try wait(for: 2)
    first.halt()
    // As if it had been killed before it could say how far it was.
    _ = try scene.server.call("HSET", scene.keys.cursor, scene.keys.audit + "#grafana".utf8, "1-0")
    try start("h2")
    try scene.send(.pause, ["agent-2"], ["for": "5m"])
    try wait(for: 3)
    #expect(grafana.texts.count { $0.contains("agent-1") } == 1)
    #expect(grafana.texts.count { $0.contains("agent-2") } == 1)
    #expect(grafana.texts.count { $0.contains("agent-9") } == 1)
    // What the one before began, the next one ends.
    try scene.send(.close, [], ["alert": "agent.security_alert/agent-9"])
    try scene.server.wait { grafana.texts.contains { $0.contains("agent-9") && $0.contains("over after") } }
    #expect(grafana.annotations.count { tags($0.key).contains("incident") } == 1)
  }

  @Test func placeInTheAuditIsSavedOnceAllIsTold() throws {
    try start()
    grafana.answers = Array(repeating: .status(503, "starting"), count: 1)
    try scene.send(.pause, ["agent-1"], ["for": "5m"])
    try wait(for: 1)
    let last = try scene.server.call("XREVRANGE", scene.keys.audit, "+", "-", "COUNT", 1).elements?.first?.elements?
      .first
    let field = scene.keys.audit + "#grafana".utf8
    try scene.server.wait { (try? scene.server.call("HGET", scene.keys.cursor, field).bytes) == last?.bytes }
  }

  @Test func grafanaThatIsAwayIsTriedAgainAndHoldsUpNothing() throws {
    let handler = try start()
    grafana.answers = [.hangUp, .status(500, "ill"), .status(429, headers: [("Retry-After", "0")], "slow down")]
    for number in 1...3 { try scene.send(.pause, [AgentID("agent-\(number)")], ["for": "5m"]) }
    try wait(for: 3)
    try scene.server.wait { handler.counts.exports["grafana"]?[.told] == 3 }
    for number in 1...3 { #expect(grafana.texts.count { $0.contains("agent-\(number) ") } == 1) }
  }

  @Test func refusedAnnotationIsCountedAndTheNextOneGoesOn() throws {
    let handler = try start()
    grafana.answers = [.status(403, "no permission")]
    try scene.send(.pause, ["agent-1"], ["for": "5m"])
    try scene.server.wait { handler.counts.exports["grafana"]?[.refused] == 1 }
    try scene.send(.pause, ["agent-2"], ["for": "5m"])
    try wait(for: 1)
    #expect(grafana.texts.count == 1 && grafana.texts[0].contains("agent-2"))
  }

  @Test func oldestOfTooManyAreDroppedAndCounted() throws {
    let handler = try start()
    grafana.answers = [.silence]
    let sender = AnnotationSender(session: try #require(handler.session), client: Hanging())
    for number in 0..<(AnnotationSender.most + 5) {
      let annotation = Annotation(mark: "m\(number)", tags: [], text: "t", at: .epoch)
      sender.add(.init(annotation: annotation, mayBeThere: false))
    }
    #expect(handler.counts.exports["grafana"]?[.dropped] == 5)
  }

  @Test func withoutItsSectionNothingIsReadOrSaved() throws {
    let handler = try scene.startHandler("h1")
    try scene.send(.pause, ["agent-1"], ["for": "5m"])
    #expect(try scene.server.call("HEXISTS", scene.keys.cursor, scene.keys.audit + "#grafana".utf8).integer == 0)
    #expect(handler.session?.followsAlerts == false)
  }

  @Test func settingsThatAreReadAgainTurnItOnAndOff() throws {
    let handler = try scene.startHandler("h1")
    var options = handler.options
    options.grafana = grafana.settings()
    handler.apply(options)
    try scene.send(.pause, ["agent-1"], ["for": "5m"])
    try wait(for: 1)
    options.grafana = nil
    handler.apply(options)
    try scene.send(.pause, ["agent-2"], ["for": "5m"])
    #expect(grafana.texts.count == 1 && handler.session?.followsAlerts == false)
  }
}

/// Takes requests, and never answers.
private final class Hanging: HTTPSender {
  func send(_ request: HTTPRequest, _ completion: @escaping (HTTPResult) -> Void) -> HTTPCall { HTTPCall {} }
}
