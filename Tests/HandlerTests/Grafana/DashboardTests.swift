import Automation
import Exposition
import FleetModel
import Grafana
import HTTP
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// Dashboards: each new agent gets one, once, and what people made of it stays.
@Suite(.threaded) struct DashboardTests {
  private let scene: HandlerScene
  private let grafana: MockGrafana

  init() throws {
    scene = try HandlerScene(start: false)
    grafana = try MockGrafana(on: scene)
  }

  private func start(
    _ id: String = "h1", queues: [QueueSettings] = [], _ change: (inout GrafanaService) -> Void = { _ in }
  ) throws {
    let settings = grafana.settings { service in
      service.annotates = false
      change(&service)
    }
    try scene.startHandler(id) { options in
      (options.grafana, options.queues) = (settings, queues)
      options.monitoring.address = ListenAddress("127.0.0.1:0")
    }
  }

  /// Has an agent's dashboard made, and gives how that ended.
  private func make(_ agent: AgentID = "agent-1") throws -> String {
    let earlier = try ends().count
    try scene.send(.schedule, [agent], ["job": "dashboard"])
    try scene.server.wait { ((try? ends().count) ?? 0) > earlier }
    return try ends().last ?? ""
  }

  private func ends() throws -> [String] {
    try scene.audit().filter { $0.action == "job/dashboard" && $0.target == .none }.map { "\($0.phase): \($0.detail)" }
  }

  private func uid(_ agent: AgentID) -> String { Dashboard.uid(of: agent, prefix: "agentos") }

  @Test func newAgentGetsADashboardInTheFolderByTheRulesInsideTheProgram() throws {
    let book = try RuleScene.read(nil)
    _ = try scene.server.call("SET", scene.keys.automation, "on")
    try scene.startHandler("h1") { ($0.runbook, $0.grafana) = (book, grafana.settings()) }
    let rules = RuleScene(on: scene)
    try rules.event("agent.created", "agent-1", ["role": "support"])
    try scene.server.wait { grafana.dashboards.count == 1 }
    let stored = try #require(grafana.dashboards[uid("agent-1")])
    #expect(stored.folder == "agents" && stored.dashboard["title"]?.text == "Agent agent-1")
    #expect(grafana.faults.isEmpty)
  }

  @Test(arguments: ["a", "quo\"te\\ {{x}} $job [[y]] <b>\u{1F600}", String(repeating: "long-", count: 100)])
  func anyAgentsDashboardPassesGrafanasSchema(_ name: String) throws {
    try start()
    let end = try make(AgentID(name))
    #expect(end == "succeeded: dashboard done (made)")
    #expect(grafana.faults.isEmpty)
    #expect(uid(AgentID(name)).utf8.count <= Dashboard.longestUID)
  }

  @Test func secondTimeLeavesItAsItIsAndWhereItIs() throws {
    try start()
    #expect(try make() == "succeeded: dashboard done (made)")
    // Somebody has moved it, and changed it.
    grafana.dashboards[uid("agent-1")]?.folder = "ops"
    let before = grafana.dashboards[uid("agent-1")]?.dashboard
    #expect(try make() == "succeeded: dashboard done (there already)")
    #expect(grafana.dashboards[uid("agent-1")]?.folder == "ops")
    #expect(grafana.dashboards[uid("agent-1")]?.dashboard == before)
  }

  /// Gives the dashboard other tags.
  private func retag(_ tags: [JSONValue]) {
    guard case .object(var object)? = grafana.dashboards[uid("agent-1")]?.dashboard else { return }
    object["tags"] = .array(tags)
    grafana.dashboards[uid("agent-1")]?.dashboard = .object(object)
  }

  @Test func olderLayoutIsReplacedInItsFolder() throws {
    try start()
    _ = try make()
    retag(["vigia", "vigia-layout-0"])
    grafana.dashboards[uid("agent-1")]?.folder = "ops"
    #expect(try make() == "succeeded: dashboard done (made anew)")
    let stored = try #require(grafana.dashboards[uid("agent-1")])
    #expect(stored.folder == "ops" && stored.dashboard["version"]?.int == 2)
    #expect(stored.dashboard["tags"]?.list?.contains(.string(Dashboard.layout)) == true)
  }

  @Test func dashboardThatPeopleHaveTakenOverStays() throws {
    try start()
    _ = try make()
    retag(["ours"])
    #expect(try make() == "succeeded: dashboard done (there already)")
    #expect(grafana.dashboards[uid("agent-1")]?.dashboard["version"]?.int == 1)
  }

  @Test func nameThatIsTakenIsGivenTheUID() throws {
    try start()
    grafana.dashboards["other"] = .init(dashboard: ["title": "Agent agent-1", "version": 1], folder: "agents")
    #expect(try make() == "succeeded: dashboard done (made)")
    #expect(grafana.dashboards[uid("agent-1")]?.dashboard["title"]?.text == "Agent agent-1 (\(uid("agent-1")))")
  }

