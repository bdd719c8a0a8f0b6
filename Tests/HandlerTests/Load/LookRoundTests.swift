import FleetModel
import Loop
import TestThreads
import Testing

@testable import Handler

/// Whose turn it is, and how much may be changed within a minute.
@Suite(.threaded) struct LookRoundTests {
  private let roles = (0..<8000).map { ExactText("role-\($0)") }

  private func moment(_ milliseconds: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: milliseconds * 1_000_000) }

  @Test func eachRoleHasOneTurnInARoundAndAllAreSpreadOverIt() {
    var round = LookRound()
    var seen: [ExactText] = []
    var most = 0
    for tick in 0..<100 {
      let before = seen.count
      while let role = round.next(at: moment(5 + Int64(tick) * 100), every: .seconds(10), { roles }) {
        seen.append(role)
      }
      most = max(most, seen.count - before)
    }
    #expect(seen == roles.prefix(seen.count).map(\.self) && seen.count > 7900)
    #expect(most < 100, "no moment has much more to do than another")
  }

  @Test func aRoundBeginsNoSoonerThanASpanAfterTheOneBefore() {
    var (round, asked) = (LookRound(), 0)
    func next(_ milliseconds: Int64) -> ExactText? {
      round.next(at: moment(milliseconds), every: .seconds(10)) {
        asked += 1
        return [ExactText("a"), ExactText("b")]
      }
    }
    #expect(next(0)?.text == "a" && next(0) == nil)
    #expect(round.rest(at: moment(0), every: .seconds(10)) == 5000)
    #expect(next(4999) == nil && next(5000)?.text == "b" && next(5001) == nil)
    #expect(round.rest(at: moment(6000), every: .seconds(10)) == 4000)
    #expect(next(9999) == nil && asked == 1)
    #expect(next(10_000)?.text == "a" && asked == 2)
  }

  @Test func nobodyInNeedOfALookCostsOneTimerASpan() {
    var round = LookRound()
    #expect(round.next(at: moment(0), every: .seconds(10), { [] }) == nil)
    #expect(round.rest(at: moment(0), every: .seconds(10)) == 10_000)
  }

  @Test func theFleetSeesNoMoreThanItsBudgetWithinAMinute() {
    var budget = MoveBudget()
    #expect(budget.left(at: .at(0)) == MoveBudget.most)
    budget.spend(50, at: .at(0))
    budget.spend(10, at: .at(30))
    #expect(budget.left(at: .at(59)) == 0)
    #expect(budget.left(at: .at(60)) == 50 && budget.left(at: .at(90)) == MoveBudget.most)
    // The clock is set back: what lies ahead holds nobody up.
    budget.spend(60, at: .at(1000))
    #expect(budget.left(at: .at(100)) == MoveBudget.most)
  }
}
