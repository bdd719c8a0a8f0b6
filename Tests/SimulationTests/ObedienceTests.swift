import FleetModel
import Testing
import Wire

@testable import Simulation

@Suite struct ObedienceTests {
  private let agent: AgentID = "support-br-01"

  private func status(_ event: SimulatedEvent?) -> [String?] {
    [event?.data["state"]?.text, event?.data["command_id"]?.text]
  }

  @Test func pausedAgentFallsSilentAndResumedOneReturns() {
    var stage = Stage()
    _ = stage.run(seconds: 2)
    let answer = stage.order(.pause, agent, id: "c1")
    #expect(answer.map(\.kind) == [.status])
    #expect(status(answer.first) == ["paused", "c1"])
    #expect(stage.run(seconds: 20).allSatisfy { $0.agent != agent })
    #expect(status(stage.order(.resume, agent, id: "c2").first) == ["running", "c2"])
    #expect(stage.run(seconds: 5).contains { $0.agent == agent && $0.kind == .metrics })
  }

  @Test func pauseEndsByItself() {
    var stage = Stage()
    _ = stage.run(seconds: 1)
    _ = stage.order(.pause, agent, until: stage.now + .seconds(5))
    let events = stage.run(seconds: 10).filter { $0.agent == agent }
    #expect(status(events.first) == ["running", nil])
    #expect(events.contains { $0.kind == .metrics })
  }

  @Test func restartTakesAWhileAndCuresAnErrorStorm() {
    var stage = Stage(.fixed([.errorStorm]))
    _ = stage.run(seconds: 15)
    #expect(status(stage.order(.restart, agent).first) == ["restarting", nil])
    #expect(stage.run(seconds: 2).allSatisfy { $0.agent != agent })
    let events = stage.run(seconds: 20)
    #expect(status(events.of(.status, agent).first) == ["running", "c1"])
    #expect(events.of(.performanceDegraded).isEmpty)
    #expect(events.last("error_rate", of: agent) ?? 1 < 0.05)
  }

  @Test func drainedAgentAnswersOnceNothingIsOpen() {
    var stage = Stage()
    _ = stage.run(seconds: 1)
    #expect(status(stage.order(.drain, agent, until: stage.now + .seconds(20)).first) == ["draining", nil])
    #expect(stage.run(seconds: 3).of(.status, agent).isEmpty)
    let empty = stage.run(seconds: 2).of(.status, agent)
    #expect(empty.count == 1 && status(empty.first) == ["draining", "c1"])
    #expect(empty.first?.data["conversations"] == 0)
    // It ends by itself, as a pause does.
    #expect(status(stage.run(seconds: 20).of(.status, agent).first) == ["running", nil])
    _ = stage.order(.pause, agent, id: "c2")
    #expect(status(stage.order(.drain, agent, id: "c3").first) == ["paused", "c3"])
  }

  @Test func secondRestartIsAnsweredTogetherWithTheFirst() {
    var stage = Stage()
    _ = stage.run(seconds: 1)
    _ = stage.order(.restart, agent, id: "c1")
    _ = stage.order(.restart, agent, id: "c2")
    let answers = stage.run(seconds: 5).of(.status, agent).map { $0.data["command_id"]?.text }
    #expect(answers == ["c1", "c2"])
  }

  @Test func scaledAgentDrainsItsQueue() {
    var stage = Stage(.fixed([.trafficSpike]))
    let before = stage.run(seconds: 60).last("queue_size", of: agent) ?? 0
    let answer = stage.order(.scale, agent, ["replicas": "8"])
    #expect(answer.first?.data["replicas"] == 8)
    let after = stage.run(seconds: 60).last("queue_size", of: agent) ?? .infinity
    #expect(before > 200 && after < before / 2)
  }

  @Test func scaleByKeepsToTheBounds() {
    var stage = Stage()
    #expect(stage.order(.scale, agent, ["by": "+1"]).first?.data["replicas"] == 3)
    #expect(stage.order(.scale, agent, ["by": "+100"]).first?.data["replicas"] == 8)
    #expect(stage.order(.scale, agent, ["by": "-100"]).first?.data["replicas"] == 2)
  }

  @Test func rateLimitSlowsUntilItEnds() {
    var stage = Stage()
    _ = stage.run(seconds: 1)
    _ = stage.order(.rateLimit, agent, ["per_minute": "60"], until: stage.now + .seconds(10))
    #expect(stage.run(seconds: 9).last("messages_per_minute", of: agent) ?? 0 < 80)
    #expect(stage.run(seconds: 6).last("messages_per_minute", of: agent) ?? 0 > 120)
  }

  @Test func backupTakesOverAndGivesBack() {
    var stage = Stage()
    let before = stage.run(seconds: 5)
    #expect(before.last("messages_per_minute", of: "support-br-02") ?? 999 < 100)
    _ = stage.order(.activateBackup, agent)
    let during = stage.run(seconds: 5)
    #expect(during.last("messages_per_minute", of: agent) ?? 999 < 70)
    #expect(during.last("messages_per_minute", of: "support-br-02") ?? 0 > 150)
    _ = stage.order(.deactivateBackup, agent)
    #expect(stage.run(seconds: 5).last("messages_per_minute", of: agent) ?? 0 > 120)
  }

  @Test func blockingItsAddressesStopsAnIntrusion() throws {
    var stage = Stage(.fixed([.intrusion]))
    let alerts = stage.run(seconds: 10).of(.securityAlert)
    let list = try #require(alerts.last?.data["suspicious_ips"]?.list)
    let addresses = list.compactMap(\.text)
    _ = stage.order(.blockIP, .none, ["ip": addresses[0]])
    #expect(stage.run(seconds: 10).of(.securityAlert).last?.data["suspicious_ips"] == [.string(addresses[1])])
    _ = stage.order(.blockIP, agent, ["ip": addresses[1]], until: stage.now + .seconds(20))
    #expect(stage.run(seconds: 15).of(.securityAlert).isEmpty)
    #expect(!stage.run(seconds: 15).of(.securityAlert).isEmpty)
  }

  @Test func escalationTurnsUnhappyUsers() {
    var stage = Stage(.fixed([.unhappyUsers]))
    _ = stage.run(seconds: 30)
    #expect(status(stage.order(.escalate, agent).first) == ["running", "c1"])
    #expect(stage.run(seconds: 30).last("avg_rating", of: agent) ?? 0 > 4)
  }

  @Test(arguments: Action.allCases) func everyOrderIsAnswered(_ action: Action) {
    var stage = Stage()
    let answers = stage.order(action, agent, id: "c9") + stage.run(seconds: 5)
    #expect(answers.of(.status, agent).contains { $0.data["command_id"] == "c9" })
  }

  @Test func fleetWideOrderIsAnsweredByAll() {
    var stage = Stage()
    #expect(stage.order(.blockIP, .none, ["ip": "192.0.2.1"]).count == 12)
    #expect(stage.order(.pause, "agent-0042").isEmpty)
  }
}
