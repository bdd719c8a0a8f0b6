import FleetModel

/// Chooses the moves of one look: those that help most, each with another one that keeps the sum.
struct MovePlan {
  /// Of the burden at a place.
  typealias Move = (place: Int, move: ShareMove)

  private let participants: [RoleBalancer.Participant]
  private let burdens: [AgentBurden]
  /// By how much the shares add up to more than is declared.
  private var excess: Double
  private let busy: Double
  private let now: Instant
  /// In seconds.
  private let settle: Double
  /// The sum is kept to this.
  private let largestStep: Double
  private var used: Set<Int> = []

  /// After so many tries that found no partner no more is looked for: each goes over the whole role.
  private static let mostTries = 4
  /// Nobody is moved farther beyond its target than to its inverse.
  private static let leastRank = 0.75
  /// Who was moved the other way not long ago comes after those that fit half as well.
  private static let backAgain = 0.5

  /// - Parameters:
  ///   - burdens: by the participants' places.
  ///   - excess: by how much the shares of the role add up to more than is declared.
  init(
    _ participants: [RoleBalancer.Participant], _ burdens: [AgentBurden], excess: Double, busy: Double, at now: Instant,
    settle: Double
  ) {
    (self.participants, self.burdens, self.excess, self.busy) = (participants, burdens, excess, busy)
    (self.now, self.settle) = (now, settle)
    largestStep = participants.reduce(0) { max($0, $1.reading.parameter.step) }
  }

  /// - Parameter alone: whether moves come one at a time, so that the sum cannot be kept meanwhile.
  mutating func moves(atMost most: Int, alone: Bool) -> [Move] {
    let order = participants.indices.filter { wish($0) != 0 }.map { (index: $0, worth: worth($0)) }
      .sorted { ($1.worth, $0.index) < ($0.worth, $1.index) }
    var moves: [Move] = []
    var tries = 0
    for (index, _) in order where moves.count < most && tries < Self.mostTries && !used.contains(index) {
      let found = alone ? single(index) : pair(index, mayPair: most - moves.count > 1)
      moves += found
      tries = found.isEmpty ? tries + 1 : 0
    }
    return moves
  }

  /// How much of itself the share is to change by.
  private func worth(_ index: Int) -> Double {
    abs(participants[index].sure / participants[index].reading.share - 1)
  }

  private func canMove(_ index: Int) -> Bool {
    let place = participants[index].place
    return !used.contains(index) && burdens[place].isKnown(settle: settle) && !burdens[place].rest.isOn(at: now)
  }

  /// By how much its share should change now.
  private func wish(_ index: Int) -> Double {
    canMove(index) ? change(index, by: participants[index].sure - participants[index].reading.share) : 0
  }

  /// The change in whole steps that is nearest to the one that is asked for, of those that may be made at once; 0 if none
  /// goes that way.
  private func change(_ index: Int, by asked: Double) -> Double {
    let reading = participants[index].reading
    let bounded = min(max(asked, -reading.mostChange), reading.mostChange)
    let share = min(max(reading.share + bounded, reading.floor), reading.ceiling)
    let change = reading.parameter.nearest(share) - reading.share
    let isWhole = abs(change) >= reading.parameter.step / 2 && reading.share + change >= reading.floor
    return isWhole && change * asked > 0 ? change : 0
  }

  /// Whether the sum may change by so much alone: if it is near what is declared then, or nearer than before.
  private func keepsSum(_ change: Double) -> Bool {
    let after = abs(excess + change)
    return after <= largestStep / 2 || (after < abs(excess) && excess * change < 0)
  }

  /// One move alone. If the sum forbids it, the one that makes room for it.
  private mutating func single(_ index: Int) -> [Move] {
    let change = wish(index)
    if keepsSum(change) || abs(excess) < largestStep / 2 { return [make(index, change, evens: false)] }
    guard let other = partner(of: index, change) else { return [] }
    let back = self.change(other, by: -change)
    return keepsSum(back) ? [make(other, back, evens: true)] : []
  }

  private mutating func pair(_ index: Int, mayPair: Bool) -> [Move] {
    let change = wish(index)
    if keepsSum(change) { return [make(index, change, evens: false)] }
    guard mayPair, let other = partner(of: index, excess + change) else { return [] }
    let back = self.change(other, by: -(excess + change))
    // The bounds of the other one may let less be done.
    let fitting = abs(excess + change + back) <= largestStep ? change : self.change(index, by: -back)
    guard fitting * back < 0, abs(excess + fitting + back) <= max(abs(excess), largestStep) else { return [] }
    return [make(index, fitting, evens: false), make(other, back, evens: true)]
  }

  /// Who is best moved the other way: who is then nearest to its target, or not yet there.
  private func partner(of mover: Int, _ change: Double) -> Int? {
    var best: (index: Int, rank: Double)?
    for index in participants.indices where index != mover && canMove(index) {
      let (back, place) = (self.change(index, by: -change), participants[index].place)
      guard back != 0, back < 0 || burdens[place].isFit else { continue }
      let (after, target) = (participants[index].reading.share + back, participants[index].target)
      var rank = back > 0 ? target / after : after / target
      guard rank >= Self.leastRank else { continue }
      if burdens[place].rest.takesBack(back, at: now, settle: settle) { rank *= Self.backAgain }
      if best.map({ rank > $0.rank }) ?? true { best = (index, rank) }
    }
    return best?.index
  }

  private mutating func make(_ index: Int, _ change: Double, evens: Bool) -> Move {
    let (reading, place) = (participants[index].reading, participants[index].place)
    let to = reading.parameter.nearest(reading.share + change)
    let reason = ShareMove.Reason(
      kind: evens ? .evens : kind(index, change), open: reading.open, capacity: reading.capacity,
      waiting: reading.waiting, health: reading.knownHealth, responseTime: burdens[place].responseTime, busy: busy)
    used.insert(index)
    excess += to - reading.share
    return (place, ShareMove(agent: reading.agent, from: reading.share, to: to, reason: reason))
  }

  private func kind(_ index: Int, _ change: Double) -> ShareMove.Kind {
    guard change < 0 else { return .idler }
    guard !burdens[participants[index].place].isFit else { return .busier }
    return (participants[index].reading.knownHealth ?? 1) < 0.8 ? .ill : .slow
  }
}
