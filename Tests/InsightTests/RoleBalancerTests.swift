import FleetModel
import Testing

@testable import Insight

/// How a role's shares are balanced, by agents that do as they are told at once and without noise.
@Suite struct RoleBalancerTests {
  private var role = BalancedAgents(["a", "b", "c", "d"])

  @Test func emptyRoleAndRoleOfOneGetNoMoves() {
    var balancer = RoleBalancer()
    #expect(balancer.look([], at: BalancedAgents.begin).isEmpty && balancer.busy == nil)
    var alone = BalancedAgents(["a"])
    alone.agents[0].demand = 15
    alone.run(minutes: 60)
    #expect(alone.moves.isEmpty && alone.balancer.busy == nil)
  }

  @Test mutating func evenRoleIsLeftAsItIs() {
    role.run(minutes: 120)
    #expect(role.moves.isEmpty)
    #expect(role.balancer.busy.map { (0.49...0.51).contains($0) } ?? false)
  }

  @Test mutating func roleWithNothingToDoIsLeftAsItIsDeclared() {
    for (index, room) in [1, 4, 16, 64].enumerated() {
      (role.agents[index].capacity, role.agents[index].demand, role.agents[index].open) = (room, 0, 0)
    }
    role.run(minutes: 120)
    #expect(role.moves.isEmpty)
  }

  @Test mutating func whoHasMoreToDoForItsRoomGivesToTheOthers() throws {
    role.agents[0].demand = 16
    role.agents[3].demand = 4
    role.run(minutes: 240)
    let first = try #require(role.moves.first)
    #expect(first.agent == "a" && first.from == 1 && first.to == 0.8 && first.reason.kind == .busier)
    #expect(first.words == "share 0.8 instead of 1: 15 of 16 open, its role 51% busy")
    #expect(role.moves.dropFirst().first?.reason.kind == .evens)
    let open = role.agents.map(\.open)
    #expect((open.max() ?? 0) / (open.min() ?? 0) < 1.8, "\(open)")
    #expect(abs(role.shares.reduce(0, +) - 4) <= 0.1 + 1e-9)
  }

  @Test mutating func illAgentKeepsNoMoreThanItsFloor() throws {
    role.agents[1].health = 0.2
    role.run(minutes: 60)
    #expect(role.moves.first?.agent == "b" && role.moves.first?.reason.kind == .ill)
    #expect(role.shares[1] == 0.2, "the least that it declares")
    let given = role.shares[0] + role.shares[2] + role.shares[3]
    #expect(abs(given - 3.8) < 0.11)
    role.agents[1].health = 1
    role.run(minutes: 240)
    #expect(role.shares[1] >= 0.8)
  }

  @Test mutating func nobodyIsStarvedIfItsDeclaredLeastIsNothing() {
    role = BalancedAgents(["a", "b", "c"], minimum: 0)
    role.agents[0].health = 0
    role.run(minutes: 120)
    #expect(role.shares[0] == 0.1, "a tenth of what it declares")
  }

  @Test mutating func whoFailsFastIsNotGivenMoreForHavingLittleOpen() {
    role.run(minutes: 30)
    (role.agents[2].demand, role.agents[2].health) = (1, 0.3)
    role.run(minutes: 30)
    #expect(role.shares[2] < 0.6)
    #expect(!role.moves.contains { $0.agent == "c" && $0.to > $0.from })
  }

  @Test mutating func whoAnswersLateIsGivenLess() {
    role.agents.indices.forEach { role.agents[$0].responseTime = 900 }
    role.agents[2].responseTime = 3600
    role.run(minutes: 40)
    #expect(role.moves.first?.agent == "c" && role.moves.first?.reason.kind == .slow)
    #expect(role.moves.first?.words.contains("answers in 3600 ms") ?? false)
    #expect(role.shares[2] <= 0.6)
  }

  @Test mutating func newBalancerWaitsUntilAllShowsThatWasDoneBefore() {
    role.agents[0].demand = 16
    role.run(looks: 36)
    #expect(role.moves.isEmpty)
    role.run(looks: 1)
    #expect(!role.moves.isEmpty)
  }

