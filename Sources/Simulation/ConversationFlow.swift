import FleetModel
import Wire

/// Customers' conversations with one agent and with the one that stands in for it, message by message: what counts is that
/// each message is answered, and once.
///
/// ```text
/// a new conversation ─▶ the agent, while it takes any ─┐        message ─▶ in hand ─▶ answered
///                    └▶ the backup, while it stands in ┴─▶      restart with a message in hand ─▶ lost
///                    └▶ the lobby, until one of them does       crash ─▶ in hand again once it is back
/// ```
/// A runtime keeps what it has in hand over a crash, as one does that acknowledges a message with its answer. What it is
/// told to restart with is gone, so that a restart that comes too early is seen.
package struct ConversationFlow: Sendable {
  package struct Counts: Equatable, Sendable {
    package var sent = 0
    package var answered = 0
    package var lost = 0
    package var answeredTwice = 0
    /// Conversations that moved from the agent to its backup.
    package var moved = 0
  }

  private struct Conversation: Sendable {
    var place: Place?
    /// How many messages its customer still sends.
    var left: Int
    /// When the next one comes; it comes once the one before is answered.
    var next: Instant
    var isWaiting = false
  }

  private enum Place: Int, Sendable { case agent, backup }

  private struct Worker: Sendable {
    /// Message → its conversation, and when it is answered.
    var hands: [(message: Int, conversation: Int, due: Instant)] = []
    /// Until when it is gone, and whether it was told so.
    var backAt: Instant?
    var wasTold = false
  }

  private static let restartTakes = TimeSpan.seconds(3)
  private static let answers = 400...4000
  private static let thinks = 500...5000
  private static let comes = TimeSpan.seconds(2)

  package let agent: AgentID
  package let backup: AgentID
  package private(set) var counts = Counts()
  package private(set) var state = AgentState.running
  package private(set) var isBackupOn = false
  private var conversations: [Int: Conversation] = [:]
  private var workers = [Worker(), Worker()]
  private var answered: Set<Int> = []
  private var random: SeededRandom
  private var now: Instant
  private var nextConversation: Instant
  private var numbers = (conversation: 0, message: 0)
  private var isClosed = false
  private var drains: [CommandID] = []
  private var drainEnds: Instant?
  private var restarts: [CommandID] = []
  /// What the agent's runtime was told while it was gone.
  private var unread: [ControlMessage] = []

  package init(agent: AgentID, backup: AgentID, seed: UInt64, at start: Instant) {
    (self.agent, self.backup, now, nextConversation) = (agent, backup, start, start)
    random = SeededRandom(seed: seed)
  }

  /// Whether nobody waits for anything any more.
  package var isQuiet: Bool { conversations.isEmpty }
  package var openCount: Int { conversations.count }

  /// No more customers come.
  package mutating func close() { isClosed = true }

  /// One of both is gone for a while, as by a crash: what it has in hand it takes up again.
  package mutating func crash(_ id: AgentID, for span: TimeSpan) {
    let place = id == backup ? Place.backup : .agent
    // One that restarts is gone already.
    guard workers[place.rawValue].backAt == nil else { return }
    workers[place.rawValue].backAt = now + span
  }

  package func isGone(_ id: AgentID) -> Bool { workers[(id == backup ? Place.backup : .agent).rawValue].backAt != nil }

  // MARK: Time

  /// Lets time pass; what the agent's runtime says in it.
  package mutating func advance(to instant: Instant) -> [SimulatedEvent] {
    now = max(now, instant)
    var events = comeBack()
    for place in [Place.agent, .backup] where workers[place.rawValue].backAt == nil { answer(place) }
    if let end = drainEnds, end <= now { stopDraining() }
    receive()
    send()
    events += drain()
    return events
  }

  private mutating func comeBack() -> [SimulatedEvent] {
    var events: [SimulatedEvent] = []
    for place in workers.indices {
      guard let back = workers[place].backAt, back <= now else { continue }
      workers[place].backAt = nil
      let wasTold = workers[place].wasTold
      workers[place].wasTold = false
      for index in workers[place].hands.indices { workers[place].hands[index].due = now + .milliseconds(500) }
      guard place == Place.agent.rawValue else { continue }
      if wasTold {
        state = .running
        events += restarts.map { status($0) }
        restarts = []
      }
      let told = unread
      unread = []
      events += told.flatMap { message in
        // It has just begun anew.
        guard message.action == .restart else { return obey(message) }
        stopDraining()
        return [status(message.commandID)]
      }
    }
    return events
  }

  private mutating func answer(_ place: Place) {
    let due = workers[place.rawValue].hands.filter { $0.due <= now }
    workers[place.rawValue].hands.removeAll { $0.due <= now }
    for (message, id, _) in due {
      if answered.insert(message).inserted { counts.answered += 1 } else { counts.answeredTwice += 1 }
      guard var conversation = conversations[id] else { continue }
      conversation.isWaiting = false
      conversation.left -= 1
      conversation.next = now + .milliseconds(Int64(Int.random(in: Self.thinks, using: &random)))
      conversations[id] = conversation.left > 0 ? conversation : nil
    }
  }

  /// New customers come, and those in the lobby find somebody.
  private mutating func receive() {
    while !isClosed, nextConversation <= now {
      nextConversation = nextConversation + Self.comes
      numbers.conversation += 1
      conversations[numbers.conversation] = Conversation(
        place: nil, left: Int.random(in: 1...6, using: &random), next: now)
    }
    for id in conversations.keys.sorted() where conversations[id]?.place == nil {
      let place = whoTakesOne()
      conversations[id]?.place = place
    }
  }

  private mutating func whoTakesOne() -> Place? {
    let isTaken = state == .running
    guard isBackupOn else { return isTaken ? .agent : nil }
    return isTaken && Bool.random(using: &random) ? .agent : .backup
  }

  private mutating func send() {
    for id in conversations.keys.sorted() {
      guard var conversation = conversations[id], let place = conversation.place, !conversation.isWaiting,
        conversation.next <= now
      else { continue }
      numbers.message += 1
      counts.sent += 1
      // The new runtime knows nothing of the message, and its customer waits for ever.
      guard !workers[place.rawValue].wasTold else {
        counts.lost += 1
        conversations[id] = nil
        continue
      }
      conversation.isWaiting = true
      conversations[id] = conversation
      let span = Int.random(in: Self.answers, using: &random)
      workers[place.rawValue].hands.append((numbers.message, id, now + .milliseconds(Int64(span))))
    }
  }

  // MARK: Draining

  /// Conversations without a message in hand move, if there is somebody to take them.
  private mutating func drain() -> [SimulatedEvent] {
    guard state == .draining, workers[Place.agent.rawValue].backAt == nil else { return [] }
    let isThere = isBackupOn && workers[Place.backup.rawValue].backAt == nil
    for id in conversations.keys.sorted() where isThere && conversations[id]?.place == .agent {
      guard conversations[id]?.isWaiting == false else { continue }
      conversations[id]?.place = .backup
      counts.moved += 1
    }
    guard !drains.isEmpty, !conversations.values.contains(where: { $0.place == .agent }) else { return [] }
    defer { drains = [] }
    return drains.map { status($0) }
  }

  private mutating func stopDraining() {
    drainEnds = nil
    guard state == .draining else { return }
    (state, drains) = (.running, [])
  }

  // MARK: Control

  /// Does as the control stream says; what the agent's runtime answers.
  package mutating func obey(_ message: ControlMessage) -> [SimulatedEvent] {
    guard message.agent == agent, let action = message.action else { return [] }
    guard workers[Place.agent.rawValue].backAt == nil else {
      unread.append(message)
      return []
    }
    switch action {
    case .activateBackup: isBackupOn = true
    case .deactivateBackup: isBackupOn = false
    case .drain:
      // What it was told while it was gone may be over.
      if let until = message.until, until <= now { return [status(message.commandID)] }
      (state, drainEnds) = (.draining, message.until)
      drains.append(message.commandID)
      return []
    case .resume: stopDraining()
    case .restart: return restart(message)
    default: break
    }
    return [status(message.commandID)]
  }

  private mutating func restart(_ message: ControlMessage) -> [SimulatedEvent] {
    let place = Place.agent.rawValue
    for (_, id, _) in workers[place].hands {
      counts.lost += 1
      conversations[id] = nil
    }
    workers[place].hands = []
    (workers[place].backAt, workers[place].wasTold) = (now + Self.restartTakes, true)
    (state, drainEnds, drains) = (.restarting, nil, [])
    restarts.append(message.commandID)
    return []
  }

  private func status(_ command: CommandID) -> SimulatedEvent {
    let open = conversations.values.count { $0.place == .agent }
    return SimulatedEvent(
      .status, agent,
      [
        "state": .string(state.rawValue), "command_id": .string(command.text), "conversations": .integer(Int64(open)),
      ])
  }
}
