import FleetModel
import Handler
import Simulation
import Wire

/// A window of maintenance from its plan to its end, while customers talk to the agent: in one of its phases the agent, its
/// backup, the handlers or the server fail, as the seed says, and sometimes more. Whatever happens, no message is lost or
/// answered twice, each command goes out once, and the window comes to an end that the audit tells.
package struct MaintenanceStory {
  /// Who fails.
  package enum Victim: CaseIterable { case agent, backup, handler, server, nobody }

  package struct Report {
    package var counts: ConversationFlow.Counts
    package var victim: Victim
    /// In which phase it failed.
    package var phase: MaintenanceWindow.Phase
    /// How the window ended.
    package var end: AuditLine.Phase
  }

  package let world: SimulatedWorld
  private static let agent: AgentID = "agent-0"
  private static let backup: AgentID = "agent-1"
  private static let agents = (0..<6).map { AgentID("agent-\($0)") }
  private static let phases: [MaintenanceWindow.Phase] = [.standIn, .drain, .restart, .verify, .release, .resume]

  private let flow: FlowOfMessages
  private let victim: Victim
  private let phase: MaintenanceWindow.Phase
  private var hasFailed = false
  private var lastControl = StreamID.zero
  private var controls: [CommandID: Int] = [:]

  /// When it is planned, and when at the latest all must be over, in seconds.
  private static let planned = 40
  private static let longest = 40 * 60

  package init(seed: UInt64) throws {
    world = SimulatedWorld(seed: seed)
    // Each phase with each victim in turn.
    phase = Self.phases[Int(seed % UInt64(Self.phases.count))]
    let victims = Victim.allCases
    victim = victims[Int(seed / UInt64(Self.phases.count) % UInt64(victims.count))]
    flow = FlowOfMessages(
      world, ConversationFlow(agent: Self.agent, backup: Self.backup, seed: seed ^ 0x4D41_494E, at: world.serverTime))
    world.runtimes = SimulatedRuntimes(world, agents: [])
    world.service = OutsideService(world)
    world.configure = {
      $0.maintenance.mode = .propose
      $0.restartLimit = .seconds(20)
    }
    for number in 1...2 { try world.addHandler("h\(number)") }
  }

  package mutating func run() throws -> Report {
    introduce()
    for place in world.nodes.indices { world.restart(place) }
    for second in stride(from: 1, to: Self.longest, by: 20) {
      world.schedule(inMilliseconds: second * 1000) { [self] in report() }
    }
    flow.begin()
    world.schedule(inMilliseconds: Self.planned * 1000) { [self] in plan(1) }
    let end = Int64(Self.longest) * 1_000_000_000
    var over: Int64?
    while world.now < (over ?? end) {
      let next = min(world.now + 200_000_000, over ?? end)
      while world.step(until: next) {}
      world.move(to: next)
      try look()
      if over == nil, isOver {
        flow.close()
        over = world.now + 220 * 1_000_000_000
      }
    }
    guard over != nil else { throw Violation("the window has no end: \(words)") }
    return try judge()
  }

  // MARK: What happens

  /// The fleet introduces itself.
  private func introduce() {
    for agent in Self.agents {
      let isBackup = agent == Self.backup
      let data: JSONValue = [
        "role": "support", "backup_for": isBackup ? .string(Self.agent.bytes) : nil,
      ]
      world.publish(event: "agent.created", of: agent, data)
    }
  }

  private func report() {
    for agent in Self.agents {
      if agent == Self.agent, flow.flow.state != .running || flow.flow.isGone(agent) { continue }
      if agent == Self.backup, flow.flow.isGone(agent) { continue }
      world.publish(
        event: "agent.metrics", of: agent,
        ["error_rate": .number(0.01), "queue_size": .number(20 + Double(world.number(-20...20)) / 10)])
    }
  }

  /// An operator sends it until it is heard.
  private func plan(_ attempt: Int) {
    let now = world.serverTime
    let command = Command(
      id: CommandID("plan"), action: .planMaintenance, targets: [Self.agent],
      arguments: ["for": phase == .resume ? "10s" : "60s", "at": "5s", "backup": Self.backup.description],
      operator: "ana@ops",
      issuedAt: now, expiresAt: now + .minutes(10))
    guard world.publish(command) == nil, attempt < 100 else { return }
    world.schedule(inMilliseconds: 1000) { [self] in plan(attempt + 1) }
  }

  /// Hands on what runtimes are told, and has somebody fail once the window is in the phase in question.
  private mutating func look() throws {
    for (id, payload) in world.entries(world.keys.control, after: lastControl) {
      lastControl = id
      guard let message = ControlCoding.decode(payload) else { throw Violation("a control message cannot be read") }
      world.tell("control: \(message.verb.name) \(message.agent)")
      controls[message.commandID, default: 0] += 1
      guard controls[message.commandID] == 1 else { throw Violation("\(message.verb.name) went out twice") }
      flow.take(message)
    }
    guard let window else { return }
    // There is a way back only from a drain that takes too long.
    if phase == .resume, window.phase == .drain, !flow.flow.isGone(Self.backup) {
      flow.crash(Self.backup, for: .seconds(60))
    }
    guard !hasFailed, victim != .nobody, window.phase == phase else { return }
    hasFailed = true
    world.schedule(inMilliseconds: world.number(0...2500)) { [self] in fail() }
  }

  private func fail() {
    let span = TimeSpan.seconds(Int64(world.pick([3, 12, 45, 150])))
    world.tell("\(victim) fails for \(span)")
    switch victim {
    case .agent: flow.crash(Self.agent, for: span)
    case .backup: flow.crash(Self.backup, for: span)
    case .handler:
      for place in world.nodes.indices {
        world.kill(place, losesRequests: world.chance(50))
        world.schedule(inMilliseconds: Int(span.milliseconds) + world.number(0...900)) { [world] in world.restart(place)
        }
      }
    case .server: world.restartServer(after: Int(span.milliseconds))
    case .nobody: break
    }
    // One trouble seldom comes alone.
    guard world.chance(40) else { return }
    world.schedule(inMilliseconds: world.number(100...20_000)) { [world] in
      let place = world.number(0...1)
      world.kill(place, losesRequests: world.chance(50))
      world.schedule(inMilliseconds: world.number(200...5000)) { world.restart(place) }
    }
  }

  // MARK: What stands

  private var window: MaintenanceWindow? {
    guard case .hash(let table) = world.server.model[world.keys.maintenance] else { return nil }
    return table[Self.agent.bytes].flatMap { MaintenanceCoding.decode(Self.agent.bytes, $0) }
  }

  private var lines: [AuditLine] { world.audit.filter { $0.action == "maintenance" } }
  private var words: String { lines.map { "\($0.phase.rawValue) \($0.detail)" }.joined(separator: "; ") }
  private var isOver: Bool { window == nil && lines.contains { $0.phase != .started } }

  private func judge() throws -> Report {
    let counts = flow.flow.counts
    guard counts.sent > 50 else { throw Violation("only \(counts.sent) messages were sent") }
    guard counts.lost == 0, counts.answeredTwice == 0, counts.answered == counts.sent, flow.flow.isQuiet else {
      throw Violation("\(counts), \(flow.flow.openCount) conversations are open: \(words)")
    }
    let ends = lines.filter { $0.phase != .started }
    guard ends.count == 1, let end = ends.first else { throw Violation("it ended \(ends.count) times: \(words)") }
    guard lines.count <= 2 else { throw Violation("it began twice: \(words)") }
    let record = world.record(Self.agent)
    guard record.state == .running, flow.flow.state == .running else {
      throw Violation("the agent is \(record.state) and \(flow.flow.state): \(words)")
    }
    switch end.phase {
    case .succeeded:
      guard record.backup == nil, !flow.flow.isBackupOn else { throw Violation("the backup stays on after a success") }
    case .failed:
      let calls = world.audit.filter { $0.action == "escalate" && $0.phase == .succeeded && $0.target == Self.agent }
      guard calls.count == 1 else { throw Violation("a person was called \(calls.count) times: \(words)") }
    default: throw Violation("it ended as \(end.phase.rawValue): \(words)")
    }
    if victim == .nobody, phase != .resume, end.phase != .succeeded {
      throw Violation("nothing failed, and it did: \(words)")
    }
    return Report(counts: counts, victim: victim, phase: phase, end: end.phase)
  }
}

/// The runtimes of the agent and its backup, in a world: a class, since the world's agenda holds it.
final class FlowOfMessages {
  private unowned let world: SimulatedWorld
  private(set) var flow: ConversationFlow
  private var unsaid: [SimulatedEvent] = []

  private static let stepMilliseconds = 100

  init(_ world: SimulatedWorld, _ flow: ConversationFlow) { (self.world, self.flow) = (world, flow) }

  func begin() {
    world.schedule(inMilliseconds: Self.stepMilliseconds) { [self] in
      unsaid += flow.advance(to: world.serverTime)
      say()
      begin()
    }
  }

  func close() { flow.close() }
  func crash(_ agent: AgentID, for span: TimeSpan) { flow.crash(agent, for: span) }

  /// A runtime hears of it a little later.
  func take(_ message: ControlMessage) {
    world.schedule(inMilliseconds: world.number(5...800)) { [self] in
      unsaid += flow.obey(message)
      say()
    }
  }

  /// A runtime says it until the server has it.
  private func say() {
    guard world.isServerUp else { return }
    for event in unsaid { world.publish(event: event.type, of: event.agent, .object(event.data)) }
    unsaid = []
  }
}
