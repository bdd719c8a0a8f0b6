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

  /// A pair of changes fills in 2.5 s, and 10 roles are looked at meanwhile: in an order that is always the same, every
  /// other role would get nothing for ever.
  @Test func noRoleIsStarvedWhereAllWantMoreThanThereIs() {
    let all = Array(roles.prefix(32))
    var (round, budget) = (LookRound(), MoveBudget())
    var served: [ExactText: Int] = [:]
    for tick in 0..<(20 * 240) {
      let milliseconds = Int64(tick) * 250
      while let role = round.next(at: moment(milliseconds), every: .seconds(8), { all }) {
        if budget.left(at: Instant(milliseconds: milliseconds)) < 2 {
          round.miss(role)
        } else {
          budget.spend(2, at: Instant(milliseconds: milliseconds))
          served[role, default: 0] += 1
        }
      }
    }
    let counts = all.map { served[$0] ?? 0 }
    #expect(counts.reduce(0, +) == 480 - 1)
    #expect(counts.allSatisfy { (10...20).contains($0) }, "\(counts)")
  }

  @Test func aRoleThatHasGoneHoldsUpNoRound() {
    var round = LookRound()
    _ = round.next(at: moment(0), every: .seconds(10)) { [ExactText("a"), ExactText("b")] }
    round.miss(ExactText("b"))
    _ = round.next(at: moment(5000), every: .seconds(10)) { [] }
    #expect(round.next(at: moment(10_000), every: .seconds(10), { [ExactText("c"), ExactText("d")] })?.text == "c")
  }

  @Test(arguments: [(1, 2000), (8, 2000), (20, 5000), (180, 10_000), (3600, 10_000)])
  func eachRoleIsLookedAtAsOftenAsItsMovesShow(settle: Int64, span: Int64) {
    #expect(LookRound.span(settle: .seconds(settle), longest: .seconds(10)) == .milliseconds(span))
    #expect(LookRound.span(settle: .seconds(settle), longest: .milliseconds(100)) == .milliseconds(100))
  }

  @Test func theFleetSeesNoMoreThanItsBudgetWithinAMinute() {
    var budget = MoveBudget()
    #expect(budget.left(at: .at(0)) == 0, "whoever led before may have spent it")
    #expect(budget.left(at: .at(5)) == 4 && budget.left(at: .at(600)) == MoveBudget.mostAtOnce)
    budget.spend(10, at: .at(600))
    #expect(budget.left(at: .at(600)) == 2 && budget.left(at: .at(605)) == 6)
    // The clock is set back: what lies ahead holds nobody up.
    #expect(budget.left(at: .at(100)) == 6 && budget.left(at: .at(105)) == 10)
  }

  /// Each of them spends all that it may, at once.
  @Test(arguments: [600, 601, 620, 650])
  func noMinuteSeesMoreOverATakeover(at takeover: Int64) {
    var times: [Int64] = []
    var budget = MoveBudget()
    _ = budget.left(at: .at(0))
    for second in 590..<800 as Range<Int64> {
      if second == takeover { budget = MoveBudget() }
      let left = budget.left(at: .at(second))
      budget.spend(left, at: .at(second))
      times += repeatElement(second, count: left)
    }
    for start in times { #expect(times.count { (start..<start + 60).contains($0) } <= MoveBudget.most) }
    #expect(times.count > 120)
  }
}
