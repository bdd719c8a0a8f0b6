import FleetModel

/// Balances one role: what each of its agents gets of the new conversations, by room and health.
///
/// ```text
///   readings ─▶ role's level ─▶ each agent's burden and fitness ─▶ targets ─▶ what of them is sure ─▶ moves, in pairs
///               (RoleLevel)     (AgentBurden)                      (ShareTargets)                     (MovePlan)
/// ```
/// Nothing oscillates, for four reasons. The load of the role cancels out of the burdens. They are compared with the
/// shares as late as conversations follow them, so that a move is not made again before it shows. An agent is moved only
/// by what is beyond the noise, and only by more than that back again. After a move it rests.
///
/// A new balancer gives no move before it has heard for twice ``BalanceSettings/settle``: until then all shows that was
/// done before it. What another one gave in the last minute shows in the readings. So there is nothing to store.
package struct RoleBalancer: Sendable {
  /// An agent that takes part in this look.
  struct Participant {
    let reading: LoadReading
    /// Of its burden.
    let place: Int
    let bounds: ShareBounds
    /// The share in force, or the nearest one that may be set.
    let share: Double
    /// The share that it should have, and what of the way there is sure.
    var target = 0.0
    var sure = 0.0
  }

  private var settings: BalanceSettings
  private var burdens: [AgentBurden] = []
  private var places: [AgentID: Int] = [:]
  private var sweptAt = Instant.epoch
  /// Open and waiting of the room, smoothed; nil before the first readings.
  package private(set) var busy: Double?
  private var lookedAt = Instant.epoch
  /// The moves of the last minute: its own, and those that show in the readings.
  private var given: [(agent: AgentID, at: Instant)] = []

  /// Older readings count for nothing, unless a settle time is longer.
  private static let stale = Fleet.freshness
  private static let minute = TimeSpan.minutes(1)
  /// Of what the farthest of all agents errs by chance so much is taken for noise; and twice that, to take a move back.
  private static let sureness = 0.5
  private static let backAgain = 2.0
  /// How many settle times it takes until ``busy`` follows.
  private static let busyPace = 10.0
  /// Between these the discount of the ill fades to a part: if all are busy, they have to help.
  private static let roomy = 0.6
  private static let full = 0.95
  private static let leastDiscount = 0.5

  package init(_ settings: BalanceSettings = BalanceSettings()) { self.settings = settings }

  /// Takes other settings. What was learnt with another settle time is forgotten.
  package mutating func change(_ settings: BalanceSettings) {
    if settings.settle != self.settings.settle { (burdens, places, busy) = ([], [:], nil) }
    self.settings = settings
  }

  /// Takes what is known of the role's agents now, and gives the moves to make now: the one that helps most first.
  ///
  /// - Parameters:
  ///   - readings: of all agents of the role that declare a share and say their room. A second one of the same agent, and
  ///     those that nobody can have measured, are left out.
  ///   - most: how many moves may be given. With 0 it only learns.
  ///   - alone: whether moves come one at a time, since a person is asked about each. One look gives no more than one
  ///     then, and the sum of the shares is kept to one move. Else moves come in pairs, or singly, such that the sum is
  ///     kept to the largest step of the role.
  /// - Returns: moves of different agents. They count as made: who was moved rests, whatever becomes of the move.
  package mutating func look(
    _ readings: [LoadReading], at now: Instant, most: Int = .max, alone: Bool = false
  ) -> [ShareMove] {
    sweep(at: now)
    var participants = participants(readings, at: now)
    guard participants.count > 1 else { return [] }
    learn(participants, at: now)
    aim(&participants, at: now)
    noteMoves(readings, at: now)
    let allowed = min(most, settings.movesAMinute - given.count)
    guard allowed > 0 else { return [] }
    let excess = excess(readings, participants)
    // A role that is given one move a minute gets no pairs.
    let alone = alone || settings.movesAMinute == 1
    var plan = MovePlan(
      participants, burdens, excess: excess, busy: busy ?? 0, at: now, settle: settings.settleSeconds)
    let moves = plan.moves(atMost: alone ? 1 : allowed, alone: alone)
    for (place, move) in moves {
      burdens[place].rest.moved(by: move.to - move.from, to: move.to, at: now, settle: settings.settleSeconds)
      given.append((move.agent, now))
    }
    return moves.map(\.move)
  }

  /// Takes note of moves of the last minute that another handler has given. Its own show later than it gave them.
  private mutating func noteMoves(_ readings: [LoadReading], at now: Instant) {
    given.removeAll { now - $0.at >= Self.minute || $0.at > now }
    for reading in readings where given.count < settings.movesAMinute {
      guard let at = reading.movedAt, at <= now, now - at < Self.minute else { continue }
      if !given.contains(where: { $0.agent == reading.agent && $0.at <= at }) { given.append((reading.agent, at)) }
    }
  }

  /// Lets nobody rest any longer, and forgets which moves were not followed: those that nobody was to follow say nothing
  /// of the agents.
  package mutating func forgetRests() { for place in burdens.indices { burdens[place].rest = MoveRest() } }

  private mutating func participants(_ readings: [LoadReading], at now: Instant) -> [Participant] {
    let age = max(Self.stale, settings.settle)
    var (participants, isKnown): ([Participant], [Bool]) = ([], burdens.map { _ in false })
    participants.reserveCapacity(readings.count)
    for reading in readings where reading.counts(at: now, within: age) {
      let bounds = reading.bounds
      let share = bounds.nearest(reading.share)
      let place = place(of: reading.agent, share: share, at: now)
      if place == isKnown.count { isKnown.append(false) }
      guard !isKnown[place] else { continue }
      isKnown[place] = true
      burdens[place].follow(share, step: reading.parameter.step, at: now, settle: settings.settleSeconds)
      participants.append(Participant(reading: reading, place: place, bounds: bounds, share: share))
    }
    return participants
  }

  /// By how much the shares of the role add up to more than is declared: of those that take part, and of those that are
  /// left alone but get their part too. Each agent counts once.
  private func excess(_ readings: [LoadReading], _ participants: [Participant]) -> Double {
    var excess = participants.sum { $0.share - $0.reading.parameter.value }
    guard participants.count < readings.count else { return excess }
    var seen = Set(participants.lazy.map(\.reading.agent))
    for reading in readings where reading.isMeasured && seen.insert(reading.agent).inserted {
      excess += reading.bounds.nearest(reading.share) - reading.parameter.value
    }
    return excess
  }

  private mutating func place(of agent: AgentID, share: Double, at now: Instant) -> Int {
    if let place = places[agent] {
      if !isKept(burdens[place], at: now) { burdens[place] = AgentBurden(share: share, at: now) }
      return place
    }
    places[agent] = burdens.count
    burdens.append(AgentBurden(share: share, at: now))
    return burdens.count - 1
  }

  /// What was learnt is kept for a settle time, or a minute, if an agent does not take part: a command under way takes it
  /// out for a moment only.
  private func isKept(_ burden: AgentBurden, at now: Instant) -> Bool {
    (now - burden.seenAt).magnitude <= max(Self.minute, settings.settle)
  }

  /// Forgets now and then who does not take part any more.
  private mutating func sweep(at now: Instant) {
    guard (now - sweptAt).magnitude > max(Self.minute, settings.settle) else { return }
    sweptAt = now
    let kept = places.filter { isKept(burdens[$0.value], at: now) }
    if kept.isEmpty { busy = nil }
    guard kept.count < places.count else { return }
    (places, burdens) = ([:], kept.map { burdens[$0.value] })
    for (place, agent) in kept.keys.enumerated() { places[agent] = place }
  }

  private mutating func learn(_ participants: [Participant], at now: Instant) {
    let (open, room) = (participants.sum(\.reading.burden), participants.sum { Double($0.reading.capacity) })
    let settle = settings.settleSeconds
    let seconds = max(0, Double((now - lookedAt).milliseconds) / 1000)
    let before = busy ?? open / room
    let busy = before + (open / room - before) * seconds / (seconds + Self.busyPace * settle)
    (self.busy, lookedAt) = (busy, now)
    let times = participants.compactMap { burdens[$0.place].responseTime }.sorted()
    let level = RoleLevel(
      open: open / participants.sum { burdens[$0.place].lateShare }, busy: busy,
      responseTime: times.isEmpty ? nil : times[(times.count - 1) / 2])
    for participant in participants { burdens[participant.place].take(participant.reading, in: level, settle: settle) }
  }

  /// Sets everyone's target, and what of the way there is sure.
  private func aim(_ participants: inout [Participant], at now: Instant) {
    let (busy, settle) = (busy ?? 0, settings.settleSeconds)
    let sum = participants.sum(\.share)
    let room = participants.sum { $0.reading.usefulRoom(busy) }
    let scale = Scale(busy: busy, roomOfValue: room / participants.sum(\.reading.parameter.value))
    let claims = participants.map { scale.claim($0, burdens[$0.place]) }
    let targets = ShareTargets(claims, sum: sum)
    let noise = Self.sureness * Self.farthest(of: participants.count)
    for (index, target) in targets.shares.enumerated() {
      let share = participants[index].share
      let place = participants[index].place
      let isBack = burdens[place].rest.takesBack(target - share, at: now, settle: settle)
      let spread = 1 + noise * (isBack ? Self.backAgain : 1) * burdens[place].sums.deviation(settle: settle, busy: busy)
      participants[index].target = target
      participants[index].sure = target > share ? max(share, target / spread) : min(share, target * spread)
    }
  }

  /// By how many deviations the farthest of so many normal numbers is off: about √(2 ln n).
  private static func farthest(of count: Int) -> Double {
    let logarithm = 0.693 * Double(Int.bitWidth - max(1, count).leadingZeroBitCount)
    return (2 * logarithm).squareRoot()
  }

  /// By what the claims of a role's agents are measured.
  private struct Scale {
    /// Open and waiting of the room.
    let busy: Double
    /// The role's useful room for each share of 1 that is declared.
    let roomOfValue: Double

    /// What an agent could take. One that is ill or slow is to have less open for its room, as long as others have room.
    /// As long as nothing is open, what is declared is right.
    func claim(_ participant: Participant, _ burden: AgentBurden) -> ShareTargets.Claim {
      let reading = participant.reading
      let room = reading.usefulRoom(busy)
      let guess = room / reading.parameter.value / roomOfValue
      var ratio = burden.sums.ratio(guess: guess)
      if !burden.isFit {
        // Who fails fast has little open: that is no reason to give it more than when it was well.
        ratio = max(ratio, burden.wellSums?.ratio(guess: guess) ?? guess)
      }
      let discount = min(1, max(leastDiscount, (full - busy) / (full - roomy)))
      let fitness = 1 - (1 - burden.fitness) * discount
      return ShareTargets.Claim(
        weight: max(1e-6, fitness * room / ratio), floor: participant.bounds.floor, ceiling: participant.bounds.ceiling)
    }
  }
}

extension [RoleBalancer.Participant] {
  fileprivate func sum(_ part: (Element) -> Double) -> Double { reduce(0) { $0 + part($1) } }
}
