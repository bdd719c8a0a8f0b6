import FleetModel
import Testing
import Wire

@testable import Simulation

/// Simulated agents that run two versions, and go back from the worse one.
@Suite struct SimulatedVersionTests {
  private static let worse: [AgentID] = ["support-br-02", "support-jp-01", "support-jp-02"]

  /// Agent → the version that it said last.
  private static func versions(_ events: [SimulatedEvent]) -> [AgentID: String] {
    var found: [AgentID: String] = [:]
    for event in events { if let version = event.data["version"]?.text { found[event.agent] = version } }
    return found
  }

  /// What rules do about other things would hide what is done about the versions.
  @Test func nothingElseIsAskedFor() {
    var (alone, usual) = (Stage(versions: true), Stage())
    #expect(alone.run(seconds: 60).allSatisfy { $0.kind != .handoffRequested })
    #expect(usual.run(seconds: 60).contains { $0.kind == .handoffRequested })
  }

  @Test func agentsOfSupportSayWhatTheyRunAndTheWorseFailsMoreOften() throws {
    var stage = Stage(versions: true)
    let events = stage.run(seconds: 60)
    let said = Self.versions(events)
    #expect(said.count == 6 && said.filter { $0.value == "1.4.2" }.keys.sorted { "\($0)" < "\($1)" } == Self.worse)
    for agent in said.keys {
      let rates = events.of(.metrics, agent).compactMap { $0.data["error_rate"]?.double }.dropFirst(3)
      let mean = rates.reduce(0, +) / Double(max(1, rates.count))
      #expect(Self.worse.contains(agent) ? (0.035...0.05).contains(mean) : mean < 0.02, "\(agent): \(mean)")
      // No level tells of it.
      #expect(mean < 0.05)
    }
  }

  @Test func withoutThemNobodySaysAVersionAndTheFleetIsTheSame() {
    var plain = Stage()
    var others = Stage(versions: true)
    let events = plain.run(seconds: 20)
    #expect(Self.versions(events).isEmpty)
    // Those who are not concerned say the same with and without, but where one would ask for a specialist.
    let isOther = { (event: SimulatedEvent) in !event.agent.description.hasPrefix("support") }
    let (expected, found) = (events.filter(isOther), others.run(seconds: 20).filter(isOther))
    #expect(expected.map(\.agent) == found.map(\.agent))
    #expect(zip(expected, found).allSatisfy { $0 == $1 || $0.kind == .handoffRequested })
  }

  @Test func agentThatIsRolledBackComesBackWithTheOtherVersion() throws {
    var stage = Stage(versions: true)
    _ = stage.run(seconds: 20)
    let told = stage.order(.rollback, Self.worse[0], ["version": "1.4.1"])
    #expect(told.of(.status).map { $0.data["state"] } == ["restarting"] && Self.versions(told).isEmpty)
    let later = stage.run(seconds: 30)
    #expect(Self.versions(later)[Self.worse[0]] == "1.4.1")
    let answers = later.of(.status, Self.worse[0]).filter { $0.data["command_id"] == "c1" }
    #expect(answers.map { $0.data["state"] } == ["running"])
    #expect(try #require(later.last("error_rate", of: Self.worse[0])) < 0.03)
    #expect(try #require(later.last("error_rate", of: Self.worse[1])) > 0.025, "the others still run it")
  }

  @Test func pausedAgentStaysPausedAndARestartDoesNotTakeTheRollbackBack() {
    var stage = Stage(versions: true)
    _ = stage.run(seconds: 5)
    _ = stage.order(.pause, Self.worse[0], id: "c1")
    let answer = stage.order(.rollback, Self.worse[0], ["version": "1.4.1"], id: "c2")
    #expect(Self.versions(answer) == [Self.worse[0]: "1.4.1"])
    #expect(answer.of(.status).map { $0.data["state"] } == ["paused"])
    _ = stage.order(.rollback, Self.worse[1], ["version": "1.4.1"], id: "c3")
    _ = stage.order(.restart, Self.worse[1], id: "c4")
    let later = stage.run(seconds: 10)
    #expect(Self.versions(later)[Self.worse[1]] == "1.4.1")
    #expect(Set(later.of(.status, Self.worse[1]).compactMap { $0.data["command_id"]?.text }) == ["c3", "c4"])
    // An order without a version is answered, and changes nothing.
    #expect(Self.versions(stage.order(.rollback, Self.worse[2], id: "c5")).isEmpty)
  }
}
