import FleetModel
import Testing
import Wire

@testable import Execution

/// Leases where replicas have to confirm them, and fences where a promoted replica may lack the last.
@Suite struct UnconfirmedLeaseTests {
  private let spans = LeaderElection.Spans(lease: 2800, margin: 500, renewal: 1000, attempt: 500, listening: 5000)

  private func moment(_ milliseconds: Int64, leastFence: Int = 0) -> LeaderElection.Moment {
    .init(
      boot: milliseconds, running: milliseconds, server: Instant(milliseconds: milliseconds), leastFence: leastFence)
  }

  /// One that may ask, and its first question.
  private func candidate(leastFence: Int = 0) -> (election: LeaderElection, effects: [LeaderElection.Effect]) {
    var election = LeaderElection(id: "h1", patterns: [], spans: spans)
    var effects: [LeaderElection.Effect] = []
    for input in [.connected, .candidacy(listens: true), .rightsFound(MissingRights())] as [LeaderElection.Input] {
      effects = election.take(input, at: moment(0, leastFence: leastFence))
    }
    return (election, effects)
  }

  private func asked(_ effects: [LeaderElection.Effect]) -> Lease? {
    for case .ask(let lease, _) in effects { return lease }
    return nil
  }

  @Test func fenceGoesByTimeWhereTheLastMayBeLost() {
    #expect(asked(candidate().effects)?.fence == 1)
    #expect(asked(candidate(leastFence: 1_790_000_000_000).effects)?.fence == 1_790_000_000_000)
    // A clock that is wrong by ages leaves room above.
    #expect(asked(candidate(leastFence: .max).effects)?.fence == 1 << 50)
  }

  @Test func fenceIsAboveAnyThatWasSeen() {
    var (election, _) = candidate()
    #expect(
      election.take(.answered(.held(millisecondsLeft: 200, fence: 41)), at: moment(0)) == [
        .wake(afterMilliseconds: 205)
      ])
    var effects = election.take(.woken, at: moment(300, leastFence: 7))
    while asked(effects) == nil, let next = effects.first {
      switch next {
      case .lookForHolder: effects = election.take(.holderFound(millisecondsLeft: 0), at: moment(300, leastFence: 7))
      case .lookAtRights: effects = election.take(.rightsFound(MissingRights()), at: moment(300, leastFence: 7))
      case .wake(let span): effects = election.take(.woken, at: moment(300 + span, leastFence: 7))
      default: return #expect(effects == [])
      }
    }
    #expect(asked(effects)?.fence == 42)
  }

  @Test func leaseThatNoReplicaConfirmsIsTakenAgainAndSaysSo() {
    var (election, _) = candidate()
    let reason = "no replica confirms"
    #expect(
      election.take(.answered(.unconfirmed(reason)), at: moment(10))
        == [.say(.unconfirmed(reason)), .wake(afterMilliseconds: 500)])
    #expect(!election.isActive)
    let effects = election.take(.woken, at: moment(510))
    let lease = asked(effects)
    #expect(lease?.fence == 2)
    #expect(lease?.fault == LeaderElection.unconfirmedFault(reason))
    guard case .ask(_, let former)? = effects.first else { return }
    #expect(former?.fence == 1)
    // The same reason is said once.
    #expect(election.take(.answered(.unconfirmed(reason)), at: moment(520)) == [.wake(afterMilliseconds: 500)])
    _ = election.take(.woken, at: moment(1020))
    #expect(
      election.take(.answered(.taken(isNewCount: false)), at: moment(1030))
        == [.wake(afterMilliseconds: 1000), .taken(fence: 3, mayActUntil: 1020 + 2300)])
    // The lease says nothing of it any more.
    let renewal = election.take(.woken, at: moment(2030))
    guard case .renew(let renewed)? = renewal.last else { return #expect(renewal == []) }
    #expect(renewed.fault == nil)
  }
}
