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
  private var searches = 0

  /// No more partners are looked for in one look: each time goes over the whole role.
  private static let mostSearches = 8
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
    largestStep = participants.reduce(0) { max($0, $1.bounds.parameter.step) }
  }

  /// - Parameter alone: whether moves come one at a time, so that the sum cannot be kept meanwhile.
  mutating func moves(atMost most: Int, alone: Bool) -> [Move] {
    let order = participants.indices.filter { wish($0) != 0 }.map { (index: $0, worth: worth($0)) }
      .sorted { ($1.worth, $0.index) < ($0.worth, $1.index) }
    var moves: [Move] = []
    for (index, _) in order where moves.count < most && searches < Self.mostSearches && !used.contains(index) {
      moves += alone ? single(index) : pair(index, mayPair: most - moves.count > 1)
    }
    return moves
  }

  /// How much of itself the share is to change by.
  private func worth(_ index: Int) -> Double {
    abs(participants[index].sure / participants[index].share - 1)
  }

  private func canMove(_ index: Int) -> Bool {
    let place = participants[index].place
    return !used.contains(index) && burdens[place].isKnown(settle: settle) && !burdens[place].rest.isOn(at: now)
  }

  /// By how much its share should change now.
  private func wish(_ index: Int) -> Double {
    canMove(index) ? change(index, by: participants[index].sure - participants[index].share) : 0
  }

  private func change(_ index: Int, by asked: Double, isMost: Bool = false) -> Double {
    participants[index].bounds.change(of: participants[index].share, by: asked, isMost: isMost)
  }

  /// Whether the sum may change by so much alone: if it is near what is declared then, or nearer than before.
  private func keepsSum(_ change: Double) -> Bool {
    let after = abs(excess + change)
    return after <= largestStep / 2 || (after < abs(excess) && excess * change < 0)
  }

  /// One move alone. If the sum forbids it, what brings the sum back, so that it is possible next time.
  private mutating func single(_ index: Int) -> [Move] {
    let change = wish(index)
    if keepsSum(change) || abs(excess) < largestStep / 2 { return [make(index, change, evens: false)] }
    if change * excess < 0 {
      let part = self.change(index, by: -excess, isMost: true)
      if part != 0, abs(part) <= abs(change), keepsSum(part) { return [make(index, part, evens: false)] }
    }
    guard let other = partner(of: index, excess) else { return [] }
    let back = self.change(other, by: -excess)
    return keepsSum(back) ? [make(other, back, evens: true)] : []
  }

  /// A move that keeps the sum, or two that keep it together. The first one is never larger than what is sure; if the
  /// other one cannot make up for all of it, it is smaller.
  private mutating func pair(_ index: Int, mayPair: Bool) -> [Move] {
    let change = wish(index)
    if keepsSum(change) { return [make(index, change, evens: false)] }
    guard mayPair, let other = partner(of: index, excess + change) else { return [] }
    let back = self.change(other, by: -(excess + change))
    var fitting = change
    if abs(excess + change + back) > largestStep, abs(back) < abs(change) {
      fitting = self.change(index, by: -back, isMost: true)
    }
    guard fitting * back < 0, abs(excess + fitting + back) <= max(abs(excess), largestStep) else { return [] }
    return [make(index, fitting, evens: false), make(other, back, evens: true)]
  }

  /// Who is best moved the other way: who is then nearest to its target, or not yet there.
  private mutating func partner(of mover: Int, _ change: Double) -> Int? {
    searches += 1
    var best: (index: Int, rank: Double)?
    for index in participants.indices where index != mover && canMove(index) {
      let (back, place) = (self.change(index, by: -change), participants[index].place)
      guard back != 0, back < 0 || burdens[place].isFit else { continue }
      let (after, target) = (participants[index].share + back, participants[index].target)
      var rank = back > 0 ? target / after : after / target
      guard rank >= Self.leastRank else { continue }
      if burdens[place].rest.takesBack(back, at: now, settle: settle) { rank *= Self.backAgain }
      if best.map({ rank > $0.rank }) ?? true { best = (index, rank) }
    }
    return best?.index
  }

  private mutating func make(_ index: Int, _ change: Double, evens: Bool) -> Move {
    let (reading, place, share) = (participants[index].reading, participants[index].place, participants[index].share)
    let to = reading.parameter.nearest(share + change)
    let reason = ShareMove.Reason(
      kind: evens ? .evens : kind(index, change), open: reading.open, capacity: reading.capacity,
      waiting: reading.waiting, health: reading.knownHealth, responseTime: burdens[place].responseTime, busy: busy)
    used.insert(index)
    excess += to - share
    return (place, ShareMove(agent: reading.agent, from: reading.share, to: to, reason: reason))
  }

  private func kind(_ index: Int, _ change: Double) -> ShareMove.Kind {
    guard change < 0 else { return .idler }
    guard !burdens[participants[index].place].isFit else { return .busier }
    return (participants[index].reading.knownHealth ?? 1) < 0.8 ? .ill : .slow
  }
}
