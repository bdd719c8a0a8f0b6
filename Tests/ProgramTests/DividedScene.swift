import FleetModel
import Loop
import Redis
import TestSupport
import Testing
import Wire

/// A divided fleet on one server, with a handler of its own for each shard.
final class DividedScene {
  let server: TestServer
  let shards: Shards
  private(set) var handlers: [Program] = []

  /// - Parameter isLed: whether each shard has a handler.
  init(_ count: Int = 4, isLed: Bool = true) throws {
    server = try TestServer()
    shards = try Shards(count, of: .default)
    if isLed { for index in 0..<count { try lead(index) } }
  }

  deinit { for handler in handlers { handler.child.end(9) } }

  var environment: [String: String] { ["VIGIA_SHARDS": "\(shards.count)"] }

  func keys(_ shard: Int) -> Keys { Keys(shards.prefixes[shard]) }
  func keys(of agent: String) -> Keys { keys(shards.shard(of: AgentID(agent))) }

  private func lead(_ index: Int) throws {
    let arguments = ["--prefix", shards.prefixes[index].text, "--id", "h\(index)"]
    handlers.append(try Program(arguments, on: server.endpoint, name: "vigia-handler"))
    try server.wait { (try? server.call("GET", keys(index).lease).bytes) != nil }
  }

  /// Kills the handler of a shard, and waits until its lease has ended.
  func kill(_ shard: Int) throws {
    handlers[shard].child.end(9)
    try server.wait { (try? server.call("GET", keys(shard).lease).bytes) == nil }
  }

  func add(_ agents: [String], count: Int = 1) throws {
    for agent in agents {
      for _ in 0..<count {
        _ = try server.call("XADD", keys(of: agent).events, "*", "__data__", TestServer.event(agent))
      }
    }
  }

  func run(_ arguments: String...) throws -> Program.Result {
    try Program(arguments, on: server.endpoint, environment: environment).finish()
  }

  /// Some agents, one of each of these shards.
  func agents(in shards: Int...) -> [String] {
    shards.map { shard in (0...).lazy.map { "agent-\($0)" }.first { self.shards.shard(of: AgentID($0)) == shard } ?? ""
    }
  }

  func record(_ agent: String) throws -> AgentRecord {
    AgentRecordCoding.decode(fields: try server.call("HGETALL", keys(of: agent).agent(AgentID(agent))).pairs)
  }
}
