import Automation
import FleetModel
import Loop
import Redis
import TestSupport
import Testing
import Wire

@testable import Handler

/// Agents of one role that let their share be set, on a real server with a handler. They tell what they have open, again
/// and again; whoever has more than its share is given less.
final class LoadScene {
  let handlers: HandlerScene
  /// Who tells that it has how many conversations open, of 16.
  var open: [AgentID: Int] = ["support-1": 15, "support-2": 3, "support-3": 3]
  private var toldAt = MonotonicTime(nanoseconds: 0)

  init(automation: AutomationMode = .on) throws {
    handlers = try HandlerScene(start: false)
    _ = try server.call("SET", keys.automation, automation.rawValue)
  }

  var server: TestServer { handlers.server }
  var keys: Keys { handlers.keys }

  static func options(_ mode: Autonomy, in options: inout HandlerOptions) {
    (options.load.mode, options.load.settle, options.loadSpan) = (mode, .seconds(1), .milliseconds(100))
    options.load.movesAMinute = LoadSettings.moves.upperBound
    options.insight.isOn = false
  }

  @discardableResult
  func start(
    _ mode: Autonomy = .auto, _ id: String = "h1", _ change: (inout HandlerOptions) -> Void = { _ in }
  ) throws -> HandlerService {
    try handlers.startHandler(id) {
      Self.options(mode, in: &$0)
      change(&$0)
    }
  }

  /// Ends a handler as a crash does, and lets another take over at once.
  func kill(_ handler: HandlerService) throws {
    handler.halt()
    _ = try server.call("DEL", keys.lease)
  }

  func event(_ type: String, _ agent: AgentID, _ data: JSONValue) throws {
    let event: JSONValue = ["entity_id": .string(agent.bytes), "event_type": .string(type), "data": data]
    _ = try server.call("XADD", keys.events, "*", Keys.dataField, event.encoded)
  }

  /// All agents say what they are.
  func introduce(declares: Bool = true, role: String = "support") throws {
    for agent in open.keys {
      var data = JSONObject()
      data["role"] = .string(role)
      data["capacity"] = 16
      if declares { data["parameters"] = Self.parameters }
      try event("agent.created", agent, .object(data))
    }
  }

  static let parameters: JSONValue = [
    "routing_share": ["min": .number(0.2), "max": 2, "step": .number(0.1), "value": 1]
  ]

  /// Has agents tell what they have open, until something holds.
  func wait(fileID: StaticString = #fileID, line: UInt = #line, _ condition: () throws -> Bool) throws {
    try server.wait(fileID: fileID, line: line) {
      if MonotonicTime.now.milliseconds(since: toldAt) > 100 {
        toldAt = .now
        for (agent, count) in open {
          try? event("agent.status", agent, ["state": "running", "conversations": .integer(Int64(count))])
        }
      }
      return (try? condition()) == true
    }
  }

  // MARK: What stands

  /// Lines of commands, proposals and dry runs about shares.
  func lines(_ phase: AuditLine.Phase) throws -> [AuditLine] {
    try handlers.audit().filter {
      $0.phase == phase && ($0.operator.hasPrefix("load/") || $0.rule == OwnRule.load.rawValue)
    }
  }

  func share(_ agent: AgentID) throws -> String? {
    try server.call("HGET", keys.agent(agent), "tune:routing_share").text
  }

  func standing(_ role: String = "support") throws -> LoadStanding? {
    try server.call("HGET", keys.load, role).bytes.flatMap { LoadCoding.decode($0) }
  }

  func proposals() throws -> [Proposal] {
    try server.call("HGETALL", keys.proposals).pairs.compactMap {
      try? ProposalCoding.decode($0.value, field: $0.name)
    }
  }

  /// Waits until a person is asked, and gives the question.
  func question() throws -> Proposal {
    try wait { try self.proposals().count == 1 }
    return try #require(try proposals().first)
  }

  func answer(_ proposal: Proposal, _ action: Action) throws -> AuditLine? {
    try handlers.send(action, [], ["proposal": proposal.id.text, "sha256": proposal.digest]).last
  }
}
