import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler
@testable import Insight

/// What a look at a role comes to.
@Suite(.threaded) struct LoadPlanTests {
  private let role = ExactText("support")

  private func move(_ agent: AgentID, to share: Double) -> ShareMove {
    let reason = ShareMove.Reason(
      kind: .busier, open: 14, capacity: 16, waiting: 0, health: 0.62, responseTime: nil, busy: 0.41)
    return ShareMove(agent: agent, from: 1, to: share, reason: reason)
  }

  private func plan(
    _ moves: [ShareMove], _ course: LoadPlan.Course, at now: Instant = .at(100), version: Int = 7
  ) -> LoadPlan {
    var plan = LoadPlan(role, LoadStanding())
    plan.take(moves, course, at: now, record: { _ in Self.record(version) }, wait: .seconds(5))
    return plan
  }

  private static func record(_ version: Int) -> AgentRecord {
    var record = AgentRecord()
    record.version = version
    return record
  }

  @Test func eachMoveIsACommandWhoseIDFollowsFromAgentAndMoment() throws {
    let found = plan([move("support-3", to: 0.8), move("support/4", to: 1)], .act)
    #expect(found.commands.map(\.operator) == ["load/support-3", "load/support%2F4"])
    #expect(found.commands.map(\.arguments["value"]) == ["0.8", "1"])
    let first = try #require(found.commands.first)
    #expect(
      first.reason
        == "support-3 share 0.8 instead of 1: 14 of 16 open, health 0.62, its role 41% busy")
    #expect(first.action == .tune && first.targets == ["support-3"] && first.expiresAt == .at(160))
    #expect(first.observed["support-3"] == Command.Observation(state: .running, version: 7))
    #expect(Keys.isCommandID(first.id.text.utf8))
    #expect(found.standing.moves.map(\.command) == found.commands.map(\.id))
    #expect(found.standing.moves.map(\.until) == [.at(165), .at(165)])
    #expect(plan([move("support-3", to: 0.8)], .act).commands.first?.id == first.id)
    #expect(plan([move("support-3", to: 0.8)], .act, at: .at(101)).commands.first?.id != first.id)
  }

  @Test func aPersonIsAskedAboutTheFirst() throws {
    let found = plan([move("support-3", to: 0.8), move("support-4", to: 1.2)], .ask)
    let proposal = try #require(found.proposal)
    #expect(proposal.agent == "support-3" && proposal.expiresAt == .at(700) && found.commands.isEmpty)
    #expect(found.standing.question?.id == proposal.id && found.standing.question?.from == 1)
    #expect(proposal.actions.map(\.description) == ["tune support-3 parameter=routing_share value=0.8"])
  }

  @Test func inADryRunNothingIsUnderWay() {
    let found = plan([move("support-3", to: 0.8)], .dry(.auto))
    #expect(found.told.count == 1 && found.commands.isEmpty && found.proposal == nil && found.standing.isEmpty)
  }

  @Test func aMoveEndsOnceItsCommandHasSetTheShareOrItsTimeIsOver() {
    var standing = plan([move("support-3", to: 0.8), move("support-4", to: 1.2)], .act).standing
    let (first, second) = (standing.moves[0], standing.moves[1])
    standing.settle(at: .at(101), wait: .seconds(5)) { $0 == "support-3" ? first.command : CommandID("other") }
    #expect(standing.moves == [second])
    standing.settle(at: .at(164), wait: .seconds(5)) { _ in nil }
    #expect(standing.moves == [second])
    standing.settle(at: .at(165), wait: .seconds(5)) { _ in nil }
    #expect(standing.isEmpty)
  }

  /// The clock was set back, or nobody knows who has written it.
  @Test(arguments: [(165, 1), (166, 0), (9_000_000_000, 0)])
  func aMoveThatEndsLaterThanAnyCanHoldsNobodyUp(until second: Int64, kept: Int) {
    var standing = LoadStanding()
    standing.moves = [.init(agent: "support-3", to: 1, command: CommandID("c"), until: .at(second))]
    standing.settle(at: .at(100), wait: .seconds(5)) { _ in nil }
    #expect(standing.moves.count == kept)
  }

  @Test func whoseMoveIsUnderWayIsNoPartnerOfAnother() throws {
    let standing = plan([move("support-3", to: 0.8)], .act).standing
    let parameter = try #require(
      TunableParameter(name: LoadSettings.parameter, minimum: 0.2, maximum: 2, step: 0.1, value: 1))
    let readings = (["support-3", "support-4"] as [AgentID]).map {
      LoadReading(agent: $0, parameter: parameter, share: 1, capacity: 16, open: 8, heardAt: .at(100))
    }
    let left = standing.leaveAlone(readings, at: .at(101))
    #expect(left.map(\.isFree) == [false, true] && left.map(\.movedAt) == [.at(101), nil])
    #expect(LoadStanding().leaveAlone(readings, at: .at(101)) == readings)
  }

  /// What another balancer has changed a moment ago counts against the changes of a minute.
  @Test func aRoleWaitsForAMinuteAfterWhatAnotherBalancerHasDone() {
    func role(_ standing: LoadStanding = LoadStanding(), lastShared: Instant? = nil) -> WatchedRole {
      WatchedRole(BalanceSettings(), standing, lastShared: lastShared, at: .at(100))
    }
    #expect(!role().isHeld(at: .at(100)) && !role(lastShared: .at(40)).isHeld(at: .at(100)))
    #expect(role(lastShared: .at(70)).isHeld(at: .at(129)) && !role(lastShared: .at(70)).isHeld(at: .at(130)))
    #expect(!role(lastShared: .at(70)).isHeld(at: .at(9)), "the clock was set back")
    let sent = role(plan([move("support-3", to: 0.8)], .act).standing, lastShared: .at(10))
    #expect(sent.isHeld(at: .at(159)) && !sent.isHeld(at: .at(160)))
  }

  @Test func onlyWhatPeopleAreToldOrAskedComesAlone() {
    #expect(LoadPlan.Course.dry(.auto).isAlone && LoadPlan.Course.ask.isAlone && !LoadPlan.Course.act.isAlone)
    #expect(LoadPlan.Course.dry(.auto).isDry && !LoadPlan.Course.ask.isDry && !LoadPlan.Course.act.isDry)
  }

  @Test func anAgentIsLeftAloneForAWhileAfterAnAnswer() throws {
    var standing = plan([move("support-3", to: 0.8)], .ask).standing
    let id = try #require(standing.question?.id)
    standing.endQuestion(at: .at(200))
    #expect(standing.question == nil && standing.isMoving("support-3"))
    #expect(standing.moves.first?.command == OwnProposal.command(of: id))
    standing.endQuestion(at: .at(201))
    #expect(standing.moves.count == 1)
  }
}
