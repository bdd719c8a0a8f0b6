import FleetModel
import Insight
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// What a handler keeps of the past, and what it finds in it.
@Suite(.threaded) struct FleetWatchTests {
  /// A server with a history, and the minute in which it is now.
  private struct Past {
    let scene: HandlerScene
    let minute: Int64
    private var sequence = 0

    init() throws {
      scene = try HandlerScene(start: false)
      minute = try scene.now().milliseconds / 60_000
    }

    /// Reports of one agent in a minute, so many minutes ago.
    mutating func report(_ agent: AgentID, ago: Int64, _ data: [String: Double], source: String? = nil) throws {
      sequence += 1
      let fields = data.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",")
      let origin = source.map { "\"source\":\"\($0)\"," } ?? ""
      let event = "{\"entity_id\":\"\(agent)\",\"event_type\":\"agent.metrics\",\(origin)\"data\":{\(fields)}}"
      let id = "\((minute - ago) * 60_000)-\(sequence)"
      let reply = try scene.server.call("XADD", scene.keys.events, id, Keys.dataField, event)
      #expect(reply.error == nil)
    }

    /// Has a handler that takes over know an agent.
    func know(_ agent: AgentID) throws {
      let now = try scene.now()
      let profile = AgentProfileCoding.encode(AgentProfile(id: agent, at: now), last: now)
      _ = try scene.server.call("HSET", scene.keys.profiles, agent.bytes, profile)
    }

    /// Writes hours of history that ends `gap` minutes ago.
    func remember(_ agent: AgentID, _ metric: Metric, minutes: Int64, gap: Int64, _ value: (Int64) -> Double) throws {
      try remember(agent, MetricID(metric), minutes: minutes, gap: gap, value)
    }

    func remember(_ agent: AgentID, _ metric: MetricID, minutes: Int64, gap: Int64, _ value: (Int64) -> Double) throws {
      var hours: [UInt32: RollupHour] = [:]
      for ago in (gap + 1...gap + minutes).reversed() {
        let begin = Instant(milliseconds: (minute - ago) * 60_000)
        let hour = try #require(RollupHour.hour(of: begin))
        let mean = value(ago)
        let rollup = Rollup(count: 1, sum: mean, min: Float(mean), max: Float(mean), p95: Float(mean))
        let place = Int(begin.milliseconds / 60_000 % 60)
        hours[hour, default: RollupHour(hour: hour)].write(rollup, of: metric, at: place)
      }
      for (number, hour) in hours {
        _ = try scene.server.call("SET", scene.keys.rollup(agent, hour: number), hour.encoded)
      }
    }

    func rollup(_ agent: AgentID, _ metric: Metric, ago: Int64) throws -> Rollup? {
      try rollup(agent, MetricID(metric), ago: ago)
    }

    func rollup(_ agent: AgentID, _ metric: MetricID, ago: Int64) throws -> Rollup? {
      let begin = Instant(milliseconds: (minute - ago) * 60_000)
      let hour = try #require(RollupHour.hour(of: begin))
      let bytes = try scene.server.call("GET", scene.keys.rollup(agent, hour: hour)).bytes
      let stored = bytes.flatMap { try? RollupHour(decoding: $0) }
      return stored?[metric, Int(begin.milliseconds / 60_000 % 60)]
    }

    /// Has another handler take over, and waits until it has written a minute once more.
    func takeOver(_ agent: AgentID, ago: Int64) throws {
      for handler in scene.handlers { handler.halt() }
      let key = scene.keys.rollup(agent, hour: UInt32((minute - ago) / 60))
      _ = try scene.server.call("PERSIST", key)
      _ = try scene.server.call("DEL", scene.keys.lease)
      try scene.startHandler("h2")
      try scene.server.wait { (try? scene.server.call("PTTL", key).integer) ?? 0 > 0 }
    }

    func insight(_ agent: AgentID) throws -> AgentInsight? {
      try scene.server.call("HGET", scene.keys.insight, agent.bytes).bytes.flatMap { InsightCoding.decode($0) }
    }

