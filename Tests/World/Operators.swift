import FleetModel
import Wire

/// Operators: they send commands, some twice, some in parts, some to take others back.
final class Operators {
  /// A command and where it stands in its stream.
  struct Sent {
    var command: Command
    var stream: Bytes
    /// Of its first entry.
    var entry: StreamID
  }

  private unowned let world: SimulatedWorld
  private let agents: [AgentID]
  private(set) var sent: [Sent] = []
  /// How many commands were made: one that the server did not take keeps its id, since it may be sent again.
  private var made = 0
  private static let names = ["alice@x", "bob@y"]

  init(_ world: SimulatedWorld, agents: [AgentID]) {
    (self.world, self.agents) = (world, agents)
  }

  /// Sends the next command, and perhaps the same once more.
  func act() {
    if world.chance(8) { return sendBatch() }
    send(make())
  }

  private func send(_ command: Command) {
    let isOwn = world.chance(20)
    let stream = isOwn ? world.keys.commands(of: command.operator) : world.keys.commands
    post(command, to: stream)
    guard world.chance(15) else { return }
    world.schedule(inMilliseconds: world.number(0...8000)) { [self] in post(command, to: stream) }
  }

  private func post(_ command: Command, to stream: Bytes) {
    let entry = world.publish(command, to: stream)
    guard let entry, !sent.contains(where: { $0.command.id == command.id }) else { return }
    sent.append(Sent(command: command, stream: stream, entry: entry))
  }

  private func sendBatch() {
    let id = CommandID("b\(made + 1)")
    let (action, arguments) = pick()
    let author = world.pick(Self.names)
    for part in 1...2 {
      var command = make()
      (command.action, command.arguments, command.operator) = (action, arguments, author)
      command.targets = [agents[part - 1]]
      command.batch = Batch(id: id, part: part, parts: 2)
      post(command, to: world.keys.commands)
    }
  }

  private func make() -> Command {
    let (action, arguments) = pick()
    var targets: [AgentID] = []
    if action.scope == .agents {
      targets = world.chance(20) ? agents.filter { _ in world.chance(60) } : [world.pick(agents)]
      if targets.isEmpty { targets = [agents[0]] }
    }
    made += 1
    let now = world.serverTime
    let limit: TimeSpan = world.chance(5) ? .milliseconds(Int64(world.number(1...800))) : .minutes(2)
    var command = Command(
      id: CommandID("c\(made)"), action: action, targets: targets, arguments: arguments,
      operator: world.pick(Self.names), reason: "why not", issuedAt: now, expiresAt: now + limit)
    command.isDryRun = world.chance(5)
    return command
  }

  private func pick() -> (Action, [String: String]) {
    let seconds = "\(world.number(3...20))s"
    switch world.number(0...99) {
    case ..<25: return (.pause, ["for": seconds])
    case ..<35: return (.resume, [:])
    case ..<45: return (.restart, [:])
    case ..<55: return (.scale, world.chance(50) ? ["replicas": "\(world.number(1...5))"] : ["by": "+1"])
    case ..<65: return (.rateLimit, ["per_minute": "\(world.number(1...90))", "for": seconds])
    case ..<72: return (.tune, ["parameter": "heat", "value": "\(world.number(1...9))"])
    case ..<80: return (.blockIP, ["ip": "198.51.100.\(world.number(1...9))", "for": seconds])
    case ..<82:
      let alert = ["alert": "\(AlertID(.escalation, world.pick(agents)))"]
      return world.chance(50) ? (.close, alert) : (.acknowledge, alert)
    case ..<85: return (.escalate, ["to": "on-call", "severity": "high"])
    case ..<88: return (.offerCoupon, ["conversation_ids": "7", "campaign": "sorry"])
    default:
      let earlier = sent.last { $0.command.action != .undo }.map(\.command.id.text) ?? "c0"
      return (.undo, ["command_id": world.chance(80) || sent.isEmpty ? earlier : world.pick(sent).command.id.text])
    }
  }
}
