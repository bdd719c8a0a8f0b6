import FleetModel
import Wire

/// Customers whose agents ask for another one: their conversations move from agent to agent while they write on.
///
/// Each agent's runtime keeps what it has. It has a conversation until another one has accepted it, and answers until then;
/// with the conversation goes all that is not answered. If it is told to give away what it has given away already, it says
/// again who has it.
struct HandoffCustomers: Sendable {
  /// What each skill is asked for by.
  private static let stories: [String: String] = [
    "refunds": "charged twice, wants the money back", "invoices": "the invoice names the wrong company",
    "quotes": "asks for a price for 200 seats", "upgrades": "wants the larger plan today",
    "troubleshooting": "cannot log in since the update", "returns": "the parcel came broken",
    "accounts": "two accounts are to become one",
  ]

  private static let every = TimeSpan.seconds(3)
  /// No more come while so many are there.
  private static let most = 40
  /// What was given away is remembered for so many conversations.
  private static let mostGiven = 1000
  /// How long a customer waits for a person.
  private static let patience = TimeSpan.minutes(4)

  private var random: SeededRandom
  private var next: Instant
  private var number = 0
  private var talks: [String: MovingConversation] = [:]
  private var held: [AgentID: [String: HeldConversation]] = [:]
  /// Who has got what was given away, the latest at the end.
  private var given: [(id: String, from: AgentID, to: AgentID)] = []
  private var changed: Set<AgentID> = []
  private(set) var counts = ConversationCounts()
  /// Whether runtimes go on with what they have given away: what the counts are to find.
  var isCareless = false

  init(seed: UInt64, from start: Instant) {
    // Apart from what the fleet draws: whoever talks changes nothing about it.
    random = SeededRandom(seed: seed ^ 0x4841_4E44)
    next = start
  }

  /// How many conversations an agent has open.
  func open(of agent: AgentID) -> Int { held[agent]?.count ?? 0 }

  /// Messages that nobody has answered yet.
  var unansweredCount: Int { held.values.reduce(0) { $0 + $1.values.reduce(0) { $0 + $1.unanswered.count } } }

  /// Agents that have got a conversation or lost one since the last call.
  mutating func takeChanged() -> [AgentID] {
    defer { changed = [] }
    return changed.sorted { $0.precedes($1) }
  }

  // MARK: Customers

  /// - Parameter agents: those whose customers they may be, and who may take conversations.
  mutating func advance(to now: Instant, _ agents: ArraySlice<SimulatedAgent>) -> [SimulatedEvent] {
    if now >= next {
      next = now + Self.every
      if talks.count < Self.most { come(agents, now) }
    }
    var running: [AgentID: SimulatedAgent] = [:]
    for agent in agents where agent.state == .running { running[agent.profile.id] = agent }
    for id in talks.keys.sorted() { write(id, now) }
    let events = held.keys.sorted { $0.precedes($1) }.flatMap { agent in
      running[agent] == nil ? answerPeople(agent, now) : work(agent, running, now)
    }
    return events + talks.keys.sorted().flatMap { end($0, now) }
  }

  private mutating func come(_ agents: ArraySlice<SimulatedAgent>, _ now: Instant) {
    let able = agents.filter { $0.state == .running && $0.room.map { $0.open < $0.capacity } ?? true }
    guard let agent = able.randomElement(using: &random) else { return }
    let foreign = Self.stories.keys.sorted().filter { !agent.profile.skills.contains($0) }
    guard let skill = foreign.randomElement(using: &random) else { return }
    number += 1
    let id = "talk-\(100 + number)"
    talks[id] = MovingConversation(
      id: id, agent: agent.profile.id, skill: skill, story: Self.stories[skill] ?? skill,
      most: Int.random(in: 4...8, using: &random), nextMessageAt: now,
      needsAnother: Int.random(in: 0..<3, using: &random) > 0)
    held[agent.profile.id, default: [:]][id] = HeldConversation(nextAnswerAt: now)
    changed.insert(agent.profile.id)
  }

  private mutating func write(_ id: String, _ now: Instant) {
    guard let talk = talks[id], talk.written < talk.most, talk.nextMessageAt <= now else { return }
    counts.written += 1
    if held[talk.agent]?[id] == nil { counts.lost += 1 }
    held[talk.agent]?[id]?.unanswered.append(talk.written)
    talks[id]?.written += 1
    talks[id]?.nextMessageAt = now + .milliseconds(Int64.random(in: 500...4000, using: &random))
  }

  /// The customer leaves once all is said and answered and nobody is to take it any more, or nobody comes for too long.
  private mutating func end(_ id: String, _ now: Instant) -> [SimulatedEvent] {
    guard let talk = talks[id], let mine = held[talk.agent]?[id] else { return [] }
    let isDone =
      talk.written >= talk.most && mine.unanswered.isEmpty && mine.move == nil && mine.askedAt == nil
      && mine.person == nil
    let givesUp = mine.person == nil && mine.askedAt.map { now - $0 > Self.patience } ?? false
    guard isDone || givesUp else { return [] }
    return [close(talk)]
  }

  private mutating func close(_ talk: MovingConversation) -> SimulatedEvent {
    talks[talk.id] = nil
    for agent in held.keys {
      guard let mine = held[agent]?.removeValue(forKey: talk.id) else { continue }
      counts.left += mine.unanswered.count
      changed.insert(agent)
    }
    counts.ended += 1
    return Self.event(.conversationEnded, talk, of: talk.agent)
  }

  // MARK: Agents

  private mutating func work(
    _ agent: AgentID, _ running: [AgentID: SimulatedAgent], _ now: Instant
  ) -> [SimulatedEvent] {
    (held[agent]?.keys.sorted() ?? []).flatMap { id -> [SimulatedEvent] in
      answer(id, agent, now)
      return settle(id, agent, running, now) + ask(id, agent, now)
    }
  }

