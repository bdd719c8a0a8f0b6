import FleetModel

/// One agent's state and figures, and how they move with time.
struct SimulatedAgent: Sendable {
  let profile: SimulatedProfile
  var state = AgentState.running
  /// What it runs; empty if it does not say.
  var version = ""
  var replicas: Int
  /// When a pause ends by itself.
  var pausedUntil: Instant?
  var restart: Restart?
  /// Conversations that are still open after a drain.
  var drain: Drain?
  /// Messages a minute; nil is no limit.
  var rateLimit: Int?
  var rateLimitedUntil: Instant?
  /// How many conversations it has open, and can have; nil if nobody counts them.
  var room: Room?
  /// What it lets others set, and what was set of that.
  var parameters: [TunableParameter] = []
  var settings: [String: Double] = [:]
  /// Whether all that waits for it are customers who were routed to it.
  var isRouted = false
  /// So many times as long as usual its answers take.
  var slowness = 1.0
  /// The agent that has taken over, while one has.
  var backup: AgentID?

  /// How much of each incident is felt, 0…1.
  private(set) var levels = InlineArray<6, Double>(repeating: 0)
  /// Drifts around 0: how busy the day is.
  private var mood = 0.0
  private(set) var traffic: Double
  private(set) var queue: Double
  /// What waits besides, and is not of its traffic.
  var backlog = 0.0
  private(set) var errorRate = 0.012
  private(set) var responseTime: Double
  private(set) var rating = 4.4
  private(set) var health = 0.97
  private(set) var lastHourErrors: Double
  private(set) var negativeFeedback = 2.0
  private(set) var attempts = 0.0
  var nextHealthReport = Instant.epoch

  struct Room: Equatable, Sendable {
    var open = 0
    var capacity: Int
  }

  /// A restart under way.
  struct Restart: Equatable, Sendable {
    /// Those that asked for it: all are answered when the agent is back.
    var commands: [CommandID]
    var backAt: Instant
    /// The version with which it comes back; nil for the same.
    var version: String?
  }

  /// A drain under way.
  struct Drain: Equatable, Sendable {
    /// Those that asked for it: all are answered once nothing is open.
    var commands: [CommandID]
    var emptyAt: Instant
  }

  /// What reaches the agent from outside in one step.
  struct Pressure {
    var incidents: Set<SimulatedIncident> = []
    /// Messages a minute taken over from others.
    var borrowed = 0.0
  }

  /// The share of its traffic that an agent hands to an active backup.
  static let handedOver = 0.85

  init(_ profile: SimulatedProfile) {
    self.profile = profile
    replicas = profile.replicas.lowerBound
    traffic = profile.traffic
    queue = profile.traffic / 40
    responseTime = profile.responseTime
    lastHourErrors = profile.traffic * 60 * 0.012
  }

  func level(_ incident: SimulatedIncident) -> Double { levels[Self.slot(incident)] }

  /// Messages a minute that users want to send it.
  var demand: Double { profile.traffic * max(0.3, 1 + 0.3 * mood) * (1 + 2.4 * level(.trafficSpike)) }

  /// Lets time pass.
  mutating func step(seconds: Double, _ pressure: Pressure, _ random: inout SeededRandom) {
    for incident in SimulatedIncident.allCases {
      // In within five seconds, out within ten.
      let change = pressure.incidents.contains(incident) ? seconds / 5 : -seconds / 10
      let slot = Self.slot(incident)
      levels[slot] = min(1, max(0, levels[slot] + change))
    }
    mood += -0.05 * mood * seconds + 0.12 * seconds.squareRoot() * random.noise()
    guard state == .running else {
      traffic = drain == nil ? 0 : max(0, traffic - profile.traffic / 4 * seconds)
      return
    }
    stepLoad(seconds, borrowed: pressure.borrowed, &random)
    stepQuality(seconds, &random)
  }

  /// A fresh start: nothing waits, and no fault of the program's own is left.
  mutating func startAfresh() {
    levels[Self.slot(.errorStorm)] = 0
    levels[Self.slot(.unhappyUsers)] = 0
    levels[Self.slot(.leak)] = 0
    levels[Self.slot(.badRelease)] = 0
    queue = 0
    errorRate = 0.012
    responseTime = profile.responseTime
  }

  private mutating func stepLoad(_ seconds: Double, borrowed: Double, _ random: inout SeededRandom) {
    var admitted = demand * (backup == nil ? 1 : 1 - Self.handedOver) + borrowed
    if let rateLimit { admitted = min(admitted, Double(rateLimit)) }
    let throughput = profile.throughput * Double(replicas)
    traffic = admitted * (1 + 0.03 * random.noise())
    let usual = min(1, admitted / throughput) * profile.traffic / 40
    let change = (admitted - throughput) / 60 * seconds
    queue = max(max(0, usual * (1 + 0.2 * random.noise())), queue + change)
  }

  private mutating func stepQuality(_ seconds: Double, _ random: inout SeededRandom) {
    let storm = level(.errorStorm)
    let unhappy = level(.unhappyUsers)
    let waiting = min(1, queue / 600)
    let release = version == SimulatedVersion.worse ? SimulatedVersion.failsMore : 0
    let failing = 0.012 + release + timeoutFails + 0.39 * storm + 0.26 * level(.badRelease) + 0.04 * waiting
    errorRate = min(1, max(0, failing + 0.004 * (1 + 4 * storm) * random.noise()))
    responseTime =
      profile.responseTime * slowness * (1 + 5 * storm + 3 * waiting)
      * max(0.5, 1 + 0.1 * mood + 0.06 * random.noise())
    let wantedRating = 4.45 - 2.45 * unhappy - 0.7 * storm - 0.5 * waiting - 0.3 * level(.badRelease)
    rating += (wantedRating - rating) * min(1, seconds / 4) + 0.02 * seconds.squareRoot() * random.noise()
    rating = min(5, max(1, rating))
    let lost =
      0.62 * storm + 0.3 * waiting + 0.25 * unhappy + 0.3 * level(.intrusion) + 0.7 * level(.leak)
      + 0.2 * (slowness - 1)
    health = min(0.99, max(0.03, 0.97 - lost + 0.01 * random.noise()))
    lastHourErrors += traffic / 60 * seconds * errorRate - lastHourErrors * seconds / 3600
    negativeFeedback += 0.4 * unhappy * seconds - negativeFeedback * seconds / 1800
    attempts += 14 * level(.intrusion) * seconds - attempts * seconds / 20
  }

  private static func slot(_ incident: SimulatedIncident) -> Int {
    switch incident {
    case .errorStorm: 0
    case .trafficSpike: 1
    case .unhappyUsers: 2
    case .intrusion: 3
    case .leak: 4
    case .badRelease: 5
    }
  }
}
