import FleetModel
import Wire

/// Agents that have conversations, and cannot go on with some: they ask for others, have conversations wait, pause, fall
/// silent and leave. What is said is said until it is heard, in order.
final class HandoffCrowd {
  /// A conversation, as its customer and the agents' runtimes know it.
  struct Talk {
    enum Stage: Equatable {
      case talking, asking
      /// Its agent has it wait.
      case waiting
      case withPerson(String)
      case over
    }

    let id: String
    var holder: AgentID
    var stage = Stage.talking
    /// Who has got it from whom.
    var given: [AgentID: AgentID] = [:]
  }

  let world: SimulatedWorld
  let agents: [AgentID]
  let members: [AgentID: HandoffRoster.Member]
  /// Whether runtimes repeat in events what people have done.
  let repeats: Bool
  var talks: [String: Talk] = [:]
  private var made = 0
  var paused: Set<AgentID> = []
  /// Agents that say nothing any more; the second, since they are deleted.
  private var silentUntil: [AgentID: Int64] = [:]
  private(set) var gone: Set<AgentID> = []
  private var isClosed = false
  private var isEnding = false
  private var outbox: [(event: String, agent: AgentID, data: JSONValue)] = []

  private static let skills = ["legal", "refunds", "returns"]
  private static let languages = ["pt", "en"]
  /// How often agents tell how they are, in milliseconds.
  private static let tells = 2500

  init(_ world: SimulatedWorld) {
    self.world = world
    repeats = world.chance(50)
    agents = (1...world.number(4...8)).map { AgentID("agent-\($0)") }
    var members: [AgentID: HandoffRoster.Member] = [:]
    for agent in agents {
      let languages = world.chance(40) ? Self.languages : [world.pick(Self.languages)]
      members[agent] = HandoffRoster.Member(
        skills: Self.skills.filter { _ in world.chance(60) }, languages: languages, capacity: world.number(2...6))
    }
    self.members = members
  }

  // MARK: What is said

  /// Publishes it once the server hears it, behind what was said before.
  func say(_ event: String, _ agent: AgentID, _ data: JSONValue) {
    outbox.append((event, agent, data))
    if outbox.count == 1 { send() }
  }

  private func send() {
    guard world.isServerUp else { return world.schedule(inMilliseconds: 300) { [self] in send() } }
    for word in outbox { world.publish(event: word.event, of: word.agent, word.data) }
    outbox.removeAll()
  }

  func say(_ event: String, _ talk: Talk, _ data: JSONObject = JSONObject()) {
    var data = data
    data["conversation_id"] = .string(talk.id)
    say(event, talk.holder, .object(data))
  }

  // MARK: Agents

  func introduce() {
    for agent in agents {
      guard let member = members[agent] else { continue }
      say(
        "agent.created", agent,
        [
          "skills": .array(member.skills.map { .string($0) }), "capacity": .integer(Int64(member.capacity)),
          "languages": .array(member.languages.map { .string($0) }), "role": "support",
        ])
      tell(agent)
    }
  }

  func tell(_ agent: AgentID) {
    guard answers(agent) else { return }
    let open = talks.values.count { $0.holder == agent && $0.stage != .over }
    let state = paused.contains(agent) ? "paused" : "running"
    say("agent.status", agent, ["state": .string(state), "conversations": .integer(Int64(open))])
  }

  /// Whether somebody is there.
  func answers(_ agent: AgentID) -> Bool { !gone.contains(agent) && silentUntil[agent] ?? 0 <= world.now }

  func leave(_ agent: AgentID) {
    guard agents.count - gone.count > 2, gone.insert(agent).inserted else { return }
    say("agent.deleted", agent, .object(JSONObject()))
  }

  func fallSilent(_ agent: AgentID, milliseconds: Int) {
    world.tell("\(agent) falls silent for \(milliseconds) ms")
    silentUntil[agent] = world.now + Int64(milliseconds) * 1_000_000
  }

  /// Lets agents tell how they are, and customers come.
  func begin() {
    world.schedule(inMilliseconds: Self.tells) { [self] in
      // As long as the server hears nothing, there is no use in saying it again and again.
      if outbox.isEmpty { for agent in agents { tell(agent) } }
      begin()
    }
  }

  func beginTalks() {
    guard !isClosed else { return }
    come()
    world.schedule(inMilliseconds: world.number(500...6000)) { [self] in beginTalks() }
  }

  /// No more customers come.
  func close() { isClosed = true }

  /// All customers leave.
  func end() {
    isEnding = true
    for id in talks.keys.sorted() { world.schedule(inMilliseconds: world.number(0...5000)) { [self] in over(id) } }
  }

  // MARK: Customers

  private func come() {
    let able = agents.filter { answers($0) && !paused.contains($0) }
    guard !able.isEmpty else { return }
    made += 1
    let id = "c-\(made)"
    talks[id] = Talk(id: id, holder: world.pick(able))
    goOn(id)
    // Some leave before anybody has come.
    if world.chance(60) { world.schedule(inMilliseconds: world.number(3000...60_000)) { [self] in over(id) } }
  }

  /// Its agent finds that it cannot go on.
  func goOn(_ id: String) {
    world.schedule(inMilliseconds: world.number(100...6000)) { [self] in
      guard let talk = talks[id], talk.stage == .talking, !isClosed else { return }
      if world.chance(20) { haveWait(id) } else { ask(id) }
    }
  }

  private func haveWait(_ id: String) {
    guard let talk = talks[id], answers(talk.holder) else { return }
    talks[id]?.stage = .waiting
    say("agent.waiting", talk)
    if world.chance(20) { askAgain(id) }
  }

  private func ask(_ id: String) {
    guard let talk = talks[id], answers(talk.holder) else { return }
    talks[id]?.stage = .asking
    var data = JSONObject()
    if world.chance(80) { data["skill"] = .string(world.chance(5) ? "astrology" : world.pick(Self.skills)) }
    if world.chance(50) { data["language"] = .string(world.pick(Self.languages)) }
    say("agent.handoff_requested", talk, data)
    if world.chance(20) { askAgain(id) }
  }

  /// It asks once more, as long as nobody has it yet: perhaps it waits for a person by then.
  private func askAgain(_ id: String) {
    let holder = talks[id]?.holder
    world.schedule(inMilliseconds: world.number(10...15_000)) { [self] in
      guard let talk = talks[id], talk.holder == holder, talk.stage == .asking || talk.stage == .waiting, !isClosed
      else { return }
      ask(id)
    }
  }

  func over(_ id: String) {
    guard let talk = talks[id], talk.stage != .over else { return }
    talks[id]?.stage = .over
    say("agent.conversation_ended", talk)
  }
}
