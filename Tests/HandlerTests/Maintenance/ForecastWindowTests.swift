import Automation
import FleetModel
import Insight
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// A failure that is forecast leads to a window.
@Suite(.threaded) struct ForecastWindowTests {
  private let scene: MaintenanceScene
  private let clock: SteppedClock
  private let minute: Int64

  init() throws {
    clock = try SteppedClock(folder: BuildFolder.path)
    scene = try MaintenanceScene(clock: clock)
    minute = try scene.handlers.now().milliseconds / 60_000
  }

  private func know(_ agent: AgentID, backupFor other: String = "") throws {
    let now = try scene.handlers.now()
    var profile = AgentProfile(id: agent, at: now)
    profile.backupFor = other
    _ = try scene.server.call(
      "HSET", scene.keys.profiles, agent.bytes, AgentProfileCoding.encode(profile, last: now))
  }

  /// Writes minutes of history, by how many minutes ago they were.
  private func remember(_ metric: Metric, _ range: ClosedRange<Int64>, _ value: (Int64) -> Double) throws {
    var hours: [UInt32: RollupHour] = [:]
    for ago in range.reversed() {
      let begin = Instant(milliseconds: (minute - ago) * 60_000)
      let hour = try #require(RollupHour.hour(of: begin))
      let mean = value(ago)
      let rollup = Rollup(count: 1, sum: mean, min: Float(mean), max: Float(mean), p95: Float(mean))
      hours[hour, default: RollupHour(hour: hour)].write(
        rollup, of: MetricID(metric), at: Int(begin.milliseconds / 60_000 % 60))
    }
    for (number, hour) in hours {
      _ = try scene.server.call("SET", scene.keys.rollup("agent-7", hour: number), hour.encoded)
    }
  }

  /// The queue of `agent-7` grows by one a minute, from 20 towards 100.
  private func grow() throws {
    try remember(.queueSize, 3...61) { 81 - Double($0) + 0.02 * Double(($0 * 7) % 11 - 5) }
    for ago in [2, 1, 0] as [Int64] {
      let event = #"{"entity_id":"agent-7","event_type":"agent.metrics","data":{"queue_size":\#(81 - ago)}}"#
      _ = try scene.server.call("XADD", scene.keys.events, "\((minute - ago) * 60_000)-\(ago + 1)", "__data__", event)
    }
  }

  private func insight() throws -> AgentInsight? {
    try scene.server.call("HGET", scene.keys.insight, "agent-7").bytes.flatMap { InsightCoding.decode($0) }
  }

  private func waitForWindow() throws -> MaintenanceWindow {
    try scene.server.wait { ((try? scene.window) ?? nil) != nil }
    return try #require(try scene.window)
  }

  @Test func forecastOfAnAgentWithAnIdleBackupIsProposedAndAPersonTakesItOver() throws {
    try know("agent-7")
    try know("agent-8", backupFor: "agent-7")
    try grow()
    let service = try MockService(loop: scene.server.loop) { _ in .status(202) }
    let ops = NotifyTable(
      channels: ["ops": Channel(.webhook, url: service.url("/hook"))], defaultRoute: ["ops"],
      grouping: .init(wait: .milliseconds(50), interval: .milliseconds(50)))
    let handler = try scene.start(looksAhead: true, notify: ops)
    let window = try waitForWindow()
    try scene.server.wait { service.requests.contains { $0.text.contains("maintenance of agent-7 is proposed") } }
    #expect(window.phase == .proposed && window.backup == "agent-8")
    guard case .forecast(let sign) = window.origin else {
      Issue.record("\(window.origin)")
      return
    }
    #expect(sign.metric == "queue_size" && sign.earliest < sign.crossesAt)
    #expect(window.at < sign.crossesAt && window.at.milliseconds % 60_000 == 0)
    let line = try #require(try scene.lines.first)
    #expect(line.phase == .proposed && line.detail.contains("queue_size is "), "\(line.detail)")
    // Whoever takes over proposes nothing more, and does nothing without a word.
    try scene.kill(handler)
    try scene.start("h2", looksAhead: true)
    #expect(try scene.plan("agent-7", [:]).hasPrefix("succeeded: maintenance planned for \(window.at.linkText)"))
    #expect(try scene.window?.origin == .person("alice@bastion"))
    #expect(try scene.window?.at == window.at && scene.lines.count == 1)
    #expect(try scene.told.isEmpty)
    // Its end is the end of what was proposed.
    #expect(try scene.server.call("EXISTS", scene.keys.maintained("agent-7")) == .integer(0))
    #expect(try scene.cancel().hasPrefix("succeeded: "))
    #expect(try scene.server.call("EXISTS", scene.keys.maintained("agent-7")) == .integer(1))
  }

