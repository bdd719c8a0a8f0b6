import FleetModel
import Redis
import TestSupport
import Testing
import Wire

@testable import Handler

/// Conversations that are to change hands, on a real server with a handler.
struct HandoffScene {
  let handlers: HandlerScene

  init() throws {
    handlers = try HandlerScene(start: false)
    _ = try server.call("SET", keys.automation, "on")
  }

  var server: TestServer { handlers.server }
  var keys: Keys { handlers.keys }

  /// - Parameter span: how long who is chosen may take to accept; by default nobody takes so long.
  @discardableResult
  func start(
    _ id: String = "h1", _ mode: Autonomy = .auto, within span: TimeSpan = .hours(1),
    _ change: (inout HandlerOptions) -> Void = { _ in }
  ) throws -> HandlerService {
    try handlers.startHandler(id) {
      ($0.handoff.mode, $0.handoff.answerWithin) = (mode, span)
      change(&$0)
    }
  }

  /// Ends a handler as a crash does, and lets another take over at once.
  func kill(_ handler: HandlerService) throws {
    handler.halt()
    _ = try server.call("DEL", keys.lease)
  }

  @discardableResult
  func event(_ type: String, _ agent: AgentID, _ data: JSONValue) throws -> String {
    let event: JSONValue = ["entity_id": .string(agent.bytes), "event_type": .string(type), "data": data]
    return try server.call("XADD", keys.events, "*", Keys.dataField, event.encoded).text ?? ""
  }

  /// An agent says what it is, and how many conversations it has open.
  func specialist(
    _ id: AgentID, _ skills: [String] = ["legal"], open: Int = 0, of capacity: Int = 8, health: Double = 1
  ) throws {
    try event(
      "agent.created", id,
      [
        "skills": .array(skills.map { .string($0) }), "languages": ["pt"], "capacity": .integer(Int64(capacity)),
      ])
    try event("agent.metrics", id, ["health_score": .number(health)])
    try event("agent.status", id, ["state": "running", "conversations": .integer(Int64(open))])
  }

  /// An agent asks for another one.
  @discardableResult
  func request(_ id: String, by agent: AgentID = "sales-1", _ skill: String = "legal") throws -> String {
    try event(
      "agent.handoff_requested", agent,
      [
        "conversation_id": .string(id), "skill": .string(skill), "language": "pt", "summary": "asks for a contract",
        "context": ["tier": "gold"], "last_lines": ["user: can I cancel?"],
      ])
  }

  func accept(_ id: String, _ who: AgentID, by agent: AgentID = "sales-1") throws {
    try event("agent.handoff_accepted", agent, ["conversation_id": .string(id), "to": .string(who.bytes)])
  }

  func refuse(_ id: String, _ who: AgentID, _ why: String = "full", by agent: AgentID = "sales-1") throws {
    try event(
      "agent.handoff_refused", agent,
      ["conversation_id": .string(id), "to": .string(who.bytes), "reason": .string(why)])
  }

  // MARK: What stands

  func book() throws -> HandoffBook { HandoffCoding.decode(try server.call("HGETALL", keys.handoffs).pairs) }

  func handoff(_ id: String) throws -> Handoff? { try Handoff.ID(id).flatMap { try book()[$0] } }

  /// Waits until an agent is asked to take a conversation.
  func waitForOffer(_ id: String, to agent: AgentID) throws {
    try server.wait { (try? handoff(id))??.standing?.agent == agent }
  }

  /// Waits until nothing is in hand, and all events are read.
  func waitForEnd() throws {
    try server.wait {
      (try? server.call("EXISTS", keys.handoffs)) == .integer(0) && (try? handlers.cursorIsAtEnd()) == true
    }
  }

  /// Whom runtimes were told to give a conversation to, in order.
  func told(_ id: String) throws -> [String] {
    try handlers.control().filter { $0.action == .transfer && $0.arguments["conversation_id"] == id }
      .map { "\($0.agent) → \($0.arguments["to"] ?? "")" }
  }

  /// Lines of the audit on a conversation's way.
  func lines(_ id: String) throws -> [AuditLine] {
    try handlers.audit().filter { line in
      guard case .run(let run) = line.origin else { return false }
      return line.action == "handoff" && run.hasSuffix("/\(id)")
    }
  }

  /// Who waits for a person.
  func waiting() throws -> WaitingBook {
    WaitingCoding.decode(conversations: try server.call("HGETALL", keys.waiting).pairs, state: nil)
  }
}
