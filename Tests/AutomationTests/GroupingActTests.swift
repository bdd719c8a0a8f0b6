import Automation
import FleetModel
import Testing

/// What a group tells of what a person did in the service that it told.
@Suite struct GroupingActTests {
  private var grouping = Grouping()
  private let act = ServiceAct(channel: "pager", key: "group/latency/high")

  private func at(_ seconds: Int64) -> Instant { Instant(milliseconds: 1_795_334_400_000 + seconds * 1000) }

  private mutating func take(
    _ agents: Int..., status: Notice.Status = .firing, by who: String? = nil, heard act: ServiceAct? = nil,
    at seconds: Int64
  ) {
    for agent in agents {
      var notice = Notice(
        key: "latency/agent-\(agent)", status: status, severity: .high, title: "agent-\(agent) is slow \(status)",
        agents: [AgentID("agent-\(agent)")], rule: "latency", at: at(seconds))
      (notice.acknowledgedBy, notice.heardFrom) = (who, act)
      _ = grouping.take(notice, for: "pager", at: at(seconds))
    }
  }

  private mutating func told(at seconds: Int64) -> Notice? { grouping.advance(at: at(seconds)).first?.notice }

  @Test mutating func stepsToAnEndThatCameFromThereAreKnownThere() throws {
    take(1, 2, 3, at: 0)
    #expect(told(at: 10)?.heardFrom == nil)
    take(1, status: .resolved, heard: act, at: 400)
    let step = try #require(told(at: 400))
    #expect(step.status == .updated && step.heardFrom == act)
    take(2, 3, status: .resolved, heard: act, at: 401)
    let end = try #require(told(at: 401))
    #expect(end.status == .resolved && end.heardFrom == act && grouping.groups.isEmpty)
  }

  @Test mutating func endThatCameFromElsewhereTooIsTold() throws {
    take(1, 2, at: 0)
    _ = told(at: 10)
    take(1, status: .resolved, heard: act, at: 20)
    take(2, status: .resolved, at: 21)
    let end = try #require(told(at: 21))
    #expect(end.status == .resolved && end.heardFrom == nil)
  }

  @Test mutating func newTroubleBesideItIsTold() throws {
    take(1, 2, at: 0)
    _ = told(at: 10)
    take(1, status: .resolved, heard: act, at: 400)
    take(3, at: 400)
    let update = try #require(told(at: 400))
    #expect(update.status == .updated && update.heardFrom == nil)
  }

  @Test mutating func onlyTheLastActOfHandsCounts() throws {
    take(1, 2, at: 0)
    _ = told(at: 10)
    take(1, 2, status: .acknowledged, by: "pagerduty:Al", heard: act, at: 20)
    let hands = try #require(told(at: 20))
    #expect(hands.status == .acknowledged && hands.heardFrom == act)
    take(1, status: .unacknowledged, at: 30)
    let open = try #require(told(at: 30))
    #expect(open.reopensAcknowledged && open.heardFrom == nil)
    // The service has another incident by now, of which nobody there has heard.
    take(1, status: .acknowledged, by: "alice", at: 40)
    let again = try #require(told(at: 40))
    #expect(again.status == .acknowledged && again.heardFrom == nil)
  }
}