  @Test func whereItIsAutomaticItIsPlannedAndWhatIsDeclinedDoesNotComeBack() throws {
    try know("agent-7")
    try know("agent-8", backupFor: "agent-7")
    try grow()
    let handler = try scene.start(mode: .auto, looksAhead: true)
    #expect(try waitForWindow().phase == .planned)
    #expect(try scene.cancel().hasPrefix("succeeded: the maintenance planned for "))
    #expect(try scene.server.call("EXISTS", scene.keys.maintained("agent-7")) == .integer(1))
    try scene.kill(handler)
    try scene.start("h2", mode: .auto, looksAhead: true)
    try passMinute(queue: 82)
    // What follows a command has read all that came before it.
    _ = try scene.handlers.send(.resume, ["agent-7"])
    #expect(try scene.window == nil)
  }

  /// Lets a minute pass in which the agent reports, and waits until whoever leads has learnt it.
  private func passMinute(queue: Int) throws {
    let event = #"{"entity_id":"agent-7","event_type":"agent.metrics","data":{"queue_size":\#(queue)}}"#
    let id = try scene.server.call("XADD", scene.keys.events, "*", "__data__", event).text ?? ""
    let begin = Instant(milliseconds: (Int64(id.prefix { $0 != "-" }) ?? 0) / 60_000 * 60_000)
    let hour = try #require(RollupHour.hour(of: begin))
    clock.set(seconds: 125)
    try scene.server.wait {
      let bytes = (try? scene.server.call("GET", scene.keys.rollup("agent-7", hour: hour)).bytes) ?? nil
      let stored = bytes.flatMap { try? RollupHour(decoding: $0) }
      return stored?[MetricID(.queueSize), Int(begin.milliseconds / 60_000 % 60)] != nil
    }
  }

  @Test(arguments: ["none", "busy", "paused", "off"]) func withoutAnIdleBackupNothingIsProposed(_ why: String) throws {
    try know("agent-7")
    try know("agent-8", backupFor: why == "none" ? "" : "agent-7")
    if why == "busy" { _ = try scene.server.call("SADD", scene.keys.standIns(of: "agent-8").key, "agent-1") }
    if why == "paused" {
      _ = try scene.server.call("HSET", scene.keys.agent("agent-8"), "state", "paused", "version", 1)
    }
    try grow()
    try scene.start(mode: why == "off" ? .off : .auto, looksAhead: true)
    try scene.server.wait {
      let insight = try? self.insight()
      return insight?.forecasts.isEmpty == false
    }
    // What follows a command has read all that came before it.
    _ = try scene.handlers.send(.resume, ["agent-7"])
    #expect(try scene.window == nil)
  }

  @Test func windowBeginsWhereTheDayBeforeWasQuietest() throws {
    let now = Instant(milliseconds: minute * 60_000)
    let coming = AgentInsight.Coming(
      metric: "queue_size", value: 20, level: 100, madeAt: now, crossesAt: now + .minutes(80), confidence: 0.7,
      known: 9, radius: 1)
    let quiet = now + .minutes(33)
    let day = TimeSpan.hours(24)
    try remember(.messagesPerMinute, 1300...1440) { ago in
      let then = now - .minutes(ago) + day
      return then >= quiet && then < quiet + .minutes(5) ? 3 : 90
    }
    let window = try #require(ForecastWindow("agent-7", "agent-8", coming, now: now))
    let session = try #require(try scene.start(mode: .off).session)
    var replies: [Reply] = []
    session.read(window.requests(scene.keys)) { replies = $0 }
    try scene.server.wait { !replies.isEmpty }
    #expect(window.isFree(replies))
    _ = try scene.server.call("SET", scene.keys.maintained("agent-7"), "declined")
    var rested: [Reply] = []
    session.read(window.requests(scene.keys)) { rested = $0 }
    try scene.server.wait { !rested.isEmpty }
    #expect(!window.isFree(rested))
    let planned = window.planned(replies, isAuto: false, at: now)
    #expect(planned.at == quiet && planned.phase == .proposed)
    // It comes too soon for that.
    var near = coming
    near.crossesAt = now + .minutes(1)
    #expect(ForecastWindow("agent-7", "agent-8", near, now: now) == nil)
    near.crossesAt = now + .minutes(4)
    let soon = try #require(ForecastWindow("agent-7", "agent-8", near, now: now))
    #expect(soon.planned(replies, isAuto: true, at: now).at == now + .minutes(2))
  }
}
