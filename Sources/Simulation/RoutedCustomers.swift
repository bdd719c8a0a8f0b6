import FleetModel

/// Customers of one role. Whoever routes their new conversations gives each agent that runs its part in proportion to its
/// share; one of the agents gets slow for a while, so that its conversations last longer and others wait for it.
///
/// ```text
///   a new conversation ─▶ an agent, by the shares ─┬─ a place is free ─▶ open ─▶ ended
///                                                  └─ none is ─▶ waits there ─▶ open …
/// ```
struct RoutedCustomers: Sendable {
  /// What one agent has.
  private struct Desk: Sendable {
    /// When each open conversation ends.
    var ends: [Instant] = []
    var waiting = 0
  }

  /// Whose customers they are, and who of these agents gets slow.
  static let role = "support"
  static let slow: AgentID = "support-br-01"
  static let capacity = 16
  /// Of a larger role so many agents share.
  private static let most = 12
  /// So many times as long a conversation lasts with the slow one.
  static let slowness = 2.5
  /// How long a conversation lasts on average, and how much of the room of all is taken if all are well.
  private static let lastsSeconds = 8.0
  private static let busy = 0.5
  private static let tells = TimeSpan.seconds(1)
  /// For how long one is slow, of how long.
  private static let ill = TimeSpan.minutes(3)
  private static let period = TimeSpan.minutes(6)

  private var random: SeededRandom
  private let start: Instant
  private var now: Instant
  private var toldAt: Instant
  /// Conversations that are due.
  private var due = 0.0
  private var desks: [AgentID: Desk] = [:]
  /// How many conversations each agent was given.
  private(set) var given: [AgentID: Int] = [:]

  init(seed: UInt64, from start: Instant) {
    // Apart from what the fleet draws: whoever talks changes nothing about it.
    random = SeededRandom(seed: seed ^ 0x524F_5554)
    (self.start, now, toldAt) = (start, start, start)
  }

  /// Has the agents of the role declare their share, and how many conversations they can have.
  static func declare(by agents: inout [SimulatedAgent]) {
    guard
      let share = TunableParameter(
        name: LoadSettings.parameter, minimum: 0.2, maximum: 2, step: 0.1, value: 1)
    else { return }
    for place in agents.indices.lazy.filter({ [agents] in agents[$0].profile.role == role }).prefix(most) {
      agents[place].parameters.append(share)
      agents[place].room = SimulatedAgent.Room(capacity: capacity)
      agents[place].isRouted = true
    }
  }

  /// Lets conversations come and end.
  ///
  /// - Returns: what agents say of how many they have open.
  mutating func advance(to instant: Instant, _ agents: inout [SimulatedAgent]) -> [SimulatedEvent] {
    guard instant > now else { return [] }
    let seconds = Double((instant - now).milliseconds) / 1000
    now = instant
    let places = agents.indices.filter { agents[$0].isRouted }
    for place in places {
      agents[place].slowness = agents[place].profile.id == Self.slow && isIll ? Self.slowness : 1
    }
    come(seconds, places, agents)
    for place in places { work(place, &agents) }
    guard now - toldAt >= Self.tells else { return [] }
    toldAt = now
    return places.map { agents[$0].status() }
  }

  private var isIll: Bool { (now - start).milliseconds % Self.period.milliseconds < Self.ill.milliseconds }

  /// New conversations, by the shares of those who run.
  private mutating func come(_ seconds: Double, _ places: [Int], _ agents: [SimulatedAgent]) {
    due += Double(places.count * Self.capacity) * Self.busy / Self.lastsSeconds * seconds
    let takers = places.filter { agents[$0].state == .running }
    let shares = takers.map { max(0, agents[$0].setting(of: LoadSettings.parameter) ?? 1) }
    let sum = shares.reduce(0, +)
    while due >= 1 {
      due -= 1
      guard sum > 0 else { continue }
      var draw = Double.random(in: 0..<sum, using: &random)
      let place = zip(takers, shares).first { _, share in
        draw -= share
        return draw < 0
      }?.0
      guard let id = (place ?? takers.last).map({ agents[$0].profile.id }) else { continue }
      desks[id, default: Desk()].waiting += 1
      given[id, default: 0] += 1
    }
  }

  private mutating func work(_ place: Int, _ agents: inout [SimulatedAgent]) {
    let agent = agents[place]
    var desk = desks[agent.profile.id] ?? Desk()
    desk.ends.removeAll { $0 <= now }
    while desk.waiting > 0, desk.ends.count < Self.capacity {
      desk.waiting -= 1
      let lasts = Double.random(in: 0.25...1.75, using: &random) * Self.lastsSeconds * agent.slowness
      desk.ends.append(now + .milliseconds(Int64(lasts * 1000)))
    }
    desks[agent.profile.id] = desk
    agents[place].room?.open = desk.ends.count
    agents[place].backlog = Double(desk.waiting)
  }
}