  @Test mutating func noMoreMovesAreGivenThanMayBe() {
    role.agents[0].demand = 16
    role.agents[1].health = 0.2
    role.run(minutes: 20, most: 0)
    #expect(role.moves.isEmpty)
    role.balancer.change(BalanceSettings(movesAMinute: 2))
    role.run(minutes: 20)
    for (time, _) in role.given {
      #expect(role.given.count { $0.time > time - .minutes(1) && $0.time <= time } <= 2)
    }
    #expect(role.given.first?.time == BalancedAgents.begin + .minutes(20) + .seconds(10), "it has gone on learning")
  }

  @Test mutating func oneMoveAtATimeKeepsTheSumNearWhatIsDeclared() {
    role.agents[0].health = 0.2
    var farthest = 0.0
    for _ in 0..<400 {
      role.run(looks: 1, alone: true)
      farthest = max(farthest, abs(role.shares.reduce(0, +) - 4))
    }
    #expect(role.shares[0] == 0.2 && farthest <= 0.2 + 1e-9)
    #expect(Set(role.given.map(\.time)).count == role.given.count)
  }

  @Test mutating func oneMoveThatIsLeftOfABudgetKeepsTheSumToAStep() {
    role.agents[0].health = 0.2
    for _ in 0..<400 {
      role.run(looks: 1, most: 1)
      #expect(abs(role.shares.reduce(0, +) - 4) <= 0.1 + 1e-9)
    }
    #expect(Set(role.given.map(\.time)).count == role.given.count)
  }

