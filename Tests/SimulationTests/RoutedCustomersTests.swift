import FleetModel
import Testing
import Wire

@testable import Simulation

/// Customers who come to the agents of support by the agents' shares.
@Suite struct RoutedCustomersTests {
  private static let start = Instant(milliseconds: 1_795_334_400_000)
  private static let slow = RoutedCustomers.slow
  private static let other: AgentID = "support-eu-01"

  private func fleet(routes: Bool = true) -> SimulatedFleet {
    SimulatedFleet(agents: 12, rate: 40, seed: 7, incidents: .none, at: Self.start, routes: routes)
  }

  /// Lets so many seconds pass from a moment on.
  private func run(_ fleet: inout SimulatedFleet, _ seconds: ClosedRange<Int>) -> [SimulatedEvent] {
    (seconds.lowerBound * 10..<seconds.upperBound * 10).flatMap {
      fleet.advance(to: Self.start + .milliseconds(Int64($0 + 1) * 100))
    }
  }

  private func tune(_ fleet: inout SimulatedFleet, _ agent: AgentID, _ share: String) {
    _ = fleet.obey(
      .init(
        agent: agent, action: .tune, arguments: ["parameter": "routing_share", "value": share],
        commandID: CommandID("c1")))
  }

  @Test func agentsOfSupportDeclareTheirShareAndTellWhatTheyHaveOpen() throws {
    var fleet = fleet()
    let events = run(&fleet, 0...5)
    let created = events.filter { $0.kind == .created && $0.data["parameters"]?["routing_share"] != nil }
    #expect(created.count == 6 && created.allSatisfy { $0.data["role"] == "support" && $0.data["capacity"] == 16 })
    let told = events.filter { $0.kind == .status && $0.agent == Self.other }
    #expect(told.count >= 5 && told.last?.data["conversations"]?.int ?? 0 > 0)
    var plain = self.fleet(routes: false)
    #expect(run(&plain, 0...1).allSatisfy { $0.data["parameters"] == nil })
  }

  @Test func newConversationsFollowTheShares() {
    var fleet = fleet()
    tune(&fleet, Self.other, "0.5")
    tune(&fleet, "support-jp-01", "2")
    _ = run(&fleet, 0...680)
    let given = fleet.routed?.given ?? [:]
    let all = Double(given.values.reduce(0, +))
    #expect(all > 3600)
    // 6.5 shares in all.
    for (agent, share) in [(Self.other, 0.5), ("support-jp-01", 2), ("support-eu-02", 1)] {
      let part = Double(given[agent] ?? 0) / all
      #expect(abs(part - share / 6.5) < 0.045, "\(agent) \(part)")
    }
  }

  @Test func whoIsSlowFillsUpUntilItsShareIsSmaller() throws {
    var fleet = fleet()
    tune(&fleet, Self.slow, "1.4")
    _ = run(&fleet, 0...60)
    let full = try #require(fleet.agent(Self.slow))
    #expect(full.room?.open == RoutedCustomers.capacity && full.backlog > 0)
    #expect(full.responseTime > 1.6 * full.profile.responseTime && full.health < 0.75)
    let well = try #require(fleet.agent(Self.other))
    #expect(well.backlog == 0 && well.health > 0.9)
    tune(&fleet, Self.slow, "0.2")
    _ = run(&fleet, 60...170)
    let relieved = try #require(fleet.agent(Self.slow))
    #expect(relieved.room?.open ?? 16 < 14 && relieved.backlog == 0)
    // It gets well by itself.
    _ = run(&fleet, 170...200)
    #expect(fleet.agent(Self.slow)?.health ?? 0 > 0.9)
  }

  @Test func whoIsPausedGetsNoNewOnes() throws {
    var fleet = fleet()
    _ = run(&fleet, 0...10)
    _ = fleet.obey(.init(agent: Self.other, action: .pause, arguments: [:], commandID: CommandID("c2")))
    let before = fleet.routed?.given[Self.other]
    _ = run(&fleet, 10...60)
    #expect(fleet.routed?.given[Self.other] == before)
    #expect(fleet.agent(Self.other)?.room?.open == 0)
  }
}