  /// A person answers also if the agent is away.
  private mutating func answerPeople(_ agent: AgentID, _ now: Instant) -> [SimulatedEvent] {
    for id in held[agent]?.keys.sorted() ?? [] where held[agent]?[id]?.person != nil { answer(id, agent, now) }
    return []
  }

  private mutating func answer(_ id: String, _ agent: AgentID, _ now: Instant) {
    guard let mine = held[agent]?[id], let message = mine.unanswered.first, mine.nextAnswerAt <= now else { return }
    held[agent]?[id]?.unanswered.removeFirst()
    held[agent]?[id]?.nextAnswerAt = now + .milliseconds(Int64.random(in: 300...1500, using: &random))
    if talks[id]?.answered.insert(message).inserted == false {
      counts.answeredTwice += 1
    } else {
      counts.answered += 1
    }
  }

  private mutating func ask(_ id: String, _ agent: AgentID, _ now: Instant) -> [SimulatedEvent] {
    guard let talk = talks[id], let mine = held[agent]?[id], talk.needsAnother, talk.written > 1,
      mine.askedAt == nil, !mine.isSettled, mine.person == nil
    else { return [] }
    held[agent]?[id]?.askedAt = now
    let lines: [JSONValue] = [.string("user: \(talk.story)"), "agent: I ask a colleague"]
    return [
      Self.event(
        .handoffRequested, talk, of: agent,
        [
          "skill": .string(talk.skill), "language": "en", "summary": .string(talk.story),
          "context": ["messages": .integer(Int64(talk.written))], "last_lines": .array(lines),
        ])
    ]
  }

  /// The one that was chosen has it, or does not take it.
  private mutating func settle(
    _ id: String, _ agent: AgentID, _ running: [AgentID: SimulatedAgent], _ now: Instant
  ) -> [SimulatedEvent] {
    guard let talk = talks[id], let move = held[agent]?[id]?.move, move.settlesAt <= now else { return [] }
    held[agent]?[id]?.move = nil
    // One that has failed meanwhile says nothing, and the customer is still with the agent that asked.
    guard let taker = running[move.to], move.answer != .saysNothing else { return [] }
    let isFull = taker.room.map { open(of: move.to) >= $0.capacity } ?? false
    guard !isFull, move.answer == .accepts else {
      counts.refused += 1
      let why = isFull ? "full" : "not my subject"
      return [
        Self.event(.handoffRefused, talk, of: agent, ["to": .string(move.to.bytes), "reason": .string(why)])
      ]
    }
    give(id, from: agent, to: move.to)
    return [Self.event(.handoffAccepted, talk, of: agent, ["to": .string(move.to.bytes)])]
  }

  private mutating func give(_ id: String, from: AgentID, to agent: AgentID) {
    guard var moved = held[from]?[id] else { return }
    if !isCareless { held[from]?[id] = nil }
    (moved.askedAt, moved.isSettled, moved.move) = (nil, true, nil)
    held[agent, default: [:]][id] = moved
    talks[id]?.agent = agent
    given.append((id, from, agent))
    if given.count > Self.mostGiven { given.removeFirst() }
    changed.formUnion([from, agent])
    counts.moved += 1
  }

  // MARK: Orders

  /// Does what an agent's runtime is told of a conversation; nothing if the agent never had it, or the order is of another
  /// kind.
  mutating func obey(_ message: ControlMessage, at now: Instant) -> [SimulatedEvent] {
    guard let id = message.arguments["conversation_id"] else { return [] }
    let agent = message.agent
    if message.action == .transfer { return transfer(id, message, now) }
    guard let talk = talks[id], held[agent]?[id] != nil else { return [] }
    if message.action == .take {
      counts.takenByPeople += 1
      let person = message.arguments["person"] ?? ""
      held[agent]?[id]?.person = person
      held[agent]?[id]?.move = nil
      held[agent]?[id]?.askedAt = nil
      held[agent]?[id]?.isSettled = true
      return [Self.event(.personAccepted, talk, of: agent, ["person": .string(person)])]
    }
    if message.action == .handBack {
      held[agent]?[id]?.person = nil
      return [Self.event(.personReturned, talk, of: agent)]
    }
    return message.action == .closeConversation ? [close(talk)] : []
  }

  private mutating func transfer(_ id: String, _ message: ControlMessage, _ now: Instant) -> [SimulatedEvent] {
    guard let to = message.arguments["to"].map({ AgentID($0) }) else { return [] }
    let agent = message.agent
    guard let mine = held[agent]?[id] else {
      // It has given it away already, and says who has it.
      guard let last = given.last(where: { $0.id == id && $0.from == agent }) else { return [] }
      let data: JSONObject = ["conversation_id": .string(id), "to": .string(last.to.bytes)]
      return [SimulatedEvent(.handoffAccepted, agent, data)]
    }
    guard mine.person == nil else { return [] }
    let draw = Int.random(in: 0..<20, using: &random)
    let answer: HeldConversation.Answer = draw < 2 ? .refuses : draw < 3 ? .saysNothing : .accepts
    let span = TimeSpan.milliseconds(Int64.random(in: 200...2500, using: &random))
    // Whoever was to get it before, and has not, does not get it any more.
    held[agent]?[id]?.move = HeldConversation.Move(to: to, settlesAt: now + span, answer: answer)
    return []
  }

  private static func event(
    _ kind: EventKind, _ talk: MovingConversation, of agent: AgentID, _ more: JSONObject = [:]
  ) -> SimulatedEvent {
    var data: JSONObject = ["conversation_id": .string(talk.id)]
    for member in more.members { data[member.key] = member.value }
    return SimulatedEvent(kind, agent, data)
  }
}
