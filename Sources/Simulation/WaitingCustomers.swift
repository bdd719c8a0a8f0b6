import FleetModel
import Wire

/// Customers whom their agents cannot help: each one's conversation waits for a person, until one has taken it and is done,
/// or the customer gives up.
///
/// ```text
///   waiting ─▶ person accepted ─▶ person returned
///      │              └─────────▶ conversation ended
///      └──────────────────────────▲  closed by a person, or given up
/// ```
struct WaitingCustomers: Sendable {
  private struct Customer: Sendable {
    var id: String
    var agent: AgentID
    /// Nil: nobody has taken the conversation.
    var person: String?
    var givesUpAt: Instant
  }

  /// What they want, and what was said.
  private static let stories: [(summary: String, lines: [String])] = [
    ("charged twice, wants the money back", ["user: You charged me twice", "agent: I ask a colleague to refund it"]),
    ("the parcel is lost, and it was a gift", ["user: Onde está meu pacote?", "agent: It is not in my system"]),
    ("wants to cancel, and is angry", ["user: I want a person NOW", "agent: One moment please"]),
    ("a question of law that no agent may answer", ["user: Can I sue them?", "agent: A colleague will know"]),
  ]

  /// How long those have waited who are there from the start: with the usual level one is near it and passes it soon.
  private static let present = [TimeSpan.seconds(280), .seconds(230), .seconds(90), .seconds(5)]
  private static let every = TimeSpan.seconds(20)
  private static let patience = TimeSpan.minutes(12)
  /// No more come while so many are there.
  private static let most = 20

  private var random: SeededRandom
  private var next: Instant
  private var hasBegun = false
  private var number = 0
  private var customers: [Customer] = []

  init(seed: UInt64, from start: Instant) {
    // Apart from what the fleet draws: whoever waits changes nothing about it.
    random = SeededRandom(seed: seed ^ 0x5741_4954)
    next = start
  }

  /// - Parameter agents: those whose customers they may be.
  mutating func advance(to now: Instant, _ agents: ArraySlice<SimulatedAgent>) -> [SimulatedEvent] {
    let gone = customers.filter { $0.person == nil && $0.givesUpAt <= now }
    customers.removeAll { $0.person == nil && $0.givesUpAt <= now }
    var events = gone.map { Self.event(.conversationEnded, $0) }
    guard now >= next else { return events }
    next = now + Self.every
    let waits = hasBegun ? [TimeSpan.zero] : Self.present
    hasBegun = true
    for wait in waits where customers.count < Self.most {
      guard let agent = agents.randomElement(using: &random) else { break }
      events.append(come(to: agent, since: now - wait, now))
    }
    return events
  }

  private mutating func come(to agent: SimulatedAgent, since: Instant, _ now: Instant) -> SimulatedEvent {
    number += 1
    let customer = Customer(id: "chat-\(100 + number)", agent: agent.profile.id, givesUpAt: now + Self.patience)
    customers.append(customer)
    let story = random.element(of: Self.stories) ?? Self.stories[0]
    return Self.event(
      .waiting, customer,
      [
        "since": .string(ISO8601.format(since)), "skill": .string(random.element(of: agent.profile.skills) ?? ""),
        "language": .string(agent.profile.languages.first ?? "en"), "summary": .string(story.summary),
        "last_lines": .array(story.lines.map { .string($0) }),
      ])
  }

  /// Does what a person has ordered of an agent's conversation; nothing if it is over, or the order is of another kind.
  mutating func obey(_ message: ControlMessage) -> [SimulatedEvent] {
    let id = message.arguments["conversation_id"]
    guard let place = customers.firstIndex(where: { $0.id == id && $0.agent == message.agent }) else { return [] }
    if message.action == .take {
      customers[place].person = message.arguments["person"]
      return [Self.event(.personAccepted, customers[place], ["person": .string(customers[place].person ?? "")])]
    }
    if message.action == .handBack { return [Self.event(.personReturned, customers.remove(at: place))] }
    guard message.action == .closeConversation else { return [] }
    return [Self.event(.conversationEnded, customers.remove(at: place))]
  }

  private static func event(_ kind: EventKind, _ customer: Customer, _ more: JSONObject = [:]) -> SimulatedEvent {
    var data: JSONObject = ["conversation_id": .string(customer.id)]
    for member in more.members { data[member.key] = member.value }
    return SimulatedEvent(kind, customer.agent, data)
  }
}
