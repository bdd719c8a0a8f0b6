import FleetModel
import Loop
import Redis
import TestSupport
import Testing
import Wire

@testable import Handler
@testable import Insight

/// Agents of one role that let others set their timeout, and fail by how far it is from the best, on a real server with a
/// handler that tries settings.
final class TuningScene {
  let handlers: HandlerScene
  let agents: [AgentID]
  /// By how much more of the messages fail with each step away from the best.
  private static let failsPerStep = 0.012
  private static let best = 35.0
  /// What runtimes were told last.
  private(set) var settings: [AgentID: Double] = [:]
  /// Who reports seldom: nobody of them more often than so many milliseconds.
  var seldom: Double = 0
  private var heard = 0
  private var reportedAt = MonotonicTime(nanoseconds: 0)

  static let declared = 20.0
  static let role = "support"
  /// How often the role is looked at, in milliseconds.
  static let span: Int64 = 200
  /// A seed by which a longer timeout is tried first.
  private static let seed = (UInt64(1)...1000).first { seed in
    let draw = SeededDraw(seed: seed, 0)
    return draw.rank(of: "timeout_s true") > draw.rank(of: "timeout_s false")
  }

  init(agents count: Int = 12) throws {
    handlers = try HandlerScene(start: false)
    agents = (1...count).map { AgentID("support-\($0)") }
  }

  var server: TestServer { handlers.server }
  var keys: Keys { handlers.keys }

  func options(_ mode: Autonomy) -> TuningOptions {
    var options = TuningOptions()
    (options.mode, options.parameters, options.worst) = (mode, ["timeout_s"], 0.1)
    (options.budget, options.every, options.settle) = (1440, .milliseconds(Self.span), 1)
    // A machine that has much to do reads late.
    (options.mostLate, options.seed) = (.seconds(30), Self.seed)
    return options
  }

  @discardableResult
  func start(_ id: String = "h1", _ mode: Autonomy = .auto, automation: String = "on") throws -> HandlerService {
    _ = try server.call("SET", keys.automation, automation)
    return try handlers.startHandler(id) { $0.tuning = options(mode) }
  }

  /// Ends a handler as a crash does, and lets another take over at once.
  func kill(_ handler: HandlerService) throws {
    handler.halt()
    _ = try server.call("DEL", keys.lease)
  }

  func publish(_ agent: AgentID, _ type: String, _ data: JSONValue) throws {
    let event: JSONValue = ["entity_id": .string(agent.bytes), "event_type": .string(type), "data": data]
    _ = try server.call("XADD", keys.events, "*", Keys.dataField, event.encoded)
  }

  func introduce() throws {
    let bounds: JSONValue = ["min": 5, "max": 60, "step": 5, "value": .number(Self.declared)]
    for agent in agents {
      try publish(agent, "agent.created", ["role": .string(Self.role), "parameters": ["timeout_s": bounds]])
    }
  }

  /// Lets runtimes do as they were told, and report.
  private func live() throws {
    let told = try handlers.control()
    for message in told.dropFirst(heard) where message.action == .tune {
      settings[message.agent] = message.arguments["value"].flatMap { Double($0) }
    }
    heard = told.count
    guard MonotonicTime.now.milliseconds(since: reportedAt) > max(seldom, Double(Self.span) / 4) else { return }
    reportedAt = .now
    for agent in agents {
      let rate = 0.01 + Self.failsPerStep * abs((settings[agent] ?? Self.declared) - Self.best) / 5
      try publish(agent, "agent.metrics", ["error_rate": .number(min(1, rate))])
    }
  }

  /// Lets agents live until something holds.
  func live(fileID: StaticString = #fileID, line: UInt = #line, until condition: () throws -> Bool) throws {
    try server.wait(fileID: fileID, line: line) {
      try? live()
      return (try? condition()) == true
    }
  }

  /// Lets agents live for some looks at least.
  func live(looks: Int64) throws {
    let end = try handlers.now(.milliseconds(Self.span * looks))
    try live { try handlers.now() > end }
  }

  /// What the handler says of the role; nil for nothing.
  var report: TuningReport? {
    get throws { try server.call("HGET", keys.tuning, Self.role).bytes.flatMap { TuningCoding.decode($0)?.report } }
  }

  /// What the audit tells of trials.
  var lines: [AuditLine] { get throws { try handlers.audit().filter { $0.action == "tuning" } } }

  /// Commands that the handler has given, by their lines.
  var commands: [AuditLine] {
    get throws { try handlers.audit().filter { $0.operator == "tuning/support" && $0.action == "tune" } }
  }

  /// How many commands the handler has given.
  var given: Int { get throws { try commands.count { $0.phase == .received } } }

  /// What an agent is to run with, as it is stored.
  func value(_ agent: AgentID) throws -> Double {
    try handlers.record(agent).tuning(of: "timeout_s")?.number ?? Self.declared
  }

  /// How many agents run with a value that is stored.
  func count(at value: Double) throws -> Int { try agents.count { try self.value($0) == value } }

  func proposal() throws -> Proposal? {
    try server.call("HGETALL", keys.proposals).pairs.lazy.compactMap {
      try? ProposalCoding.decode($0.value, field: $0.name)
    }.first
  }
}
