import FleetModel
import Testing

@testable import Insight

/// Ways back: of what falls, of outages, of a role that is switched off.
@Suite struct TuningReturnTests {
  private static func better(_ place: Int, _ values: [Double]) -> TuningRun.Member.Minute {
    loss(bestAt: 30, place, values)
  }

  @Test func whatFallsLaterGoesHome() throws {
    let role = TuningRole(16)
    try #require(role.pass(atMost: 400, Self.better) { $0.phase == .succeeded } != nil)
    role.pass(minutes: 100, Self.better)
    func turned(_ place: Int, _ values: [Double]) -> TuningRun.Member.Minute { .loss(values[0] == 20 ? 0.1 : 0.14) }
    let fallen = try #require(
      role.pass(atMost: 300, turned) { $0.phase == .failed && $0.words.contains("goes back to") })
    #expect(fallen.words.contains("timeout_s 20 instead of"))
    role.pass(minutes: 2, turned)
    #expect(role.count(of: 20) == 16)
    role.pass(minutes: 20, turned)
    #expect(role.state?.held == nil && role.state?.phase == .resting)
  }

  @Test func whoCannotBeBroughtBackIsNamed() throws {
    let role = TuningRole(16)
    try #require(role.pass(atMost: 400, Self.better) { $0.phase == .succeeded } != nil)
    role.pass(minutes: 60, Self.better)
    role.deaf = Set(0..<16)
    role.mode = .off
    #expect(role.pass(Self.better)?.words.contains("tuning is off") ?? false)
    let last = try #require(role.pass(atMost: 80, Self.better) { $0.phase == .failed })
    #expect(last.words.contains("of 16 agents could not be brought back within 65m: look at agent-"))
    #expect(role.state == nil)
  }

  @Test func nobodyToldOfIsTheWorst() throws {
    let role = TuningRole(16)
    try #require(role.pass(atMost: 400, Self.better) { $0.phase == .succeeded } != nil)
    role.pass(minutes: 60, Self.better)
    let spent = try #require(role.state?.spent)
    #expect(spent < 1)
    // Nobody led for an hour.
    role.minute += 60
    let step = try #require(role.pass(Self.better))
    #expect(step.phase == .failed && step.orders.allSatisfy(\.isReturn))
    #expect(try #require(role.state?.spent) > 5)
    // What is forgotten a day makes room again.
    role.pass(minutes: 1600, Self.better)
    #expect(role.steps.suffix(600).contains { $0.phase == .started })
  }

  /// What is forgotten while nobody leads makes no room for what is lost meanwhile.
  @Test(arguments: [60, 600, 1200, 1440, 5000]) func longOutageSpendsTheBudget(_ minutes: Int) throws {
    let role = TuningRole(16)
    try #require(role.pass(atMost: 400, Self.better) { $0.phase == .succeeded } != nil)
    role.pass(minutes: 60, Self.better)
    role.minute += minutes
    let step = try #require(role.pass(Self.better))
    #expect(step.phase == .failed && step.words.contains("role-minutes are spent"))
    #expect(try #require(role.state?.spent) > 5.5)
  }

  /// While all are home nothing is lost by it.
  @Test func outageWithNobodyAwayIsForgotten() throws {
    let role = TuningRole(16)
    role.settings.rest = 1440
    role.pass { _, _ in .loss(0.1) }
    role.state?.spent = 5
    role.minute += 720
    role.guardFault = "automation is off"
    role.pass { _, _ in .loss(0.1) }
    #expect(abs(try #require(role.state?.spent) - 2) < 0.02)
  }

  @Test func silenceIsALoss() throws {
    let role = TuningRole(16)
    func dead(_ place: Int, _ values: [Double]) -> TuningRun.Member.Minute { values[0] == 20 ? .loss(0.05) : .silent }
    try #require(role.pass(atMost: 5, dead) { $0.phase == .started } != nil)
    for place in role.values.indices where role.values[place][0] != 20 { role.isFree[place] = false }
    #expect(role.pass(atMost: 8, dead) { $0.phase == .failed && $0.words.contains("it is worse") } != nil)
  }

  @Test func switchedOffAllIsAsBefore() throws {
    let role = TuningRole(16)
    try #require(role.pass(atMost: 400, Self.better) { $0.phase == .succeeded } != nil)
    role.pass(minutes: 200, Self.better)
    role.mode = .off
    let off = try #require(role.pass(Self.better))
    #expect(off.phase == .failed && off.words.contains("tuning is off"))
    #expect(role.count(of: 20) == 16)
    role.pass(minutes: 10, Self.better)
    #expect(role.state == nil)
  }

  /// Whoever is paused when tuning is switched off goes home once it works again.
  @Test(arguments: [true, false]) func pausedAgentIsBroughtBackAfterItIsSwitchedOff(_ isAdopted: Bool) throws {
    let role = TuningRole(16)
    try #require(role.pass(atMost: 400, Self.better) { $0.phase == (isAdopted ? .succeeded : .started) } != nil)
    role.pass(minutes: isAdopted ? 60 : 3, Self.better)
    let place = try #require(role.values.firstIndex { $0 != [20] })
    role.isFree[place] = false
    role.pass(Self.better)
    role.mode = .off
    role.pass(minutes: 100, Self.better)
    #expect(role.values[place] != [20] && role.state != nil && role.count(of: 20) == 15)
    role.isFree[place] = true
    role.pass(minutes: 10, Self.better)
    #expect(role.count(of: 20) == 16 && role.state == nil)
  }

  /// It leaves in the very step that would end the tuning. Its command may be lost: only while the role stands it is told
  /// again.
  @Test func roleStandsUntilAgentsThatHaveLeftItAreBack() {
    let role = TuningRole(16)
    role.pass(Self.better)
    (role.mode, role.strangers) = (.off, ["agent-16"])
    role.pass(minutes: 30, Self.better)
    #expect(role.state?.isReturning == true)
    role.strangers = []
    role.pass(Self.better)
    #expect(role.state == nil && role.steps.allSatisfy { $0.phase == nil })
  }

  @Test func agentThatHasLeftAndDoesNotComeBackIsNamed() throws {
    let role = TuningRole(16)
    role.pass(Self.better)
    (role.mode, role.strangers) = (.off, ["agent-16"])
    let last = try #require(role.pass(atMost: 80, Self.better) { $0.phase != nil })
    #expect(last.phase == .failed)
    #expect(last.words == "1 of 17 agents could not be brought back within 65m: look at agent-16")
    #expect(role.state == nil)
  }

  @Test func whoStaysAwayIsNamedAfterADay() throws {
    let role = TuningRole(16)
    try #require(role.pass(atMost: 400, Self.better) { $0.phase == .succeeded } != nil)
    role.pass(minutes: 60, Self.better)
    let place = try #require(role.values.firstIndex { $0 != [20] })
    role.isFree[place] = false
    role.mode = .off
    role.pass(minutes: 1400, Self.better)
    let last = try #require(role.pass(atMost: 100, Self.better) { $0.phase == .failed })
    #expect(last.words == "1 of 16 agents could not be brought back within 1d: look at agent-\(place)")
    #expect(role.state == nil)
  }

  @Test func whatAPersonSetsWhileItIsOffStays() throws {
    let role = TuningRole(16)
    try #require(role.pass(atMost: 400, Self.better) { $0.phase == .succeeded } != nil)
    role.pass(minutes: 60, Self.better)
    let place = try #require(role.values.firstIndex { $0 != [20] })
    let value = role.values[place]
    (role.isFree[place], role.byHand, role.mode) = (false, [place], .off)
    role.pass(minutes: 20, Self.better)
    #expect(role.state == nil && role.values[place] == value && role.count(of: 20) == 15)
  }

  @Test func trialThatIsSwitchedOffEnds() throws {
    let role = TuningRole(16)
    try #require(role.pass(atMost: 5, Self.better) { $0.phase == .started } != nil)
    role.mode = .off
    #expect(role.pass(Self.better)?.phase == .skipped && role.count(of: 20) == 16)
    role.pass(minutes: 10, Self.better)
    #expect(role.state == nil)
  }

  @Test func guardBreaksATrialOffAndBeginsNone() throws {
    let role = TuningRole(16)
    try #require(role.pass(atMost: 5, Self.better) { $0.phase == .started } != nil)
    role.guardFault = "automation is off"
    let ended = try #require(role.pass(Self.better))
    #expect(ended.phase == .skipped && ended.words.contains("automation is off") && role.count(of: 20) == 16)
    role.pass(minutes: 200, Self.better)
    #expect(role.steps.count { $0.phase == .started } == 1)
  }
}
