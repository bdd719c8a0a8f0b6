import FleetModel
import Insight
import Testing

@Suite struct HealthTests {
  private static let responseTime = MetricID(rawValue: 1)
  private static let errorRate = MetricID(rawValue: 0)

  /// Around 200, give or take some 10.
  private static func normal(_ center: Double = 200, spread: Double = 20) -> Normal {
    var random = SeededRandom(seed: 1)
    var normal = Normal()
    for _ in 0..<2000 { normal.learn(center + Double.random(in: -spread...spread, using: &random)) }
    return normal
  }

  private static func input(
    _ value: Double, weight: Double = 0.7, level: Double? = nil, peers: [Double]? = nil, shared: Double = 0
  ) -> HealthInput {
    HealthInput(
      responseTime, value: value, bad: .above, weight: weight, level: level, normal: normal(),
      peers: peers.flatMap { PeerGroup($0) }, shared: shared)
  }

  @Test func anAgentAtItsNormalIsWell() {
    let health = Health([Self.input(205)])
    #expect(health.score == 1 && health.reasons.isEmpty)
  }

  @Test func aMetricTakesAtMostItsWeight() {
    #expect(abs(Health([Self.input(5000)]).score - 0.3) < 1e-9)
    #expect(abs(Health([Self.input(5000, weight: 0.2)]).score - 0.8) < 1e-9)
  }

  @Test func worseValuesAreNeverHealthier() {
    let scores = stride(from: 100.0, to: 2000, by: 25).map { Health([Self.input($0, level: 400)]).score }
    #expect(zip(scores, scores.dropFirst()).allSatisfy { $0 >= $1 })
    #expect(scores.allSatisfy { (0...1).contains($0) })
  }

  @Test func reasonsSayWhyInPlainWords() throws {
    let rating = HealthInput(
      Self.errorRate, value: 1, bad: .below, weight: 0.3, normal: Self.normal(4.5, spread: 0.2))
    let health = Health([rating, Self.input(5000)])
    #expect(health.reasons.map(\.metric) == [Self.responseTime, Self.errorRate])
    let words = health.reasons.map { $0.words(named: "response_time") }
    #expect(words[0].hasPrefix("response_time is 5000; its own normal is 20"))
    #expect(abs(health.score - 0.3 * 0.7) < 1e-9)
  }

  @Test func aRoleThatMovesTogetherIsLoad() {
    let together = [500.0, 510, 495, 505, 490, 500, 515]
    let deviation = Self.normal().deviation(of: 500)
    #expect(Health([Self.input(500, peers: together, shared: deviation)]).score == 1)
    #expect(Health([Self.input(500)]).score < 0.5)
  }

  @Test func anAgentApartFromItsRoleIsUnwell() throws {
    let peers = [200.0, 205, 198, 202, 196, 201, 900]
    let health = Health([Self.input(900, peers: peers)])
    #expect(health.score < 0.5)
    let group = try #require(PeerGroup(peers))
    #expect(peers.filter { group.isApart($0) } == [900])
    let finding = try #require(group.finding(Self.responseTime, Sample(900, at: .epoch)))
    #expect(
      finding.words(named: "response_time") == "response_time is 900; the other 6 agents of its role are around 201")
    #expect(group.finding(Self.responseTime, Sample(205, at: .epoch)) == nil)
  }

  @Test func fewAgentsAreNoGroup() {
    #expect(PeerGroup([1, 2, 3, 4]) == nil)
    #expect(PeerGroup([1, 2, 3, 4, .nan, .infinity]) == nil)
    #expect(PeerGroup([7, 7, 7, 7, 7])?.isApart(7) == false)
  }

  @Test func aLevelCountsWithoutAnyHistory() {
    let unknown = HealthInput(
      Self.errorRate, value: 0.2, bad: .above, weight: 1, level: 0.1, normal: Normal())
    #expect(Health([unknown]).score == 0)
    var below = unknown
    below.value = 0.09
    #expect(Health([below]).score == 1)
    below.value = 0.1
    #expect(Health([below]).reasons.first?.yardstick == .level(0.1))
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity]) func badNumbersTakeNothing(_ number: Double) {
    #expect(Health([Self.input(number)]).score == 1)
    #expect(Health([Self.input(5000, weight: number == .infinity ? 0 : number)]).score == 1)
    #expect(Health([Self.input(205, shared: number)]).score == 1)
    var normal = Self.normal()
    let before = normal
    normal.learn(number)
    #expect(normal == before)
  }

  @Test func oneWildValueHardlyMovesWhatIsNormal() {
    var normal = Self.normal()
    let before = normal.center
    normal.learn(1e12)
    #expect(abs(normal.center - before) < 1)
  }

  @Test func criticalHealthDoesNotFlicker() {
    var state = HealthState()
    let changes = [0.9, 0.51, 0.49, 0.52, 0.48, 0.59, 0.6, 0.55, 0.5, 0.49].map { state.update($0) }
    #expect(changes == [nil, nil, .turnedCritical, nil, nil, nil, .recovered, nil, nil, .turnedCritical])
    var nothing = HealthState()
    #expect(nothing.update(.nan) == nil && !nothing.isCritical)
  }
}
