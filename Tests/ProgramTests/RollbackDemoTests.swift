import FleetModel
import Glibc
import Insight
import Simulation
import TestThreads
import Testing
import Wire

@testable import vigia

/// `vigia demo --scenario rollback`: the simulation that it starts, and what compares versions, minute by minute.
@Suite(.threaded) struct RollbackDemoTests {
  /// Means of an agent's minute.
  private struct Sums {
    var errors = 0.0
    var messages = 0.0
    var count = 0
  }

  private static let start = Instant(milliseconds: 1_795_334_400_000)
  private static let errors = MetricID(rawValue: UInt8(Metric.errorRate.rawValue))
  private static let messages = MetricID(rawValue: UInt8(Metric.messagesPerMinute.rawValue))
  private static let metrics = [errors, MetricID(rawValue: 22), MetricID(rawValue: 24)]

  /// What each agent said last that it runs.
  private static func take(_ events: [SimulatedEvent], _ versions: inout [AgentID: String]) {
    for event in events { if let version = event.data["version"]?.text { versions[event.agent] = version } }
  }

  private static func rollup(_ value: Double, _ count: Int) -> Rollup {
    Rollup(
      count: UInt32(count), sum: value * Double(count), min: Float(value), max: Float(value), p95: Float(value))
  }

  /// A handler that begins reads five minutes back, and compares a minute once the third after it has begun. So what is
  /// found of the first seven minutes here stands on the screen within two minutes.
  @Test(arguments: [1, 5, 9] as [UInt64]) func worseVersionIsNamedSoonAndItsAgentsGoBack(_ seed: UInt64) throws {
    var fleet = SimulatedFleet(
      agents: 24, rate: 20, seed: seed, incidents: .none, at: Self.start, versions: true)
    var watch = VersionWatch(Self.metrics, messages: Self.messages)
    var versions: [AgentID: String] = [:]
    var found: (difference: VersionDifference, minute: Int)?
    for minute in 0..<7 where found == nil {
      var sums: [AgentID: Sums] = [:]
      let begin = Self.start + .minutes(Int64(minute))
      for step in 1...600 {
        let events = fleet.advance(to: begin + .milliseconds(Int64(step) * 100))
        Self.take(events, &versions)
        for event in events where event.kind == .metrics {
          sums[event.agent, default: Sums()].errors += event.data["error_rate"]?.double ?? 0
          sums[event.agent, default: Sums()].messages += event.data["messages_per_minute"]?.double ?? 0
          sums[event.agent, default: Sums()].count += 1
        }
      }
      for (number, agent) in Roster.agents(24).enumerated() where agent.role == "support" {
        guard let sum = sums[agent.id], sum.count > 0 else { continue }
        let rollups = [
          (metric: Self.errors, rollup: Self.rollup(sum.errors / Double(sum.count), sum.count)),
          (metric: Self.messages, rollup: Self.rollup(sum.messages / Double(sum.count), sum.count)),
        ]
        let difference = watch.take(
          AgentWatch.Minute(begin, rollups), of: number, role: agent.role, version: versions[agent.id] ?? "")
        if let difference { found = (difference, minute) }
      }
    }
    let (difference, minute) = try #require(found)
    #expect(difference.worse == "1.4.2" && difference.better == "1.4.1" && minute <= 6)
    #expect((2.5...5).contains(difference.times), "\(difference.words(named: "error_rate"))")
    let concerned = versions.filter { $0.value == "1.4.2" }.map(\.key)
    #expect(concerned.count == 6)
    for agent in concerned {
      _ = fleet.obey(
        ControlMessage(agent: agent, action: .rollback, arguments: ["version": "1.4.1"], commandID: CommandID("c")))
    }
    for step in 1...100 { Self.take(fleet.advance(to: fleet.now + .milliseconds(Int64(step) * 2)), &versions) }
    #expect(versions.values.allSatisfy { $0 == "1.4.1" } && versions.count == 12)
  }

  @Test func settingsStandInAFileThatLeavesNoName() throws {
    let text = try #require(DemoCommand.Story.rollback.settings)
    let settings = try DemoSettings(text)
    let file = try #require(fopen(settings.path, "r"))
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = fread(&bytes, 1, bytes.count, file)
    #expect(String(decoding: bytes[..<count], as: UTF8.self) == text)
    var target = [CChar](repeating: 0, count: 4096)
    let length = readlink(settings.path, &target, target.count)
    #expect(
      String(decoding: target[..<max(0, length)].map { UInt8(bitPattern: $0) }, as: UTF8.self).hasSuffix("(deleted)"))
    #expect(DemoCommand.Story.waiting.settings == nil)
  }
}
