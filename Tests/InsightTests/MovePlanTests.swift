import FleetModel
import Testing

@testable import Insight

/// Which moves one look comes to, by what is sure of each agent.
@Suite struct MovePlanTests {
  private static let now = Instant(milliseconds: 1_700_006_400_000)

  private static func participant(_ place: Int, share: Double, sure: Double, target: Double? = nil, step: Double = 0.1)
    throws -> RoleBalancer.Participant
  {
    let parameter = try #require(
      TunableParameter(name: "routing_share", minimum: step, maximum: 40 * step, step: step, value: 10 * step))
    let reading = LoadReading(
      agent: AgentID("\(place)"), parameter: parameter, share: share, capacity: 8, open: 4, heardAt: now)
    return RoleBalancer.Participant(
      reading: reading, place: place, bounds: reading.bounds, share: share, target: target ?? sure, sure: sure)
  }

  private static func moves(
    _ participants: [RoleBalancer.Participant], excess: Double, alone: Bool = false, most: Int = 60
  )
    -> [ShareMove]
  {
    let burdens = participants.map { AgentBurden(share: $0.share, at: now) }
    var plan = MovePlan(participants, burdens, excess: excess, busy: 0.5, at: now, settle: 0)
    return plan.moves(atMost: most, alone: alone).map(\.move)
  }

  /// A person has set another agent to one more, or one less, than it declares.
  @Test(arguments: [1.0, -1])
  func sumThatIsOffMovesNobodyFartherThanIsSure(_ excess: Double) throws {
    let participants = try [
      Self.participant(0, share: 1, sure: 1 + excess / 10), Self.participant(1, share: 1, sure: 1),
      Self.participant(2, share: 1, sure: 1),
    ]
    let moves = Self.moves(participants, excess: excess)
    #expect(moves.first?.agent == "0" && moves.first?.to == (excess > 0 ? 1.1 : 0.9), "\(moves)")
    #expect(moves.count == 2 && moves.last?.to == (excess > 0 ? 0.8 : 1.2) && moves.last?.reason.kind == .evens)
  }

  @Test(arguments: [false, true])
  func nobodyIsMovedFartherThanIsSureAndTheSumGoesNoFartherOff(alone: Bool) throws {
    var random = SeededRandom(seed: alone ? 1 : 2)
    var count = 0
    for _ in 0..<2000 {
      let (steps, excess) = ([0.05, 0.1, 0.25], Double.random(in: -2...2, using: &random))
      let participants = try (0..<Int.random(in: 2...8, using: &random)).map { place in
        let step = steps[Int.random(in: 0...2, using: &random)]
        let share = step * Double(Int.random(in: 2...30, using: &random))
        let target = share * Double.random(in: 0.5...2, using: &random)
        return try Self.participant(
          place, share: share, sure: share + (target - share) * Double.random(in: 0...1, using: &random),
          target: target, step: step)
      }
      let step = participants.map(\.bounds.parameter.step).max() ?? 0
      let moves = Self.moves(participants, excess: excess, alone: alone)
      count += moves.count
      for move in moves {
        let participant = try #require(participants.first { $0.reading.agent == move.agent })
        let (asked, change) = (participant.sure - move.from, move.to - move.from)
        #expect(abs(change) <= participant.bounds.mostChange + 1e-9)
        guard move.reason.kind != .evens else { continue }
        let farthest = abs(asked) + participant.bounds.parameter.step / 2 + 1e-9
        #expect(change * asked > 0 && abs(change) <= farthest, "\(move) of \(asked), excess \(excess)")
      }
      let after = moves.reduce(excess) { $0 + $1.to - $1.from }
      let largest = moves.map { abs($0.to - $0.from) }.max() ?? 0
      #expect(abs(after) <= max(abs(excess), step + (alone ? largest : 0)) + 1e-9, "\(excess) becomes \(after)")
    }
    #expect(count > 2000, "\(count)")
  }

  @Test func largestChangeIsNotExceededForAWholeStep() throws {
    let parameter = try #require(
      TunableParameter(name: "routing_share", minimum: 0.125, maximum: 4, step: 0.125, value: 1))
    let bounds = ShareBounds(parameter, most: 1e6)
    #expect(bounds.change(of: 1, by: 5) == 0.125 && bounds.change(of: 1, by: -5) == -0.125)
    #expect(bounds.change(of: 1, by: 0.05) == 0 && bounds.change(of: 4, by: 1) == 0)
    // From a share between two steps the nearest one that is not too far, however near.
    let coarse = try #require(TunableParameter(name: "routing_share", minimum: 0.5, maximum: 4, step: 0.5, value: 1))
    #expect(abs(ShareBounds(coarse, most: 1e6).change(of: 0.8, by: 1) - 0.2) < 1e-9)
  }

  @Test func lookOfALargeRoleLooksForFewPartners() throws {
    let participants = try (0..<400).map {
      try Self.participant($0, share: 1, sure: $0.isMultiple(of: 2) ? 0.8 : 1.2)
    }
    #expect(Self.moves(participants, excess: 0).count == 16)
  }
}