  @Test mutating func roleOfOneMoveAMinuteIsBalancedToo() {
    role = BalancedAgents(["a", "b", "c", "d"], settings: BalanceSettings(movesAMinute: 1))
    role.agents[0].health = 0.2
    role.run(minutes: 120)
    #expect(role.shares[0] == 0.2)
    for (time, _) in role.given { #expect(role.given.count { $0.time > time - .minutes(1) && $0.time <= time } == 1) }
  }

  @Test mutating func movesThatNobodyWasToFollowAreForgotten() {
    role.agents[0].health = 0.2
    role.agents[0].follows = false
    role.run(minutes: 120)
    role.agents[0].follows = true
    let (count, before) = (role.moves.count, role.now)
    role.run(minutes: 1)
    #expect(!role.moves.dropFirst(count).contains { $0.agent == "a" }, "it rests for long by now")
    role.balancer.forgetRests()
    role.run(minutes: 2)
    #expect(role.given.contains { $0.time > before && $0.move.agent == "a" })
    for (time, _) in role.given {
      #expect(role.given.count { $0.time > time - .minutes(1) && $0.time <= time } <= 4)
    }
    role.run(minutes: 30)
    #expect(role.shares[0] == 0.2)
  }

  @Test mutating func agentThatDoesNotFollowRestsLongerEachTime() {
    role.agents[0].health = 0.2
    role.agents[0].follows = false
    role.run(minutes: 300)
    let times = role.given.filter { $0.move.agent == "a" }.map(\.time)
    let gaps = zip(times.dropFirst(), times).map { ($0 - $1).seconds / 60 }
    #expect(gaps.prefix(4).elementsEqual([3, 6, 12, 24]), "\(gaps)")
    #expect(gaps.dropFirst(5).allSatisfy { $0 <= 61 })
  }

  @Test mutating func whoIsNotFreeIsLeftAloneAndKeepsWhatWasLearntForAWhile() {
    role.agents[0].demand = 16
    role.run(minutes: 20, most: 0)
    role.agents[0].isFree = false
    role.run(minutes: 2)
    #expect(!role.moves.contains { $0.agent == "a" })
    role.agents[0].isFree = true
    role.run(looks: 2)
    #expect(role.moves.contains { $0.agent == "a" }, "a command under way does not make it unknown")
    let count = role.moves.count { $0.agent == "a" }
    role.agents[0].isFree = false
    role.run(minutes: 30)
    role.agents[0].isFree = true
    role.run(minutes: 5)
    #expect(role.moves.count { $0.agent == "a" } == count, "after a long pause it has to be heard again")
  }

  @Test mutating func readingCountsOnceHoweverOftenItIsPassed() {
    role.agents[0].demand = 16
    var copy = role
    for _ in 0..<240 {
      role.run(looks: 1)
      copy.run(looks: 1)
      let old = copy.readings
      // No time passes between them: what they come to is the readings' own.
      for _ in 0..<4 { #expect(copy.balancer.look(old, at: copy.now, most: 0).isEmpty) }
    }
    #expect(!role.moves.isEmpty && copy.moves == role.moves)
    let (moves, last) = (role.moves.count, role.readings)
    var silent = RoleBalancer()
    for look in 1...600 {
      let now = BalancedAgents.begin + .milliseconds(Int64(look) * 500)
      let readings = last.map { reading in
        var reading = reading
        reading.heardAt = BalancedAgents.begin
        return reading
      }
      #expect(silent.look(readings, at: now).isEmpty, "one reading is too little, however long it is passed")
    }
    #expect(role.moves.count == moves)
  }

  @Test mutating func whatWasToldCountsForFiveMinutes() {
    role.agents[0].health = 0.2
    role.run(minutes: 20, most: 0)
    let (readings, told) = (role.readings, role.now)
    func moves(after seconds: Int64) -> [ShareMove] {
      var balancer = role.balancer
      for second in stride(from: 10, to: seconds, by: 10) {
        #expect(balancer.look(readings, at: told + .seconds(second), most: 0).isEmpty)
      }
      return balancer.look(readings, at: told + .seconds(seconds))
    }
    #expect(!moves(after: 290).isEmpty && moves(after: 310).isEmpty)
  }

  @Test mutating func handlersThatTakeOverGiveNoMoreMovesTogether() {
    for settle in [1, 5, 10, 25] as [Int64] {
      role = BalancedAgents((0..<12).map { "\($0)" }, settings: BalanceSettings(settle: .seconds(settle)))
      for index in role.agents.indices { role.agents[index].demand = index.isMultiple(of: 2) ? 4 : 12 }
      for look in 1...360 {
        if look.isMultiple(of: 4) { role.balancer = RoleBalancer(BalanceSettings(settle: .seconds(settle))) }
        role.run(looks: 1)
      }
      for (time, _) in role.given {
        #expect(role.given.count { $0.time > time - .minutes(1) && $0.time <= time } <= 4)
      }
      #expect(settle > 10 || role.given.count > 4)
    }
  }

  @Test(arguments: [5.0, 0.01, 0])
  mutating func shareBeyondWhatIsDeclaredCountsAsTheNearest(_ share: Double) throws {
    role.agents[0].share = share
    role.agents[0].demand = share > 1 ? 16 : 4
    role.run(minutes: 60)
    let first = try #require(role.moves.first { $0.agent == "a" })
    #expect(first.from == share && first.to == (share > 1 ? 1.8 : 0.4), "\(first)")
  }

  @Test mutating func shortestSettleTimeStandsLooksThatAreFartherApart() {
    role = BalancedAgents(["a", "b", "c"], settings: BalanceSettings(settle: .seconds(1)))
    role.agents[0].health = 0.1
    role.run(minutes: 10)
    #expect(role.shares[0] == 0.2)
  }

  @Test mutating func clockThatIsSetBackHoldsNobodyUp() {
    role.agents[0].demand = 16
    role.run(minutes: 8)
    let count = role.moves.count
    role.now = role.now - .days(1)
    role.run(minutes: 20)
    #expect(role.moves.count > count)
  }

  @Test func wordsNameWhatWasKnown() {
    func move(_ kind: ShareMove.Kind, to: Double, health: Double? = 0.62, waiting: Double = 0) -> String {
      ShareMove(
        agent: "support-3", from: 1, to: to,
        reason: ShareMove.Reason(
          kind: kind, open: 14, capacity: 16, waiting: waiting, health: health, responseTime: 2100, busy: 0.4149)
      ).words
    }
    #expect(
      move(.ill, to: 0.8) == "share 0.8 instead of 1: 14 of 16 open, health 0.62, its role 41% busy")
    #expect(
      move(.slow, to: 0.8, health: nil)
        == "share 0.8 instead of 1: 14 of 16 open, answers in 2100 ms, its role 41% busy")
    #expect(
      move(.evens, to: 1.1, health: 1, waiting: 3)
        == "share 1.1 instead of 1: 14 of 16 open, 3 waiting, health 1, others take less, its role 41% busy"
    )
  }
}
