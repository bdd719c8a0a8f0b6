import FleetModel
import Insight
import Testing

/// What one odd minute comes to: nothing, unless the next one says the same and the role does not.
@Suite struct HeldFindingTests {
  private static let queue = MetricID(rawValue: 4)
  private static let begin = Instant(milliseconds: 1_700_006_400_000)
  private static let metrics = [WatchedMetric(queue, name: "queue_size", bad: .above)]

  private static func minute(_ number: Int, _ value: Double) -> AgentWatch.Minute {
    let rollup = Rollup(count: 6, sum: value * 6, min: Float(value), max: Float(value), p95: Float(value))
    return AgentWatch.Minute(begin + .minutes(Int64(number)), [(queue, rollup)])
  }

  /// A role in which each agent does what it is given, minute by minute.
  private struct Role {
    var watches: [AgentWatch]
    var said: [(minute: Int, agent: Int, kind: FindingKind)] = []
    private var record = ForecastRecord()
    private var random = SeededRandom(seed: 11)
    private var number = 0

    init(agents: Int) { watches = (0..<agents).map { _ in AgentWatch(metrics, stored: nil) } }

    mutating func live(_ minutes: Int, isPending: Bool = false, noise: Double = 2, _ value: (Int) -> Double) {
      for _ in 0..<minutes {
        let readings = watches.flatMap { Array($0.readings(at: begin + .minutes(Int64(number)))) }
        let board = isPending ? PeerBoard.pending : PeerBoard(of: readings)
        for agent in watches.indices {
          let value = value(agent) + .random(in: -noise...noise, using: &random)
          let outcomes = watches[agent].learn(minute(number, value), peers: board, record: &record)
          for case .finding(let finding, _, _) in outcomes { said.append((number, agent, finding.kind)) }
        }
        number += 1
      }
    }
  }

  @Test func oneOddMinuteIsNotSaidTwoAre() {
    var role = Role(agents: 1)
    role.live(300) { _ in 20 }
    role.live(1) { _ in 90 }
    role.live(60) { _ in 20 }
    #expect(role.said.isEmpty)
    role.live(2) { _ in 900 }
    #expect(role.said.map(\.minute) == [362] && role.said.map(\.kind) == [.outOfRange])
    #expect(role.watches[0].insight.findings.first?.words.hasPrefix("queue_size is 9") == true)
  }

  @Test func aRoleThatMovesTogetherIsLoadAndOneThatMovesFurtherIsNot() {
    var role = Role(agents: 8)
    role.live(300) { _ in 20 }
    role.live(30) { _ in 40 }
    #expect(role.said.isEmpty)
    role.live(10) { $0 == 3 ? 400 : 60 }
    #expect(Set(role.said.map(\.agent)) == [3])
  }

  @Test func aRoleThatHasNotBeenLookedAtIsWaitedForAWhile() {
    var role = Role(agents: 6)
    role.live(300) { _ in 20 }
    role.live(1) { _ in 40 }
    role.live(1, isPending: true) { _ in 40 }
    role.live(5) { _ in 40 }
    #expect(role.said.isEmpty)
    role.live(60) { _ in 20 }
    role.live(4, isPending: true) { $0 == 0 ? 900 : 20 }
    #expect(role.said.map(\.minute) == [370])
  }

  @Test func whatIsNotSaidBeforeARestartIsSaidAfterIt() {
    var record = ForecastRecord()
    func next(after minutes: [Double], drops: Bool = false) -> Int {
      var watch = AgentWatch(Self.metrics, stored: nil)
      for (number, value) in minutes.enumerated() { watch.recall(Self.minute(number, value)) }
      if drops { watch.dropHeld() }
      return watch.learn(Self.minute(minutes.count, 910), peers: PeerBoard(), record: &record).count {
        if case .finding = $0 { true } else { false }
      }
    }
    let calm = (0..<300).map { 20 + Double($0 * 7 % 11) / 5 }
    #expect(next(after: calm + [900]) == 1)
    #expect(next(after: calm + [900], drops: true) == 0)
    #expect(next(after: calm + [900] + calm.suffix(50)) == 0)
  }

  @Test func aSingleLeapIsNotUnsteadyLastingUnrestIs() {
    var role = Role(agents: 1)
    role.live(1000) { _ in 100 }
    role.live(30) { _ in 108 }
    #expect(!role.said.contains { $0.kind == .unsteady })
    role.live(600) { _ in 108 }
    let before = role.said.count
    role.live(30, noise: 9) { _ in 108 }
    #expect(role.said.dropFirst(before).contains { $0.kind == .unsteady })
  }

  @Test func anAgentThatIsOfAnotherNatureIsNotApart() {
    var role = Role(agents: 8)
    role.live(10) { $0 == 3 ? 300 : 20 }
    // Of one that is new nothing else is known.
    #expect(role.said.map(\.kind) == [.apart])
    // Its saying is forgotten after a day, and its peers come to it and leave it again.
    role.live(1500) { _ in 300 }
    role.live(60) { $0 == 3 ? 300 : 20 }
    #expect(!role.said.dropFirst().contains { $0.agent == 3 })
  }
}
