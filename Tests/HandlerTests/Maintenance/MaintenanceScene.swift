import Automation
import FleetModel
import Insight
import Redis
import TestSupport
import Testing
import Wire

@testable import Handler

/// Maintenance of `agent-7`, for which `agent-8` stands in, on a real server with a handler.
struct MaintenanceScene {
  let handlers: HandlerScene

  init(clock: SteppedClock? = nil) throws { handlers = try HandlerScene(start: false, clock: clock) }

  var server: TestServer { handlers.server }
  var keys: Keys { handlers.keys }

  /// - Parameter looksAhead: whether it learns what is usual; otherwise it is enough that an agent runs again.
  @discardableResult
  func start(
    _ id: String = "h1", mode: Autonomy = .propose, looksAhead: Bool = false,
    restartLimit: TimeSpan = .minutes(1), notify: NotifyTable = NotifyTable()
  ) throws -> HandlerService {
    try handlers.startHandler(id) {
      ($0.maintenance.mode, $0.maintenanceSpan) = (mode, .milliseconds(20))
      ($0.insight.isOn, $0.restartLimit, $0.notify) = (looksAhead, restartLimit, notify)
    }
  }

  /// Ends a handler as a crash does, and lets another take over at once.
  func kill(_ handler: HandlerService) throws {
    handler.halt()
    _ = try server.call("DEL", keys.lease)
  }

  /// Plans a window; gives the words of the closing line.
  @discardableResult
  func plan(_ agent: AgentID = "agent-7", _ arguments: [String: String] = ["backup": "agent-8"]) throws -> String {
    try handlers.send(.planMaintenance, [agent], arguments).last?.short ?? ""
  }

  /// Puts a window there that may begin.
  func store(
    _ agent: AgentID, backup: AgentID, _ origin: MaintenanceWindow.Origin = .person("ana@ops"),
    in span: TimeSpan = .zero
  ) throws {
    let now = try handlers.now()
    let window = MaintenanceWindow(
      id: "w", agent: agent, backup: backup, origin: origin, at: now + span, phase: .planned, since: now)
    _ = try server.call("HSET", keys.maintenance, agent.bytes, MaintenanceCoding.encode(window))
  }

  func waitForStart(of agent: AgentID) throws {
    try server.wait {
      (try? lines.contains { $0.phase == .started && $0.target == agent }) == true
    }
  }

  func cancel(_ agent: AgentID = "agent-7", _ arguments: [String: String] = [:]) throws -> String {
    try handlers.send(.cancelMaintenance, [agent], arguments).last?.short ?? ""
  }

  /// Waits until a runtime was told something, and says that it has done it.
  func confirm(_ action: Action, _ state: String = "running") throws {
    let message = try waitForControl(action)
    try handlers.report("agent-7", state, command: message.commandID.text)
  }

  @discardableResult
  func waitForControl(_ action: Action) throws -> ControlMessage {
    var found: ControlMessage?
    try server.wait {
      found = (try? handlers.control())?.last { $0.action == action }
      return found != nil
    }
    return try #require(found)
  }

  var window: MaintenanceWindow? {
    get throws {
      try server.call("HGET", keys.maintenance, "agent-7").bytes.flatMap {
        MaintenanceCoding.decode(Array("agent-7".utf8), $0)
      }
    }
  }

  func waitForEnd() throws {
    try server.wait { (try? server.call("EXISTS", keys.maintenance)) == .integer(0) }
  }

  /// What runtimes were told, in its order.
  var told: [Action?] { get throws { try handlers.control().map(\.action) } }

  /// Lines about windows themselves.
  var lines: [AuditLine] { get throws { try handlers.audit().filter { $0.action == "maintenance" } } }
}
