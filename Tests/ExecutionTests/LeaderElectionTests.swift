import FleetModel
import Testing
import Wire

@testable import Execution

@Suite struct LeaderElectionTests {
  private static let spans = LeaderElection.Spans(
    lease: 2800, margin: 500, renewal: 1000, attempt: 500, listening: 5000)

  private static func moment(_ milliseconds: Int64) -> LeaderElection.Moment {
    LeaderElection.Moment(boot: milliseconds, running: milliseconds, server: Instant(milliseconds: milliseconds))
  }

  private static func election(_ id: String = "h1") -> LeaderElection {
    LeaderElection(id: id, patterns: ["agent.*"], spans: spans)
  }

  private static func lease(_ fence: Int, at time: Int64 = 0, isRecording: Bool = false) -> Lease {
    Lease(
      id: "h1", fence: fence, isRecording: isRecording, patterns: ["agent.*"], since: Instant(milliseconds: time))
  }

  /// Takes inputs one after the other at one moment, and keeps what the last was answered with.
  private static func effects(
    _ election: inout LeaderElection, at time: Int64 = 0, _ inputs: LeaderElection.Input...
  ) -> [LeaderElection.Effect] {
    inputs.reduce([]) { _, input in election.take(input, at: moment(time)) }
  }

  /// One that has taken the lease with fence 1 at 0.
  private static func active() -> LeaderElection {
    var election = election()
    _ = effects(
      &election, .connected, .candidacy(listens: true), .rightsFound(MissingRights()),
      .answered(.taken(isNewCount: false)))
    return election
  }

