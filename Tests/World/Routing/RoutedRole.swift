import FleetModel
import Glibc

/// Conversations that come to a role and are given to its agents, event by event.
///
/// ```text
///   arrival ─▶ routing ─▶ agent's queue ─▶ a place is free: answer, conversation ─▶ end
///                 ▲            └─▶ every 10 s: what is open, waits, fails, and how fast it answers ─▶ late, with noise
///                 └──────────────────── shares ◀── vigia ◀───────────────────────────────────────────┘
/// ```
/// What a conversation needs is determined by its number and the seed: each routing is given the same ones.
package struct RoutedRole {
  /// What an agent told, as it arrives: late, and with noise.
  package struct Told: Equatable, Sendable {
    package var open = 0.0
    package var waiting = 0.0
    /// 0…1, of what failed and how fast it answers: as foresight would judge it.
    package var health = 1.0
    /// Milliseconds; nil if it answered nobody.
    package var responseTime: Double?
    /// When it was told, in seconds.
    package var at = 0.0
  }

  package struct Noise: Sendable {
    /// Seconds from when an agent tells until it is heard.
    package var delay = 30.0...45.0
    /// Deviation of what is told, of itself.
    package var deviation = 0.1

    package init(delay: ClosedRange<Double> = 30...45, deviation: Double = 0.1) {
      (self.delay, self.deviation) = (delay, deviation)
    }
  }

  private struct Conversation {
    /// When it came first, which answer it waits for, and how long it lasts, in seconds.
    let came: Double
    let answer: Double
    let length: Double
    var attempts = 0
  }

  enum Happening {
    case arrival
    case back(Int)
    case end(agent: Int, conversation: Int, failed: Bool)
    case tell
    case hear(agent: Int, Told)
    case look
  }

  package internal(set) var agents: [RoutedAgent]
  /// As each was heard last; nil if never.
  package internal(set) var told: [Told?]
  /// Seconds until the first answer of each conversation that came after ``warmUp``.
  package private(set) var responses: [Double] = []
  /// Attempts that failed.
  package private(set) var failures = 0

  let routing: Routing
  private let load: RoutedLoad
  private let rate: Double
  let noise: Noise
  private let seed: UInt64
  private var arrivals: SeededRandom
  /// Of what is chosen, and of noise: so that neither changes what comes.
  var choices: SeededRandom
  var noises: SeededRandom
  private var conversations: [Conversation] = []
  var agenda = RoutedAgenda<Happening>()
  var next = 0
  private(set) var now = 0.0

  /// How long a conversation lasts on average, in seconds, and how long an answer takes.
  package static let length = 180.0
  package static let answer = 2.0
  package static let warmUp = 1800.0
  static let tells = 10.0
  private static let retry = 10.0
  private static let mostAttempts = 20

  /// - Parameters:
  ///   - busy: what comes at first, of what the agents can do.
  ///   - seed: determines all that happens.
  package init(
    _ agents: [RoutedAgent], routing: Routing, busy: Double, load: RoutedLoad = .steady, noise: Noise = Noise(),
    seed: UInt64
  ) {
    (self.agents, self.routing, self.load, self.noise, self.seed) = (agents, routing, load, noise, seed)
    told = agents.map { _ in nil }
    rate = busy * agents.reduce(0) { $0 + Double($1.capacity) / $1.pace } / Self.length
    arrivals = SeededRandom(seed: seed ^ 0x4152_5249)
    choices = SeededRandom(seed: seed ^ 0x4348_4F49)
    noises = SeededRandom(seed: seed ^ 0x4E4F_4953)
  }

  /// Runs for so many seconds. `look` is asked every ten seconds for the shares of all agents.
  package mutating func run(seconds: Double, look: (_ role: RoutedRole, _ second: Double) -> [Double]) {
    agenda.add(gap(), .arrival)
    agenda.add(Self.tells, .tell)
    agenda.add(Self.tells, .look)
    while let (second, happening) = agenda.pop(), second < seconds {
      now = second
      switch happening {
      case .arrival: arrive()
      case .back(let number): route(number)
      case .end(let agent, let number, let failed): end(agent, number, failed: failed)
      case .tell: tell()
      case .hear(let agent, let told): hear(agent, told)
      case .look:
        let shares = look(self, now)
        for index in agents.indices { agents[index].share = shares[index] }
        agenda.add(now + Self.tells, .look)
      }
    }
    // Who waits still has waited so long at least.
    for agent in agents.indices {
      while let number = agents[agent].queue.popFirst() { note(number, at: now) }
    }
  }

  /// The response time that so many of a hundred conversations do not exceed, in seconds.
  package func percentile(_ percent: Double) -> Double {
    let sorted = responses.sorted()
    guard !sorted.isEmpty else { return 0 }
    return sorted[min(sorted.count - 1, Int((Double(sorted.count) * percent / 100).rounded(.up)) - 1)]
  }

  private mutating func gap() -> Double { -log(1 - arrivals.unit()) / (rate * load.most) }

  private mutating func arrive() {
    agenda.add(now + gap(), .arrival)
    guard arrivals.unit() * load.most < load.times(at: now) else { return }
    var own = SeededRandom(seed: seed &* 0x9E37_79B9 &+ UInt64(conversations.count))
    let answer = Self.answer * (0.5 - 0.5 * log(1 - own.unit()))
    conversations.append(Conversation(came: now, answer: answer, length: -Self.length * log(1 - own.unit())))
    route(conversations.count - 1)
  }

  private mutating func route(_ number: Int) {
    let agent = choose()
    if agents[agent].open < agents[agent].capacity { begin(agent, number) } else { agents[agent].queue.append(number) }
  }

  private mutating func begin(_ agent: Int, _ number: Int) {
    agents[agent].open += 1
    let conversation = conversations[number]
    var (answer, length) = (conversation.answer, conversation.length * agents[agent].pace)
    switch agents[agent].trouble(at: now) {
    case nil: break
    case .slow(let answers, let conversations): (answer, length) = (answer * answers, length * conversations)
    case .ill(let failing):
      guard choices.unit() >= failing else {
        return agenda.add(now + 5, .end(agent: agent, conversation: number, failed: true))
      }
    }
    agents[agent].minute.answered += 1
    agents[agent].minute.answers += answer
    note(number, at: now + answer)
    agenda.add(now + max(answer, length), .end(agent: agent, conversation: number, failed: false))
  }

  private mutating func note(_ number: Int, at second: Double) {
    let conversation = conversations[number]
    if conversation.came >= Self.warmUp { responses.append(second - conversation.came) }
  }

  private mutating func end(_ agent: Int, _ number: Int, failed: Bool) {
    agents[agent].open -= 1
    agents[agent].minute.ended += 1
    if failed {
      failures += 1
      agents[agent].minute.failed += 1
      conversations[number].attempts += 1
      if conversations[number].attempts < Self.mostAttempts {
        agenda.add(now + Self.retry, .back(number))
      } else {
        note(number, at: now)
      }
    }
    if let number = agents[agent].queue.popFirst() { begin(agent, number) }
  }
}

extension SeededRandom {
  /// 0..<1.
  mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }
}
