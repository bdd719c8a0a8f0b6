import Automation
import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// A storm through the rules inside the program: what services hear of it, from the first event to the all-clear.
@Suite(.threaded) struct StormTests {
  private let clock: SteppedClock
  private let services: ServicesScene

  init() throws {
    clock = try SteppedClock(folder: BuildFolder.path)
    // Only the server's clock lets these pass, and only a test moves that so far.
    services = try ServicesScene(grouping: .init(wait: .minutes(2), interval: .minutes(4)), clock: clock)
  }

  @Test func fiftyAgentsAreOneMessageOneUpdateAndOneAllClearForEachService() throws {
    for number in 1...50 { try isBusy(number) }
    try waitForRuns(50)
    expectPhases([])
    clock.set(seconds: 121)
    try waitForMessages(1)
    // More of the same storm: one more agent.
    try isBusy(51)
    try waitForRuns(51)
    expectPhases(["firing"])
    // Five minutes of short queues, in which the update is told.
    try calmAll(at: 200)
    try calmAll(at: 350)
    clock.set(seconds: 362)
    try waitForMessages(2)
    expectPhases(["firing", "updated"])
    try calmAll(at: 501)
    try waitForMessages(3)
    try services.waitUntilAllIsTold()
    expectPhases(["firing", "updated", "resolved"])
    #expect(try services.scene.server.call("HLEN", services.scene.keys.alerts) == .integer(0))
    #expect(try services.standing() == 0, "nobody waits for more")
    try checkBodies()
  }

  private func isBusy(_ number: Int) throws {
    try services.rules.event(
      "agent.high_traffic", AgentID("agent-\(number)"), ["queue_size": 60, "messages_per_minute": 90])
  }

  private func calmAll(at seconds: Int64) throws {
    clock.set(seconds: seconds)
    let script = """
      for agent = 1, 51 do
        local event = {entity_id = 'agent-' .. agent, event_type = 'agent.metrics', data = {queue_size = 1}}
        redis.call('XADD', KEYS[1], '*', '__data__', cjson.encode(event))
      end
      """
    _ = try services.scene.server.call("EVAL", script, 1, services.scene.keys.events)
    try services.scene.server.wait { (try? services.scene.cursorIsAtEnd()) ?? false }
  }

  private func waitForRuns(_ count: Int) throws {
    try services.scene.server.wait {
      (try? services.rules.lines().count { $0.rule == "high-traffic" && $0.isEndOfRun }) == count
    }
  }

  private func waitForMessages(_ count: Int) throws {
    try services.scene.server.wait { Channel.Kind.allCases.allSatisfy { services.told($0).count >= count } }
  }

  /// What every service has heard so far, by the webhook's words for it.
  private func expectPhases(_ phases: [String]) {
    #expect(services.told(.webhook).map { $0.body["status"]?.text } == phases)
    for kind in Channel.Kind.allCases { #expect(services.told(kind).count == phases.count, "\(kind)") }
  }

  private func checkBodies() throws {
    let now = try services.scene.now()
    for (kind, phases) in [
      (Channel.Kind.slack, ["trouble", "update", "over"]), (.discord, ["trouble", "update", "over"]),
      (.pagerduty, ["trigger", "trigger", "resolve"]), (.webhook, ["firing", "updated", "resolved"]),
    ] {
      #expect(services.told(kind).map { $0.phase(at: now) } == phases)
    }
    for told in Channel.Kind.allCases.flatMap({ services.told($0) }) {
      #expect(ServiceLimits.broken(by: told) == [], "\(told.kind)")
      #expect(told.key == nil || told.key == "group/high-traffic/medium")
    }
    for kind in [Channel.Kind.slack, .discord, .alertmanager, .webhook] {
      let titles = services.told(kind).map(\.title)
      #expect(titles[0].contains("high traffic: 50 agents") && titles[1].contains("high traffic: 51 agents"))
      #expect(titles[2].contains("high traffic: all clear, 51 agents"))
    }
    let ends = services.told(.alertmanager).compactMap(\.end)
    #expect(ends.count == 3 && ends[1] > ends[0] && ends[2] <= now)
    let labels = services.told(.alertmanager).map { $0.body.list?.first?["labels"] }
    #expect(labels.allSatisfy { $0 == labels[0] })
  }
}
