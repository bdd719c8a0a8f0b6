import FleetModel

/// What an agent's readings have told of how much it has to do for its share of the role, and how well it does it.
///
/// What is open is compared with what would be, if all of the role had the same to do for the same share. So the load of
/// the role itself cancels out, however it rises and falls, and there is nothing to swing after it. What is open follows
/// a change of shares late: it is compared with the share as late as that.
///
/// ```text
///   burden   = Σ open / Σ expected         over the readings, older ones with less weight
///   expected = share, late × open of the role / shares of the role, late
/// ```
struct AgentBurden: Sendable {
  /// The share, as late as what is open follows it.
  private(set) var lateShare: Double
  /// Of all that was told since the agent changed.
  private(set) var sums = BurdenSums()
  /// The sums when it was last well; nil if it never was.
  private(set) var wellSums: BurdenSums?
  /// 1 is well, and answers as fast as the role; 0 does nothing right.
  private(set) var fitness = 1.0
  /// Milliseconds, smoothed; nil if it never told.
  private(set) var responseTime: Double?
  /// 0…1, smoothed; nil if nobody ever knew.
  private var health: Double?
  var rest = MoveRest()
  /// When it last took part.
  private(set) var seenAt: Instant
  private var lately = BurdenSums()
  private var heardAt: Instant?
  private var knownSeconds = 0.0

  // In settle times: how long readings count, what smooths health, how fast fitness rises, what comes before a move.
  private static let memory = 20.0
  private static let shortMemory = 1.0
  private static let smooth = 0.5
  private static let fall = 0.5
  private static let rise = 10.0
  private static let warmUp = 2.0
  /// If what was told lately is so many deviations apart, the agent has changed: what was before says nothing of it.
  private static let changed = 3.0
  /// From this health on an agent counts as well.
  private static let well = 0.9
  private static let fit = 0.8
  /// Up to so many times the role's middle response time it counts as no slower.
  private static let slow = 1.5
  /// However little it has to do, it shows so much of how it is.
  private static let leastShown = 0.3
  /// A reading so much older than the last one is no straggler: the clock was set back.
  private static let setBack = -600.0

  init(share: Double, at now: Instant) { (lateShare, seenAt) = (share, now) }

  /// Whether enough was heard of it to move it.
  func isKnown(settle: Double) -> Bool { knownSeconds >= Self.warmUp * settle }

  /// Who is less fit is taken for ill, and takes nothing over from others.
  var isFit: Bool { fitness >= Self.fit }

  /// Lets the late share follow the one in force.
  mutating func follow(_ share: Double, step: Double, at now: Instant, settle: Double) {
    let seconds = max(0, Double((now - seenAt).milliseconds) / 1000)
    seenAt = now
    rest.see(share, step: step)
    lateShare += (share - lateShare) * seconds / (seconds + settle)
  }

  /// Takes a reading, unless it was taken before.
  mutating func take(_ reading: LoadReading, in role: RoleLevel, settle: Double) {
    let gap = heardAt.map { Double((reading.heardAt - $0).milliseconds) / 1000 } ?? Self.setBack
    guard gap > 0 || gap <= Self.setBack else { return }
    heardAt = reading.heardAt
    // The first one, and the first one after the clock was set back, stand for a moment.
    let seconds = gap > 0 ? min(gap, settle) : settle / 10
    if gap > 0 { knownSeconds = min(knownSeconds + seconds, Self.warmUp * settle) }
    let expected = lateShare * role.open
    sums.add(open: reading.burden, expected: expected, seconds: seconds, memory: Self.memory * settle)
    lately.add(open: reading.burden, expected: expected, seconds: seconds, memory: Self.shortMemory * settle)
    let spread = 1 + Self.changed * lately.deviation(settle: settle, busy: role.busy)
    if lately.ratio() > sums.ratio() * spread || sums.ratio() > lately.ratio() * spread { sums = lately }
    // Who has little to do shows little.
    let shown = min(1, max(Self.leastShown, reading.burden / max(1, expected)))
    learnFitness(shown, usual: role.responseTime, reading, seconds: seconds, settle: settle)
  }

  /// Falls fast and rises slowly: an agent that is well again since it has less to do is not flooded again. What is
  /// told is smoothed before, or noise would let it fall and fall.
  private mutating func learnFitness(
    _ shown: Double, usual: Double?, _ reading: LoadReading, seconds: Double, settle: Double
  ) {
    let share = seconds / (seconds + settle * Self.smooth)
    if let told = reading.knownHealth { health = health.map { $0 + (told - $0) * share } ?? told }
    if let told = reading.knownResponseTime { responseTime = responseTime.map { $0 + (told - $0) * share } ?? told }
    let well = min(1, (health ?? 1) / Self.well)
    var fit = well * well
    if let usual, usual > 0, let responseTime { fit *= min(1, Self.slow * usual / max(responseTime, usual)) }
    if fit >= 1, fitness > Self.well { wellSums = sums }
    let pace = fit < fitness ? Self.fall : Self.rise / shown
    fitness += (fit - fitness) * seconds / (seconds + settle * pace)
  }
}
