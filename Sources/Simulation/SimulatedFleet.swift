import FleetModel
import Wire

/// A company's worth of simulated agents: they work, fall into trouble, and do as the control stream says.
///
/// A value with a seeded random source: time and control messages go in, events come out, and the same inputs always
/// give the same events.
package struct SimulatedFleet: Sendable {
  /// How long a restarting agent is away.
  package static let restartTakes = TimeSpan.seconds(3)
  /// How long until open conversations have ended or moved.
  package static let drainTakes = TimeSpan.seconds(4)
  /// A longer step than this is taken for a pause of the simulation, not for time that its agents lived through.
  private static let longestStep = TimeSpan.seconds(1)
  /// How long the first incident has lasted when the present begins.
  private static let intoFirstIncident = TimeSpan.seconds(12)
  private static let roomsTold = TimeSpan.minutes(1)
  /// Figures move this often; between two steps an agent reports the same ones.
  private static let figuresMove = TimeSpan.milliseconds(100)

  /// Events a second, those of incidents included; more only if incidents alone make more.
  package let rate: Double
  package private(set) var now: Instant
  var agents: [SimulatedAgent]
  var positions: [AgentID: Int]
  var random: SeededRandom
  var outbreaks: [Outbreak] = []
  /// Blocked address → end; nil for none.
  var blocked: [String: Instant?] = [:]
  var incidents: IncidentTimetable
  /// How many of the agents, from the first on, are there at all times.
  let residents: Int
  private var visitors: Visitors
  /// Customers who wait for a person; nil if agents can help all of theirs.
  private var customers: WaitingCustomers?
  /// Customers whose conversations move from agent to agent; nil if each agent keeps its own.
  var movers: HandoffCustomers?
  /// Customers of one role, routed by its agents' shares; nil if nobody counts them.
  var routed: RoutedCustomers?
  /// What one agent's queue holds besides; nil once it has restarted.
  var growing: GrowingQueue?
  /// Whether agents ask for specialists now and then. Where customers' conversations are followed, nobody asks for one that
  /// there is not. Demos about one trouble have no such requests: the rules' answers would fill the commands pane.
  private let asksForSpecialists: Bool
  /// Regular events that are due.
  private var due = 0.0
  /// Time that has passed since figures moved.
  private var unstepped = TimeSpan.zero
  private var cursor = 0
  private var isIntroduced = false
  /// When all agents told last how many conversations they have open.
  private var roomsToldAt: Instant?
  private var lastEventNumber = 0

  /// - Parameters:
  ///   - agents: how many there are at all times; now and then one more comes for a while.
  ///   - rate: events a second.
  ///   - seed: what everything random follows from.
  ///   - present: when what is lived through begins, after a past in which nothing happens: then the first incident is in
  ///     full swing, and the first visitor is about to come. Nil if there is no past.
  ///   - waits: whether conversations wait for a person now and then.
  ///   - versions: whether agents of support run two versions, see ``SimulatedVersion``.
  ///   - handsOver: whether agents ask for other ones for their conversations, which go on there.
  ///   - grows: whether the queue of one agent grows until it restarts.
  ///   - routes: whether the customers of support are routed by its agents' shares, see ``RoutedCustomers``.
  ///   - tunes: whether agents of support let others set their timeout, see ``SimulatedTimeout``.
  package init(
    agents count: Int, rate: Double, seed: UInt64, incidents plan: IncidentPlan, at start: Instant,
    present: Instant? = nil, waits: Bool = false, versions: Bool = false, handsOver: Bool = false, grows: Bool = false,
    tunes: Bool = false, routes: Bool = false
  ) {
    agents = Roster.agents(count).map(SimulatedAgent.init)
    asksForSpecialists = !(handsOver || versions || grows || tunes || routes)
    if versions { SimulatedVersion.give(to: &agents) }
    if tunes { SimulatedTimeout.declare(by: &agents) }
    positions = Dictionary(uniqueKeysWithValues: agents.enumerated().map { ($1.profile.id, $0) })
    self.rate = rate
    random = SeededRandom(seed: seed)
    now = start
    residents = agents.count
    incidents = IncidentTimetable(plan, from: present.map { $0 - Self.intoFirstIncident } ?? start)
    visitors = Visitors(from: present ?? start)
    if handsOver {
      movers = HandoffCustomers(seed: seed, from: present ?? start)
      for position in agents.indices {
        agents[position].room = .init(capacity: agents[position].profile.backupFor == nil ? 8 : 4)
      }
    }
    if routes {
      RoutedCustomers.declare(by: &agents)
      routed = RoutedCustomers(seed: seed, from: present ?? start)
    }
    growing = grows ? GrowingQueue(present: present ?? start) : nil
    customers = waits ? WaitingCustomers(seed: seed, from: present ?? start) : nil
  }

  /// How many agents there are at present.
  package var count: Int { agents.count }

  /// Lets time pass up to `instant`; what the agents published in it, in order.
  package mutating func advance(to instant: Instant) -> [SimulatedEvent] {
    var events = introductions()
    let span = min(instant - now, Self.longestStep)
    guard span > .zero else { return events }
    now = instant
    events += beginAndEndIncidents()
    events += endRestrictions()
    unstepped = TimeSpan(milliseconds: unstepped.milliseconds + span.milliseconds)
    if unstepped >= Self.figuresMove {
      step(seconds: Double(unstepped.milliseconds) / 1000)
      unstepped = .zero
    }
    events += comeAndGo()
    events += incidentReports()
    events += healthReports()
    due = min(due + rate * Double(span.milliseconds) / 1000 - Double(events.count), max(1, rate))
    while due >= 1 {
      due -= 1
      if let event = nextRegularEvent() { events.append(event) }
    }
    // Beside the rate: whoever waits changes nothing about the rest.
    return events + (customers?.advance(to: now, agents[..<residents]) ?? []) + move()
      + (routed?.advance(to: now, &agents) ?? [])
  }

  /// Lets conversations go on, and says how many each agent has if that has changed.
  private mutating func move() -> [SimulatedEvent] {
    guard movers != nil else { return [] }
    var events = movers?.advance(to: now, agents[..<residents]) ?? []
    if roomsToldAt.map({ now - $0 >= Self.roomsTold }) ?? true {
      roomsToldAt = now
      events += agents[..<residents].map { $0.status() }
    }
    return events + tellRooms()
  }

  private mutating func tellRooms() -> [SimulatedEvent] {
    (movers?.takeChanged() ?? []).compactMap { id in
      guard let position = positions[id] else { return nil }
      agents[position].room?.open = movers?.open(of: id) ?? 0
      return agents[position].status()
    }
  }

  /// What customers have seen of conversations that move; nil if none do.
  package var conversationCounts: ConversationCounts? { movers?.counts }

  /// Messages of these that nobody has answered yet.
  package var unansweredCount: Int { movers?.unansweredCount ?? 0 }

  /// Does what an agent is told of a conversation that moves.
  mutating func obeyMove(_ message: ControlMessage) -> [SimulatedEvent] {
    let events = movers?.obey(message, at: now) ?? []
    return events + tellRooms()
  }

  /// What a person has ordered of a conversation that waits, as its agent answers.
  mutating func obeyPerson(_ message: ControlMessage) -> [SimulatedEvent] { customers?.obey(message) ?? [] }

  /// Where an agent stands; nil for one that is not of this fleet.
  func agent(_ id: AgentID) -> SimulatedAgent? { positions[id].map { agents[$0] } }

  /// An id for an event that must not count twice.
  mutating func eventID() -> String {
    lastEventNumber += 1
    return "sim-\(String(random.next(), radix: 16))-\(lastEventNumber)"
  }

  /// At first every agent says what it is and how it fares, so that an observer sees all of them at once.
  private mutating func introductions() -> [SimulatedEvent] {
    guard !isIntroduced else { return [] }
    isIntroduced = true
    return agents.flatMap { [$0.created(), $0.status(), $0.metrics()] }
  }

  private mutating func step(seconds: Double) {
    var pressures = [SimulatedAgent.Pressure](repeating: .init(), count: agents.count)
    for outbreak in outbreaks {
      guard let position = positions[outbreak.agent], isFelt(outbreak) else { continue }
      pressures[position].incidents.insert(outbreak.incident)
    }
    for agent in agents {
      guard let backup = agent.backup, let position = positions[backup] else { continue }
      // A paused primary's users go to the backup as well.
      pressures[position].borrowed += agent.demand * (agent.state == .running ? SimulatedAgent.handedOver : 1)
    }
    if let position = positions[GrowingQueue.agent] {
      agents[position].backlog = growing?.length(at: now) ?? 0
    }
    for position in agents.indices { agents[position].step(seconds: seconds, pressures[position], &random) }
  }

  private mutating func healthReports() -> [SimulatedEvent] {
    agents.indices.compactMap { position in
      let agent = agents[position]
      guard agent.state == .running, agent.health < 0.4, agent.nextHealthReport <= now else { return nil }
      agents[position].nextHealthReport = now + .seconds(10)
      return agent.healthCritical()
    }
  }

  /// Agents take turns; one that does not run lets its turn pass in silence.
  private mutating func nextRegularEvent() -> SimulatedEvent? {
    guard !agents.isEmpty else { return nil }
    cursor = (cursor + 1) % agents.count
    let agent = agents[cursor]
    guard agent.state == .running else { return nil }
    switch Int.random(in: 0..<100, using: &random) {
    case ..<93: return agent.metrics()
    case ..<97: return agent.feedback(&random)
    case ..<99:
      let request = agent.handoffRequested(&random)
      return asksForSpecialists ? request : agent.metrics()
    default: return agent.updated()
    }
  }

  private mutating func comeAndGo() -> [SimulatedEvent] {
    switch visitors.advance(to: now) {
    case .none: return []
    case .come(let number):
      let visitor = SimulatedAgent(Roster.visitor(number))
      positions[visitor.profile.id] = agents.count
      agents.append(visitor)
      return [visitor.created(), visitor.metrics()]
    case .go(let number):
      // The last to come is the first to go, so that nobody's position changes.
      guard agents.last?.profile.id == Roster.visitor(number).id, let visitor = agents.popLast() else { return [] }
      positions[visitor.profile.id] = nil
      return [visitor.deleted()]
    }
  }
}

/// When agents come that stay only for a while.
private struct Visitors: Sendable {
  enum Change { case none, come(Int), go(Int) }

  private static let firstAfter = TimeSpan.seconds(12)
  private static let stay = TimeSpan.seconds(45)
  private static let every = TimeSpan.minutes(4)

  private var next: Instant
  private var isPresent = false
  private var number = 0

  init(from start: Instant) {
    next = start + Self.firstAfter
  }

  mutating func advance(to now: Instant) -> Change {
    guard now >= next else { return .none }
    if isPresent {
      isPresent = false
      next = now + Self.every
      return .go(number)
    }
    isPresent = true
    number += 1
    next = now + Self.stay
    return .come(number)
  }
}