  @Test(arguments: [
    (401, #"{"message":"Invalid API key"}"#), (403, #"{"message":"no permission"}"#),
    (412, #"{"status":"plugin-dashboard","message":"The dashboard belongs to plugin x"}"#),
  ])
  func refusalIsSaidAndNotTriedAgain(_ status: Int, _ body: String) throws {
    try start()
    grafana.answers = [.status(404, "{}"), .status(status, body)]
    let end = try make()
    #expect(end.hasPrefix("failed: ") && end.contains("HTTP \(status)"))
    #expect(grafana.service.requests.count == 2)
  }

  @Test func folderThatIsMissingIsSaid() throws {
    try start("h1") { $0.folder = "gone" }
    #expect(try make() == #"failed: Grafana: HTTP 400: {"message":"folder not found"}"#)
  }

  @Test func noAnswerIsTriedAgain() throws {
    try start()
    grafana.answers = [.hangUp, .status(502, "bad gateway"), .status(404, "{}"), .status(500, "ill")]
    #expect(try make() == "succeeded: dashboard done (made)")
  }

  @Test func whoIsAwayHoldsUpNobody() throws {
    try start("h1") { $0.timeout = .milliseconds(300) }
    grafana.answers = Array(repeating: .silence, count: 20)
    try scene.send(.schedule, ["agent-1"], ["job": "dashboard"])
    try scene.server.wait { !grafana.service.requests.isEmpty }
    let lines = try scene.send(.pause, ["agent-2"], ["for": "5m"])
    #expect(lines.last?.phase == .succeeded)
    try scene.server.wait { ((try? ends().count) ?? 0) == 1 }
    #expect(try ends()[0].hasPrefix("failed: "))
    #expect(try !ends()[0].contains(MockGrafana.token))
  }

  /// Every metric that a dashboard asks for stands on the handler's page under that name.
  @Test func dashboardsAskForMetricsThatThereAre() throws {
    try start(queues: [QueueSettings(stream: "orders")])
    let handler = scene.handlers[0]
    try scene.server.wait { handler.activeHandler?.queues.report != nil }
    try RuleScene(on: scene).event("agent.metrics", "agent-1", ["error_rate": 0.01])
    try scene.server.wait { handler.session?.fleet?.isRestored == true && handler.session?.hasReadEvents == true }
    var page: PageText?
    handler.monitor.answer(ServedRequest(path: "/metrics", accept: "")) { page = PageText($0.body.joined()) }
    try scene.server.wait { page != nil }
    let families = Set(try #require(page).families)
    let dashboards: [Dashboard] = [.fleet(), .agent("agent-1", prefix: "agentos", source: nil)]
    let expressions = dashboards.flatMap(\.panels).flatMap(\.queries).map(\.expression)
    let names = expressions.flatMap { $0.split { !($0.isLetter || $0.isNumber || $0 == "_") } }
      .filter { $0.hasPrefix("vigia_") }.map { $0.hasSuffix("_bucket") ? $0.dropLast(7) : $0 }
    #expect(names.count > 30)
    let missing = Set(names.map(String.init)).subtracting(families)
    #expect(missing.isEmpty)
  }

  /// Whatever an agent is called, Prometheus understands what its dashboard asks.
  @Test(.enabled(if: Prometheus.isInstalled, "\(Prometheus.missing)"))
  func prometheusUnderstandsEveryQuery() throws {
    let names = ["agent-1", #"quo"te\ {{x}} $job [[y]]"#, "line\nfeed", "\u{1F600}"]
    let agents = names.map { Dashboard.agent(AgentID($0), prefix: "agentos", source: nil) }
    let queries = ([.fleet()] + agents).flatMap(\.panels).flatMap(\.queries).map(\.expression)
    // What Grafana puts in. Of a name nothing may look like that.
    #expect(agents.flatMap(\.panels).flatMap(\.queries).allSatisfy { !$0.expression.contains("$") })
    let rules = queries.enumerated().map { number, query -> JSONValue in
      let filled = query.replacing("$__rate_interval", with: "1m").replacing("$job", with: "vigia")
      return ["record": .string("q\(number)"), "expr": .string(filled)]
    }
    let file: JSONValue = ["groups": [["name": "all", "rules": .array(rules)]]]
    let folder = try TemporaryFolder()
    // YAML takes JSON as it is.
    try folder.write(String(decoding: file.encoded, as: UTF8.self), to: "rules.yml")
    let found = try Prometheus.tool(["check", "rules", folder.file("rules.yml")], in: folder)
    #expect(found.status == 0, "\(found.text)")
    #expect(found.text.contains("\(queries.count) rules found"), "\(found.text)")
  }
}
