import Configuration
import FleetModel
import Insight
import TestSupport
import Testing
import Wire

@testable import Handler

/// A handler that compares versions, and agents of one role that report minute by minute.
final class VersionScene {
  struct ReportingAgent {
    let id: AgentID
    var version: String
    var rate: Double
  }

  let scene: HandlerScene
  private let clock: SteppedClock
  var agents = [
    ReportingAgent(id: "a1", version: "1.4.1", rate: 0.01), ReportingAgent(id: "a2", version: "1.4.1", rate: 0.01),
    ReportingAgent(id: "b1", version: "1.4.2", rate: 0.2), ReportingAgent(id: "b2", version: "1.4.2", rate: 0.2),
  ]
  /// Minutes that have passed.
  private var passed: Int64 = 0

  init() throws {
    clock = try SteppedClock(folder: BuildFolder.path)
    scene = try HandlerScene(start: false, clock: clock)
  }

  /// Starts a handler whose only rules are those about worse versions, with automation on.
  func start(_ id: String, _ mode: Autonomy) throws {
    _ = try scene.server.call("SET", scene.keys.automation, "on")
    var runbook = try RunbookFile.builtIn()
    runbook.rules.removeAll { !$0.on.contains(RollbackEvent.type) }
    try scene.startHandler(id) {
      ($0.insight.comparesVersions, $0.insight.rollback, $0.runbook) = (true, mode, runbook)
    }
  }

  /// Ends the last handler as `kill -9` does, and lets another begin at once.
  func replace(by id: String, _ mode: Autonomy) throws {
    scene.handlers.last?.halt()
    _ = try scene.server.call("DEL", scene.keys.lease)
    try start(id, mode)
  }

  private func report(_ agent: ReportingAgent) throws {
    let data: JSONValue = [
      "role": "sales", "version": .string(agent.version), "error_rate": .number(agent.rate),
      "messages_per_minute": 200,
    ]
    let event: JSONValue = [
      "entity_id": .string(agent.id.bytes), "event_type": "agent.metrics", "data": data,
    ]
    _ = try scene.server.call("XADD", scene.keys.events, "*", Keys.dataField, event.encoded)
  }

  /// The latest minute that is stored of an agent, counted from 1970.
  private func storedMinute(_ agent: AgentID) throws -> Int64? {
    let now = try scene.now().milliseconds / 60_000
    for minute in (now - 5...now).reversed() {
      let begin = Instant(milliseconds: minute * 60_000)
      guard let hour = RollupHour.hour(of: begin),
        let bytes = try scene.server.call("GET", scene.keys.rollup(agent, hour: hour)).bytes,
        let stored = try? RollupHour(decoding: bytes)
      else { continue }
      if stored[MetricID(.errorRate), Int(minute % 60)] != nil { return minute }
    }
    return nil
  }

  /// Has all agents report minute by minute; each minute ends with the first report of the next.
  func pass(minutes: Int64) throws {
    var reported: Int64?
    for _ in 0..<minutes {
      clock.set(seconds: passed * 60)
      passed += 1
      let present = try scene.now().milliseconds / 60_000
      for agent in agents { try report(agent) }
      if let reported {
        try scene.server.wait {
          self.agents.allSatisfy { ((try? self.storedMinute($0.id)) ?? nil).map { $0 >= reported } ?? false }
        }
      }
      // The clock's minute may change between two rounds: then one is left out.
      reported = present
    }
  }

  /// What the handler has published of a type.
  func published(_ type: String) throws -> [JSONValue] {
    try scene.entries(scene.keys.events).compactMap { try? JSONValue.parse($0) }
      .filter { $0["source"]?.text == "vigia" && $0["event_type"]?.text == type }
  }

  /// Who was named to go back, event by event.
  func named() throws -> [[String]] {
    try published(RollbackEvent.type).map { ($0["data"]?["agents"]?.list ?? []).compactMap(\.text) }
  }

  /// What is stored of versions that were named.
  func stored() throws -> [WorseVersion]? {
    try scene.server.call("HGET", scene.keys.insightRecord, "versions").bytes.flatMap { WorseVersionCoding.decode($0) }
  }

  /// Agents that were told to go back, in order, with the version.
  func rolledBack() throws -> [String] {
    try scene.control().filter { $0.action == .rollback }.map { "\($0.agent) \($0.arguments["version"] ?? "")" }
  }

  /// An agent is taken away, and reports no more.
  func delete(_ id: AgentID) throws {
    agents.removeAll { $0.id == id }
    let event: JSONValue = ["entity_id": .string(id.bytes), "event_type": "agent.deleted", "data": [:]]
    _ = try scene.server.call("XADD", scene.keys.events, "*", Keys.dataField, event.encoded)
  }

  /// An agent runs another version from now on.
  func set(_ id: AgentID, _ version: String, rate: Double) {
    guard let place = agents.firstIndex(where: { $0.id == id }) else { return }
    (agents[place].version, agents[place].rate) = (version, rate)
  }
}
