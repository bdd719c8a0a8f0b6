import FleetModel
import Insight
import Loop

/// Which role is looked at, and how many moves that may come to.
extension LoadDesk {
  /// More proposals are not open at once: nobody could answer them.
  private static let mostQuestions = 100
  /// A question that has not been heard of for so long after its time has ended.
  private static let grace = TimeSpan.seconds(30)

  func look(_ fleet: any BalancedFleet) {
    let span = LookRound.span(settle: settings.settle, longest: session.options.loadSpan)
    if wasDry, !course.isDry {
      // Nobody was asked to follow what was only told: nobody has refused it.
      for role in Array(balancers.keys) { balancers[role]?.balancer.forgetRests() }
    }
    wasDry = course.isDry
    while let role = round.next(at: .now, every: span, { self.roles(fleet) }) {
      if take(role, fleet) { return }
    }
    wait(round.rest(at: .now, every: span))
  }

  /// All roles of a round: those that could change, and those of which something is under way.
  private func roles(_ fleet: any BalancedFleet) -> [ExactText] {
    let present = fleet.sharingRoles
    let all = Set(present)
    balancers = balancers.filter { all.contains($0.key) }
    return present + stored.roles.filter { !all.contains($0) }
  }

  /// Looks at a role; false if that changes nothing that Redis holds.
  private func take(_ role: ExactText, _ fleet: any BalancedFleet) -> Bool {
    let (now, before) = (session.now, stored[role] ?? LoadStanding())
    var standing = before
    standing.settle(at: now, wait: session.options.longestAction) {
      fleet.record(of: $0)?.tuning(of: LoadSettings.parameter)?.command
    }
    if let question = standing.question, ended.contains(question.id) || question.until + Self.grace < now {
      standing.endQuestion(at: now)
    }
    // Of agents that say no role nobody knows which of them take the same conversations.
    let readings = role.text.isEmpty ? [] : fleet.loadReadings(of: role, isMaintained)
    if let question = standing.question, let why = fault(of: question, in: role, readings, fleet, at: now) {
      withdraw(question, of: role, standing, because: why)
      return true
    }
    var plan = LoadPlan(role, standing)
    plan.take(
      moves(role, readings, standing, fleet, at: now), course, at: now, record: fleet.record(of:),
      wait: session.options.longestAction)
    guard plan.standing != before || !plan.told.isEmpty else { return false }
    write(plan)
    return true
  }

  private func moves(
    _ role: ExactText, _ readings: [LoadReading], _ standing: LoadStanding, _ fleet: any BalancedFleet, at now: Instant
  ) -> [ShareMove] {
    guard readings.count > 1 else {
      balancers[role] = nil
      return []
    }
    let most = most(role, standing, fleet, at: now)
    let isAlone = course.isAlone
    // What another handler has sent the balancer does not know. As long as it only learns, it learns of them too.
    let readings = most > 0 ? standing.leaveAlone(readings, at: now) : readings
    return balancers[role, default: WatchedRole(balance, standing, lastShared: fleet.lastShared(in: role), at: now)]
      .look(readings, at: now, most: most, alone: isAlone)
  }

  /// How many moves may be made in a role now.
  private func most(
    _ role: ExactText, _ standing: LoadStanding, _ fleet: any BalancedFleet, at now: Instant
  ) -> Int {
    guard mode != .off, fleet.loadFault == nil else { return 0 }
    let left = budget.left(at: now)
    switch course {
    case .dry:
      if left < 1 { round.miss(role) }
      return min(1, left)
    case .ask:
      // Not before what was approved is done; nor at once after what was declined.
      guard standing.isEmpty else { return 0 }
      guard !stored.isFull, stored.questions.count < Self.mostQuestions else {
        round.miss(role)
        return 0
      }
      return 1
    case .act:
      // Two keep the sum.
      if stored.isFull || left < 2 { round.miss(role) }
      return stored.isFull ? 0 : max(0, min(left, LoadStanding.mostMoves - standing.moves.count))
    }
  }

  var course: LoadPlan.Course {
    if mode != .on { return .dry(settings.mode) }
    return settings.mode == .auto ? .act : .ask
  }

  /// Why a person need not answer any more; nil if nothing speaks against the question.
  private func fault(
    of question: LoadStanding.Question, in role: ExactText, _ readings: [LoadReading], _ fleet: any BalancedFleet,
    at now: Instant
  ) -> String? {
    guard settings.mode == .propose else { return "shares are changed without a question now" }
    if question.until > now + LoadPlan.lifetime + Self.grace { return "it would stand for too long" }
    if fleet.record(of: question.agent) == nil { return "\(question.agent) has left" }
    if let why = fleet.shareFault(of: question.agent, in: role) { return why }
    // Whoever has just taken over has not heard yet what it has open.
    guard let reading = readings.first(where: { $0.agent == question.agent }) else { return nil }
    if reading.share != question.from { return "its share has been set since" }
    return reading.isFree ? nil : "\(question.agent) is left alone at present"
  }
}
