import Automation
import FleetModel
import Redis
import TestSupport
import Testing
import Wire

@testable import Handler

/// Conversations that wait for a person, on a real server with a handler.
struct WaitingScene {
  let handlers: HandlerScene

  init() throws { handlers = try HandlerScene(start: false) }

  var server: TestServer { handlers.server }
  var keys: Keys { handlers.keys }

  /// - Parameter level: the longest that one should wait; by default nobody waits for so long.
  @discardableResult
  func start(
    _ id: String = "h1", level: TimeSpan = .hours(1), notify: NotifyTable = NotifyTable()
  ) throws -> HandlerService {
    try handlers.startHandler(id) {
      ($0.waiting.level, $0.waitingSpan, $0.notify) = (level, .milliseconds(50), notify)
    }
  }

  /// Ends a handler as a crash does, and lets another take over at once.
  func kill(_ handler: HandlerService) throws {
    handler.halt()
    _ = try server.call("DEL", keys.lease)
  }

  /// Adds an event to the stream; gives its entry.
  @discardableResult
  func event(_ type: String, _ id: String, _ more: JSONObject = [:], agent: AgentID = "agent-7") throws -> String {
    var data = JSONObject()
    data["conversation_id"] = .string(id)
    for member in more.members { data[member.key] = member.value }
    let event: JSONValue = [
      "entity_id": .string(agent.bytes), "event_type": .string(type), "data": .object(data),
    ]
    return try server.call("XADD", keys.events, "*", Keys.dataField, event.encoded).text ?? ""
  }

  /// Adds as many `agent.waiting` events, of conversations `c0`, `c1` and so on.
  func fill(_ count: Int) throws {
    let script = """
      for number = 0, ARGV[1] - 1 do
        redis.call('XADD', KEYS[1], '*', '__data__', string.format(
          '{"entity_id":"agent-7","event_type":"agent.waiting","data":{"conversation_id":"c%d"}}', number))
      end
      """
    _ = try server.call("EVAL", script, 1, keys.events, count)
  }

  /// What stands in Redis.
  func book() throws -> WaitingBook {
    WaitingCoding.decode(
      conversations: try server.call("HGETALL", keys.waiting).pairs,
      state: try server.call("GET", keys.waitingState).bytes)
  }

  func conversation(_ id: String) throws -> WaitingConversation? {
    try WaitingConversation.ID(id).flatMap { try book()[$0] }
  }

  @discardableResult
  func wait(_ holds: (WaitingBook) -> Bool) throws -> WaitingBook {
    var found = WaitingBook()
    try server.wait {
      guard let book = try? book() else { return false }
      found = book
      return holds(book)
    }
    return found
  }

  /// Waits until a conversation waits that nobody has taken.
  func waitFor(_ id: String) throws {
    try server.wait {
      guard let conversation = try? conversation(id) else { return false }
      return conversation.hand == nil
    }
  }

  /// Sends a command of a person, and gives the words of its closing line.
  func send(
    _ action: Action, _ id: String, agent: AgentID = "agent-7", by person: String = "ana@ops", note: String = ""
  )
    throws -> String
  {
    let arguments = ["conversation_id": id, "note": note].filter { !$0.value.isEmpty }
    let lines = try handlers.send(action, [agent], arguments) { $0.operator = person }
    return lines.last?.short ?? ""
  }
}