  @Test func candidateLooksAtItsRightsAndThenAsks() {
    var election = Self.election()
    #expect(Self.effects(&election, .connected) == [])
    #expect(Self.effects(&election, .candidacy(listens: true)) == [.lookAtRights])
    #expect(Self.effects(&election, .rightsFound(MissingRights())) == [.ask(Self.lease(1), former: nil)])
    #expect(
      Self.effects(&election, at: 30, .answered(.taken(isNewCount: false)))
        == [.wake(afterMilliseconds: 1000), .taken(fence: 1, mayActUntil: 2300)])
  }

  @Test func missingRightIsSaidOnceAndAskedAgainWithPauses() {
    var election = Self.election()
    let missing = MissingRights(needed: ["HSET a"])
    _ = Self.effects(&election, .connected, .candidacy(listens: true))
    #expect(
      Self.effects(&election, .rightsFound(missing))
        == [.say(.rightsMissing(["HSET a"])), .wake(afterMilliseconds: 500)])
    #expect(Self.effects(&election, .woken) == [.lookAtRights])
    #expect(Self.effects(&election, .rightsFound(missing)) == [.wake(afterMilliseconds: 500)])
    #expect(
      Self.effects(&election, .woken, .rightsFound(MissingRights()))
        == [.say(.rightsAllowedAgain), .ask(Self.lease(1), former: nil)])
  }

  @Test func leaseIsRenewedAndCountsFromWhenThatWasAsked() {
    var election = Self.active()
    #expect(
      Self.effects(&election, at: 1000, .woken) == [.wake(afterMilliseconds: 1000), .renew(Self.lease(1))])
    #expect(
      Self.effects(&election, at: 1400, .renewed(fence: 1, asked: 1000)) == [.prolonged(mayActUntil: 3300)])
    #expect(Self.effects(&election, at: 1500, .renewed(fence: 0, asked: 1400)) == [])
  }

  @Test func leaseThatIsNotRenewedInTimeIsLost() {
    var election = Self.active()
    #expect(
      Self.effects(&election, at: 2300, .woken)
        == [.lost("the lease could not be renewed in time"), .ask(Self.lease(2, at: 2300), former: Self.lease(1))])
  }

  @Test func leaseThatIsLostAtOnceIsAskedForAfterAPause() {
    var election = Self.active()
    #expect(Self.effects(&election, at: 400, .lost("gone")) == [.lost("gone"), .wake(afterMilliseconds: 500)])
  }

  /// The notice may come late, when the lease has passed on already.
  @Test func noticeOfAReleaseLeavesTheRenewalOfWhoeverIsActive() {
    var election = Self.active()
    #expect(Self.effects(&election, at: 500, .otherReleased(isComplete: false)) == [])
    #expect(Self.effects(&election, at: 1000, .woken).last == .renew(Self.lease(1)))
  }

  @Test func leaseThatIsLostWhileRightsAreLookedAtIsAskedForAgain() {
    var election = Self.active()
    #expect(Self.effects(&election, at: 2000, .rightsDoubted) == [.lookAtRights])
    #expect(Self.effects(&election, at: 2000, .lost("gone")) == [.lost("gone")])
    #expect(
      Self.effects(&election, at: 2010, .rightsFound(MissingRights()))
        == [.ask(Self.lease(2, at: 2010), former: Self.lease(1))])
  }

  @Test func rightThatIsLostEndsTheLeaseUntilItIsBack() {
    var election = Self.active()
    let missing = MissingRights(needed: ["HSET a"])
    #expect(
      Self.effects(&election, .rightsDoubted, .rightsFound(missing)) == [
        .say(.rightsMissing(["HSET a"])), .release(fence: 1, isComplete: false), .lost("the lease was given back"),
        .wake(afterMilliseconds: 500),
      ])
    #expect(Self.effects(&election, .woken) == [.lookAtRights])
  }

  @Test func whoeverStoodByLooksAtItsRightsAnewBeforeItTakesOver() {
    var election = Self.election()
    _ = Self.effects(&election, .connected, .candidacy(listens: true), .rightsFound(MissingRights()))
    #expect(
      Self.effects(&election, .answered(.held(millisecondsLeft: 200))) == [.wake(afterMilliseconds: 205)])
    #expect(Self.effects(&election, at: 6000, .woken) == [.lookForHolder])
    #expect(Self.effects(&election, at: 6000, .holderFound(millisecondsLeft: -2)) == [.lookAtRights])
  }

  @Test func whoeverHasHeardLessLetsOthersGoFirst() {
    var election = Self.election()
    _ = Self.effects(
      &election, .connected, .candidacy(listens: true), .rightsFound(MissingRights()),
      .answered(.held(millisecondsLeft: 200)))
    #expect(
      Self.effects(&election, at: 2500, .woken, .holderFound(millisecondsLeft: 0)) == [.wake(afterMilliseconds: 300)])
    #expect(Self.effects(&election, at: 2800, .woken) == [.lookAtRights])
  }

  @Test func changedWordsOfALeaseAreWrittenAtOnceUnlessTheyCanWait() {
    var election = Self.active()
    #expect(
      Self.effects(&election, .recording(true))
        == [.wake(afterMilliseconds: 1000), .renew(Self.lease(1, isRecording: true))])
    #expect(Self.effects(&election, .recording(true)) == [])
    #expect(Self.effects(&election, .warning("memory")) == [])
    #expect(Self.effects(&election, .held("share 0.3")).count == 2)
    #expect(Self.effects(&election, .held("share 0.4")) == [])
  }

  @Test func fenceThatIsHigherIsAskedPastOnceAndThenWithPauses() {
    var election = Self.election()
    _ = Self.effects(&election, .connected, .candidacy(listens: true), .rightsFound(MissingRights()))
    #expect(Self.effects(&election, .answered(.outrun(stored: 7))) == [.ask(Self.lease(8), former: nil)])
    #expect(Self.effects(&election, .answered(.outrun(stored: 8))) == [.wake(afterMilliseconds: 500)])
  }

  // MARK: Every way

  @Test func noTwoHoldTheLeaseAndSomebodyDoesOnceAllIsWell() throws {
    for seed in 0..<1000 as Range<UInt64> {
      var world = ElectionWorld(seed: seed)
      try world.run()
    }
  }
}