    /// What was published of a type.
    func published(_ type: String) throws -> [JSONValue] {
      try scene.entries(scene.keys.events).compactMap { try? JSONValue.parse($0) }
        .filter { $0["event_type"]?.text == type && $0["source"]?.text == "vigia" }
    }
  }

  /// Up and down by a tenth, so that nothing stands still.
  private static func around(_ value: Double) -> (Int64) -> Double {
    { value * (1 + 0.02 * Double(($0 * 7) % 11 - 5)) }
  }

  @Test func minutesAreKeptAsTheyWereReported() throws {
    var past = try Past()
    for value in [0.01, 0.04, 0.02] { try past.report("a", ago: 2, ["error_rate": value, "queue_size": 7]) }
    try past.report("a", ago: 1, ["error_rate": 0.5])
    try past.report("a", ago: 0, ["error_rate": 0.1, "queue_size": 8])
    try past.scene.startHandler("h1")
    try past.scene.server.wait { (try? past.rollup("a", .errorRate, ago: 1)) ?? nil != nil }
    let first = try #require(try past.rollup("a", .errorRate, ago: 2))
    #expect(first.count == 3 && abs(first.mean - 0.07 / 3) < 1e-5)
    #expect(abs(first.min - 0.01) < 1e-5 && abs(first.max - 0.04) < 1e-5)
    #expect(try past.rollup("a", .errorRate, ago: 1)?.count == 1)
    try past.scene.server.wait { (try? past.rollup("a", .queueSize, ago: 2)?.count) ?? nil == 3 }
    let hour = UInt32((past.minute - 1) / 60)
    let left = try past.scene.server.call("PTTL", past.scene.keys.rollup("a", hour: hour)).integer ?? 0
    #expect(TimeSpan.hours(23) < TimeSpan(milliseconds: left) && TimeSpan(milliseconds: left) < TimeSpan.hours(26))
  }

  @Test func minuteThatIsAddedUpTwiceStaysAsItIs() throws {
    var past = try Past()
    try past.know("a")
    for value in [10.0, 30, 20] { try past.report("a", ago: 1, ["queue_size": value]) }
    try past.report("a", ago: 0, ["queue_size": 5])
    try past.scene.startHandler("h1")
    try past.scene.server.wait { (try? past.rollup("a", .queueSize, ago: 1)) ?? nil != nil }
    try past.takeOver("a", ago: 1)
    let kept = try #require(try past.rollup("a", .queueSize, ago: 1))
    #expect(kept.count == 3 && kept.mean == 20)
  }

  @Test func whatIsUnusualIsPublishedOnceAlsoOverATakeover() throws {
    var past = try Past()
    try past.know("a")
    try past.remember("a", .queueSize, minutes: 240, gap: 3, Self.around(50))
    try past.report("a", ago: 3, ["queue_size": 50])
    try past.report("a", ago: 2, ["queue_size": 900])
    for _ in 0..<3 { try past.report("a", ago: 1, ["queue_size": 900]) }
    try past.report("a", ago: 0, ["queue_size": 900])
    try past.scene.startHandler("h1")
    try past.scene.server.wait { ((try? past.published("agent.anomaly")) ?? []).count == 1 }
    let event = try #require(try past.published("agent.anomaly").first)
    #expect(event["entity_id"]?.text == "a")
    #expect(event["data"]?["metric"]?.text == "queue_size")
    #expect(event["data"]?["corroborated"]?.bool == false)
    #expect(try past.insight("a")?.findings.map(\.metric) == ["queue_size"])
    try past.takeOver("a", ago: 1)
    #expect(try past.published("agent.anomaly").count == 1)
  }

  @Test func healthThatTurnsCriticalIsPublishedWithItsReasons() throws {
    var past = try Past()
    try past.remember("a", .errorRate, minutes: 120, gap: 3, Self.around(0.01))
    for ago in [3, 2, 1, 0] as [Int64] { try past.report("a", ago: ago, ["error_rate": 0.9]) }
    try past.scene.startHandler("h1")
    try past.scene.server.wait { ((try? past.published("agent.health_critical")) ?? []).count == 1 }
    let data = try #require(try past.published("agent.health_critical").first?["data"])
    #expect(data["health_score"]?.double ?? 1 < 0.5)
    #expect(data["issues_detected"]?.list?.first?.text?.hasPrefix("error_rate is 0.9") == true)
    #expect(data["suggested_actions"]?.list?.first?.text == "restart")
    try past.scene.server.wait { (try? past.scene.alert(.healthCritical, "a")) ?? nil != nil }
    #expect(try past.insight("a")?.isCritical == true)
  }

  @Test func trendTowardsALevelIsForetold() throws {
    var past = try Past()
    // From 20 up by one a minute, towards 100.
    try past.remember("a", .queueSize, minutes: 59, gap: 2) { 81 - Double($0) + Self.around(1)($0) }
    for ago in [2, 1, 0] as [Int64] { try past.report("a", ago: ago, ["queue_size": 81 - Double(ago)]) }
    try past.scene.startHandler("h1")
    try past.scene.server.wait { ((try? past.published("agent.predictive_alert")) ?? []).count == 1 }
    let data = try #require(try past.published("agent.predictive_alert").first?["data"])
    let prediction = try #require(data["predictions"]?.list?.first)
    #expect(prediction["metric"]?.text == "queue_size" && prediction["threshold"]?.double == 100)
    #expect((10...40).contains(prediction["eta_minutes"]?.int ?? 0))
    #expect(data["confidence"]?.double == 0.5 && data["known"]?.int == 0)
    #expect(try past.insight("a")?.forecasts.map(\.metric) == ["queue_size"])
  }

  @Test(arguments: [0.9, nil]) func anOpenMetricCountsInTheHealthByItsWeight(weight: Double?) throws {
    var past = try Past()
    let number = MetricID(rawValue: MetricTable.builtIn.number(of: BuiltInMetric.toolErrorRate.place))
    try past.remember("a", .errorRate, minutes: 120, gap: 3, Self.around(0.01))
    try past.remember("a", number, minutes: 120, gap: 3, Self.around(0.01))
    for ago in [3, 2, 1, 0] as [Int64] {
      try past.report("a", ago: ago, ["tool_error_rate": 0.9, "error_rate": 0.0101])
    }
    try past.scene.startHandler("h1") { $0.insight.openWeights = weight.map { ["tool_error_rate": $0] } ?? [:] }
    try past.scene.server.wait { ((try? past.insight("a")) ?? nil)?.health != nil }
    guard weight != nil else {
      #expect(try past.insight("a")?.health == 1)
      return
    }
    try past.scene.server.wait { ((try? past.published("agent.health_critical")) ?? []).count == 1 }
    let data = try #require(try past.published("agent.health_critical").first?["data"])
    #expect(data["issues_detected"]?.list?.first?.text?.hasPrefix("tool_error_rate is 0.9") == true)
  }

  @Test func openMetricsAreKeptByTheirNumbers() throws {
    var past = try Past()
    let table = MetricTable(declaring: [OpenMetric("depth")])
    let depth = try #require(table.place(named: "depth").map { MetricID(rawValue: table.number(of: $0)) })
    for ago in [1, 0] as [Int64] { try past.report("a", ago: ago, ["tokens_in": 40, "depth": 7, "other": 3]) }
    try past.scene.startHandler("h1") { $0.metrics = table }
    try past.scene.server.wait { (try? past.rollup("a", depth, ago: 1)) ?? nil != nil }
    #expect(try past.rollup("a", depth, ago: 1)?.mean == 7)
    #expect(try past.rollup("a", MetricID(rawValue: 17), ago: 1)?.mean == 40)
  }

  @Test func minutesOfADeclaredMetricAreWrittenByTheHandlerThatTakesOver() throws {
    var past = try Past()
    let table = MetricTable(declaring: [OpenMetric("depth")])
    let depth = try #require(table.place(named: "depth").map { MetricID(rawValue: table.number(of: $0)) })
    try past.know("a")
    for ago in [1, 0] as [Int64] { try past.report("a", ago: ago, ["depth": 7]) }
    try past.scene.startHandler("h1") { $0.metrics = table }
    try past.scene.server.wait { (try? past.rollup("a", depth, ago: 1)) ?? nil != nil }
    for handler in past.scene.handlers { handler.halt() }
    // As if the one that is dead had not come to write it.
    _ = try past.scene.server.call("DEL", past.scene.keys.rollup("a", hour: UInt32((past.minute - 1) / 60)))
    _ = try past.scene.server.call("DEL", past.scene.keys.lease)
    try past.scene.startHandler("h2") { $0.metrics = table }
    try past.scene.server.wait { (try? past.rollup("a", depth, ago: 1)) ?? nil != nil }
    #expect(try past.rollup("a", depth, ago: 1)?.mean == 7)
  }

  @Test func valuePastItsLevelOpensTheHandlersAlertOnceAlsoOverATakeover() throws {
    var past = try Past()
    let table = MetricTable(
      declaring: [OpenMetric("cost_per_hour", unit: .currency, levels: .init(medium: 10, high: 20, critical: 40))])
    try past.know("a")
    try past.report("a", ago: 0, ["cost_per_hour": 25, "tokens_in": 9])
    try past.scene.startHandler("h1") { $0.metrics = table }
    try past.scene.server.wait { (try? past.scene.alert(.metric, "a")) ?? nil != nil }
    let alert = try #require(try past.scene.alert(.metric, "a"))
    #expect(alert.severity == .high && alert.openMetric == "cost_per_hour" && alert.count == 1)
    for handler in past.scene.handlers { handler.halt() }
    _ = try past.scene.server.call("DEL", past.scene.keys.lease)
    try past.scene.startHandler("h2") { $0.metrics = table }
    let event = #"{"entity_id":"a","event_type":"agent.metrics","data":{"cost_per_hour":50}}"#
    _ = try past.scene.server.call("XADD", past.scene.keys.events, "*", Keys.dataField, event)
    try past.scene.server.wait { ((try? past.scene.alert(.metric, "a")) ?? nil)?.severity == .critical }
    #expect(try past.scene.alert(.metric, "a")?.count == 1)
  }

  @Test func agentThatUsesFarMoreTokensThanUsualIsARunaway() throws {
    var past = try Past()
    try past.know("a")
    try past.remember("a", MetricID(rawValue: 16), minutes: 240, gap: 4, Self.around(500))
    for ago in [4, 3, 2, 1, 0] as [Int64] {
      try past.report("a", ago: ago, ["tokens_per_minute": ago == 4 ? 500 : 40_000])
    }
    try past.scene.startHandler("h1")
    try past.scene.server.wait { ((try? past.published("agent.runaway")) ?? []).count == 1 }
    let data = try #require(try past.published("agent.runaway").first?["data"])
    #expect(data["metric"]?.text == "tokens_per_minute" && data["value"]?.double == 40_000)
    #expect(data["detail"]?.text?.hasPrefix("tokens_per_minute is 40000; this agent's own normal is") == true)
    try past.scene.server.wait { (try? past.scene.alert(.runaway, "a")) ?? nil != nil }
  }

  @Test func trendOfAnOpenMetricTowardsItsLevelIsForetold() throws {
    var past = try Past()
    let table = MetricTable(
      declaring: [OpenMetric("waiting_for_person", levels: .init(medium: 100, high: 200, critical: 300))])
    try past.remember("a", MetricID(rawValue: 26), minutes: 59, gap: 2) { 81 - Double($0) + Self.around(1)($0) }
    for ago in [2, 1, 0] as [Int64] { try past.report("a", ago: ago, ["waiting_for_person": 81 - Double(ago)]) }
    try past.scene.startHandler("h1") { $0.metrics = table }
    try past.scene.server.wait { ((try? past.published("agent.predictive_alert")) ?? []).count == 1 }
    let data = try #require(try past.published("agent.predictive_alert").first?["data"])
    let prediction = try #require(data["predictions"]?.list?.first)
    #expect(prediction["metric"]?.text == "waiting_for_person" && prediction["threshold"]?.double == 100)
  }

  @Test func agentThatIsPausedIsNotJudged() throws {
    var past = try Past()
    try past.remember("a", .queueSize, minutes: 240, gap: 2, Self.around(50))
    try past.remember("b", .queueSize, minutes: 240, gap: 2, Self.around(50))
    _ = try past.scene.server.call("HSET", past.scene.keys.agent("a"), "state", "paused", "version", "1")
    for agent in ["a", "b"] as [AgentID] { try past.know(agent) }
    for ago in [2, 1, 0] as [Int64] {
      for agent in ["a", "b"] as [AgentID] { try past.report(agent, ago: ago, ["queue_size": 900]) }
    }
    try past.scene.startHandler("h1")
    try past.scene.server.wait { ((try? past.published("agent.anomaly")) ?? []).isEmpty == false }
    try past.scene.server.wait { (try? past.rollup("a", .queueSize, ago: 1)) ?? nil != nil }
    #expect(Set(try past.published("agent.anomaly").map { $0["entity_id"]?.text }) == ["b"])
  }

  @Test func changesOfAnAgentAreMarkedWithTheirTime() throws {
    let scene = try HandlerScene()
    for version in ["1.0", "1.0", "1.1"] {
      let event = #"{"entity_id":"a","event_type":"agent.updated","data":{"version":"\#(version)"}}"#
      _ = try scene.server.call("XADD", scene.keys.events, "*", Keys.dataField, event)
    }
    var insight: AgentInsight?
    func wait(forChanges count: Int) throws {
      try scene.server.wait {
        let stored = (try? scene.server.call("HGET", scene.keys.insight, "a").bytes) ?? nil
        insight = stored.flatMap { InsightCoding.decode($0) }
        return insight?.changes.count == count
      }
    }
    try wait(forChanges: 1)
    try scene.send(.pause, ["a"])
    try wait(forChanges: 2)
    #expect(insight?.changes.map(\.kind) == ["version", "operator"])
    #expect(insight?.changes.first?.detail == "1.1")
    #expect(insight?.changes.last?.detail == "paused by alice@bastion")
    try scene.send(.resume, ["a"])
    try scene.send(.restart, ["a"])
    try wait(forChanges: 4)
    #expect(insight?.changes.last?.isRestart == true)
    let told = try #require(try scene.control().last)
    try scene.report("a", "running", command: told.commandID.text)
    try wait(forChanges: 5)
    #expect(insight?.changes.last?.detail == "restarted by alice@bastion")
  }

  @Test func whatTheHandlerPublishesIsNoReport() throws {
    var past = try Past()
    try past.report("a", ago: 1, ["queue_size": 5])
    try past.report("a", ago: 1, ["queue_size": 500], source: "vigia")
    try past.report("a", ago: 0, ["queue_size": 5])
    try past.scene.startHandler("h1")
    try past.scene.server.wait { (try? past.rollup("a", .queueSize, ago: 1)) ?? nil != nil }
    #expect(try past.rollup("a", .queueSize, ago: 1)?.max == 5)
  }

  @Test func whatIsUsedOfABudgetIsCountedAndToldOnceAlsoOverATakeover() throws {
    var past = try Past()
    try past.know("a")
    for ago in [3, 2, 1] as [Int64] { try past.report("a", ago: ago, ["cost_per_hour": 60, "queue_size": 5]) }
    try past.report("a", ago: 0, ["cost_per_hour": 60, "queue_size": 5])
    let budgets = [Budget(.agent(try #require(Glob("a*"))), .cost, most: 3.1), Budget(.fleet, .cost, most: 1000)]
    // Minutes that lie on both sides of midnight are those of two days.
    let isSplit = past.minute % 1440 < 3
    try past.scene.startHandler("h1") { $0.budgets = budgets }
    func used() -> Double? {
      let value = (try? past.scene.server.call("HGET", past.scene.keys.budgets, "a").bytes) ?? nil
      return value.flatMap { SpendingCoding.decode($0) }?.cost.used
    }
    try past.scene.server.wait { isSplit ? used() != nil : used() == 3 }
    let told = isSplit ? 0 : 1
    try past.scene.server.wait { ((try? past.published("agent.budget")) ?? []).count == told }
    for handler in past.scene.handlers { handler.halt() }
    _ = try past.scene.server.call("DEL", past.scene.keys.lease)
    let before = used()
    let key = past.scene.keys.rollup("a", hour: UInt32((past.minute - 1) / 60))
    _ = try past.scene.server.call("PERSIST", key)
    try past.scene.startHandler("h2") { $0.budgets = budgets }
    try past.scene.server.wait { (try? past.scene.server.call("PTTL", key).integer) ?? 0 > 0 }
    #expect(used() == before)
    #expect(try past.published("agent.budget").count == told)
    if let event = try past.published("agent.budget").first {
      #expect(event["data"]?["share"]?.double ?? 0 > 0.95 && event["data"]?["level"]?.double == 0.95)
      try past.scene.server.wait { (try? past.scene.alert(.budget, "a")) ?? nil != nil }
    }
  }

  @Test func garbageInItsKeysIsPassedOver() throws {
    var past = try Past()
    let keys = past.scene.keys
    let hour = UInt32((past.minute - 1) / 60)
    _ = try past.scene.server.call("SET", keys.rollup("a", hour: hour), "V\u{1}garbage")
    _ = try past.scene.server.call("HSET", keys.rollup("b", hour: hour), "f", "v")
    _ = try past.scene.server.call("HSET", keys.insight, "a", "{", "b", #"{"at":"9999-01-01T00:00:00.000Z"}"#)
    _ = try past.scene.server.call("HSET", keys.insightRecord, "calibration", "c1 1/0")
    for ago in [1, 0] as [Int64] {
      for agent in ["a", "b"] as [AgentID] { try past.report(agent, ago: ago, ["queue_size": 5]) }
    }
    try past.scene.startHandler("h1")
    for agent in ["a", "b"] as [AgentID] {
      try past.scene.server.wait { (try? past.rollup(agent, .queueSize, ago: 1)) ?? nil != nil }
      try past.scene.server.wait { ((try? past.insight(agent)) ?? nil)?.health == 1 }
    }
    #expect(try past.insight("b")?.at ?? .epoch <= past.scene.now())
  }

  @Test func historyThatIsRefusedIsWrittenLater() throws {
    var past = try Past()
    for ago in [1, 0] as [Int64] { try past.report("a", ago: ago, ["queue_size": 5]) }
    // A hash where the sorted set is to be: the transaction is refused as a whole.
    _ = try past.scene.server.call("HSET", past.scene.keys.insightChanged, "f", "v")
    try past.scene.startHandler("h1")
    try past.scene.server.wait {
      let lease = (try? past.scene.server.call("GET", past.scene.keys.lease).text) ?? nil
      return lease?.contains("foresight stands still") ?? false
    }
    #expect(try past.rollup("a", .queueSize, ago: 1) == nil)
    _ = try past.scene.server.call("DEL", past.scene.keys.insightChanged)
    try past.scene.server.wait { (try? past.rollup("a", .queueSize, ago: 1)) ?? nil != nil }
  }

  @Test func handlerThatIsToldNotToLookAheadKeepsNothing() throws {
    var past = try Past()
    for ago in [1, 0] as [Int64] { try past.report("a", ago: ago, ["queue_size": 500]) }
    try past.scene.startHandler("h1") { $0.insight.isOn = false }
    try past.scene.server.wait { (try? past.scene.alert(.highTraffic, "a")) ?? nil != nil }
    #expect(try past.scene.server.call("KEYS", "agentos:rollup:*").elements?.isEmpty == true)
    #expect(try past.scene.server.call("EXISTS", past.scene.keys.insight).integer == 0)
  }
}
