import Automation
import FleetModel
import TestSupport
import Testing
import Wire

@testable import Handler

/// A handler that tells one chat, and what a rule says there.
final class ChatScene {
  let scene: HandlerScene
  private let table: NotifyTable
  private let queues: [QueueSettings]
  private let lines: LogLines?
  private var lastHandler = 0

  /// - Parameter lines: takes what the handlers log.
  init(
    _ channel: Channel, scene: HandlerScene, queues: [QueueSettings] = [], lines: LogLines? = nil
  ) throws {
    (self.scene, self.queues, self.lines) = (scene, queues, lines)
    table = NotifyTable(
      channels: ["ops": channel], defaultRoute: ["ops"],
      grouping: Grouping.Spans(wait: .milliseconds(20), interval: .milliseconds(20)))
    try start()
  }

  /// The first handler, or the next, as if the one before it had been killed.
  func start() throws {
    if let last = scene.handlers.last {
      last.halt()
      _ = try scene.server.call("DEL", scene.keys.lease)
    }
    lastHandler += 1
    try scene.startHandler("h\(lastHandler)", log: lines?.log ?? .silent) {
      ($0.notify, $0.queues, $0.queueSpan) = (table, queues, .milliseconds(50))
    }
  }

  func notice(
    _ agent: Int, _ status: Notice.Status = .firing, _ severity: Severity = .high, text: String = "", done: String = "",
    by who: String? = nil
  ) throws -> Notice {
    var notice = Notice(
      key: "latency/agent-\(agent)", status: status, severity: severity, title: "agent-\(agent) is slow", text: text,
      agents: [AgentID("agent-\(agent)")], rule: status.isFollowUp ? Notice.anyRule : "latency", at: try scene.now())
    (notice.done, notice.acknowledgedBy) = (done, who)
    return notice
  }

  /// Lets time pass by the server's clock, and the handler see it.
  func pass(_ seconds: Int64, by clock: SteppedClock) throws {
    clock.set(seconds: seconds)
    try scene.server.wait {
      guard let now = try? scene.now(), let session = scene.handlers.last?.session else { return false }
      return (now - session.now).magnitude < .seconds(60)
    }
  }

  /// Adds notices as a step of a rule does.
  func add(_ notices: Notice...) throws { try add(notices) }

  private func add(_ notices: [Notice]) throws {
    let session = try #require(scene.handlers.last?.session)
    var step = Transaction()
    for notice in notices { session.notify(notice, in: &step) }
    var isDone = false
    session.run(step) { outcome in
      if case .done = outcome { isDone = true }
      session.tell(.notices)
    }
    try scene.server.wait { isDone }
  }

  /// Adds them, and waits until nothing is left to be told.
  func tell(_ notices: Notice...) throws {
    try add(notices)
    try waitUntilAllIsTold()
  }

  func waitUntilAllIsTold() throws {
    try scene.server.wait {
      guard let fields = try? fields() else { return false }
      return fields.allSatisfy { name, value in
        guard name.hasPrefix("group/") else { return name.hasPrefix("message/") }
        return (try? JSONValue.parse(value))?["due"] == nil
      }
    }
  }

  func fields() throws -> [(String, [UInt8])] {
    try scene.server.call("HGETALL", scene.keys.notices).pairs.map {
      (String(decoding: $0.name, as: UTF8.self), $0.value)
    }
  }

  /// The messages that are remembered.
  func remembered() throws -> [ChatMessage] {
    try fields().filter { $0.0.hasPrefix("message/") }.map { try #require(ChatMessageCoding.decode($0.1)) }
  }

  func dead() throws -> Int { try scene.entries(scene.keys.dead).count }
}
