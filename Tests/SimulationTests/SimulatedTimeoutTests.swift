import FleetModel
import Testing
import Wire

@testable import Simulation

/// Agents of the demo that let others set their timeout.
@Suite struct SimulatedTimeoutTests {
  private static let start = Instant(milliseconds: 1_795_334_400_000)
  private static let agent: AgentID = "support-eu-01"

  private func fleet(tunes: Bool = true) -> SimulatedFleet {
    SimulatedFleet(agents: 12, rate: 40, seed: 7, incidents: .none, at: Self.start, tunes: tunes)
  }

  private func tune(_ fleet: inout SimulatedFleet, _ arguments: [String: String]) -> [SimulatedEvent] {
    fleet.obey(.init(agent: Self.agent, action: .tune, arguments: arguments, commandID: CommandID("c1")))
  }

  @Test func agentsOfSupportDeclareIt() throws {
    var fleet = fleet()
    let events = fleet.advance(to: Self.start + .milliseconds(100)).filter { $0.kind == .created }
    let declaring = events.filter { $0.data["parameters"]?["timeout_s"] != nil }
    #expect(events.count == 12 && declaring.count == 6)
    #expect(declaring.allSatisfy { $0.data["role"] == "support" })
    let timeout = try #require(declaring.first?.data["parameters"]?["timeout_s"])
    #expect(timeout["min"]?.double == 5 && timeout["max"]?.double == 60 && timeout["value"]?.double == 20)
    var other = self.fleet(tunes: false)
    #expect(other.advance(to: Self.start + .milliseconds(100)).allSatisfy { $0.data["parameters"] == nil })
  }

  @Test func whatIsSetIsAnsweredAndStaysWithinBounds() {
    var fleet = fleet()
    let answer = tune(&fleet, ["parameter": "timeout_s", "value": "33"])
    #expect(answer.count == 1 && answer[0].kind == .status && answer[0].data["command_id"] == "c1")
    #expect(fleet.agent(Self.agent)?.setting(of: "timeout_s") == 35)
    _ = tune(&fleet, ["parameter": "timeout_s", "value": "1e9"])
    #expect(fleet.agent(Self.agent)?.setting(of: "timeout_s") == 60)
    for value in ["nan", "", "x"] {
      _ = tune(&fleet, ["parameter": "timeout_s", "value": value])
      #expect(fleet.agent(Self.agent)?.setting(of: "timeout_s") == 20, "\(value)")
    }
    _ = tune(&fleet, ["parameter": "other", "value": "3"])
    #expect(fleet.agent(Self.agent)?.settings == [:])
    _ = tune(&fleet, ["parameter": "timeout_s", "value": "30"])
    _ = tune(&fleet, ["parameter": "timeout_s"])
    #expect(fleet.agent(Self.agent)?.setting(of: "timeout_s") == 20)
  }

  @Test func errorsFollowIt() throws {
    func errors(at value: String) throws -> Double {
      var fleet = fleet()
      _ = tune(&fleet, ["parameter": "timeout_s", "value": value])
      var rates: [Double] = []
      for tick in 1...600 {
        for event in fleet.advance(to: Self.start + .milliseconds(Int64(tick) * 100))
        where event.agent == Self.agent && event.kind == .metrics {
          rates.append(try #require(event.data["error_rate"]?.double))
        }
      }
      return rates.reduce(0, +) / Double(rates.count)
    }
    let (declared, better, best) = (try errors(at: "20"), try errors(at: "25"), try errors(at: "35"))
    #expect(declared - better > 0.007 && better - best > 0.014 && declared < 0.05)
  }
}
