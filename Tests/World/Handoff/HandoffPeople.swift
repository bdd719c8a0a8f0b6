import FleetModel
import Handler
import Redis
import Wire

/// People around a fleet that hands conversations over: they take what waits, hand it back, close it, agree to what is
/// proposed or have it themselves, pause agents, and switch automation off and on.
final class HandoffPeople {
  private let world: SimulatedWorld
  private let crowd: HandoffCrowd
  let mode: Autonomy
  private let post: CommandPost
  /// When something was last done about a conversation, in nanoseconds.
  private var doneAt: [String: Int64] = [:]
  private var isOver = false

  private static let names = ["ana@ops", "ben@ops"]
  static let answerWithin = TimeSpan.seconds(4)

  /// Commands that the server has taken.
  var sent: [Command] { post.sent }

  init(_ world: SimulatedWorld, _ crowd: HandoffCrowd) {
    (self.world, self.crowd) = (world, crowd)
    post = CommandPost(world, "p")
    mode = world.chance(10) ? .off : world.chance(30) ? .propose : .auto
  }

  func configure(_ options: inout HandlerOptions) {
    options.handoff.mode = mode
    options.handoff.answerWithin = Self.answerWithin
    options.waiting.level = .seconds(10)
    options.runbook.guards.silence = .seconds(8)
    options.insight.isOn = false
  }

  /// Plans what happens until a moment, in milliseconds from now.
  func plan(until end: Int) {
    for _ in 0..<world.number(0...3) {
      world.schedule(inMilliseconds: world.number(3000...end)) { [self] in
        send(.pause, world.pick(crowd.agents), ["for": "\(world.number(5...40))s"])
      }
    }
    for _ in 0..<world.number(0...2) {
      world.schedule(inMilliseconds: world.number(3000...end)) { [self] in
        crowd.fallSilent(world.pick(crowd.agents), milliseconds: world.number(3000...30_000))
      }
    }
    guard world.chance(40) else { return }
    world.schedule(inMilliseconds: world.number(3000...end)) { [self] in
      send(.automation, nil, ["mode": world.chance(50) ? "off" : "dry"])
      world.schedule(inMilliseconds: world.number(500...20_000)) { [self] in
        send(.automation, nil, ["mode": "on"])
      }
    }
  }

  /// From now on all that waits comes to its end.
  func close() { isOver = true }

  /// Lets them look at the list now and then.
  func begin() {
    world.schedule(inMilliseconds: world.number(300...4000)) { [self] in
      for conversation in waiting { act(on: conversation) }
      begin()
    }
  }

  private var waiting: [WaitingConversation] {
    guard case .hash(let table) = world.server.model[world.keys.waiting] else { return [] }
    return table.fields.compactMap { WaitingCoding.decode($0, table[$0] ?? []) }
  }

  private func act(on conversation: WaitingConversation) {
    let id = conversation.id.text
    guard world.now - (doneAt[id] ?? -.max / 2) > 4_000_000_000, isOver || world.chance(30) else { return }
    doneAt[id] = world.now
    let arguments = ["conversation_id": id]
    let person = world.pick(Self.names)
    if let hand = conversation.hand {
      let closes = isOver || world.chance(40)
      // Now and then another one tries, and is refused.
      return send(closes ? .closeConversation : .handBack, conversation.agent, arguments, by: isOver ? hand.by : person)
    }
    switch world.number(0...99) {
    case ..<40 where !isOver && conversation.proposed != nil:
      send(.transfer, conversation.agent, ["conversation_id": id, "to": "\(conversation.proposed?.agent ?? .none)"])
    case ..<15 where !isOver:
      let others = crowd.agents.filter { $0 != conversation.agent }
      send(.transfer, conversation.agent, ["conversation_id": id, "to": "\(world.pick(others))"])
    case ..<25 where !isOver: send(.closeConversation, conversation.agent, arguments, by: person)
    default:
      send(.take, conversation.agent, arguments, by: person)
      if world.chance(15) { send(.take, conversation.agent, arguments, by: world.pick(Self.names)) }
    }
  }

  // MARK: Commands

  private func send(_ action: Action, _ target: AgentID?, _ arguments: [String: String], by person: String = "ana@ops")
  {
    let command = post.send(action, target.map { [$0] } ?? [], arguments, by: person)
    // Whoever hears no answer sends it again.
    if world.chance(10) { world.schedule(inMilliseconds: world.number(10...4000)) { [post] in post.send(command) } }
  }
}
