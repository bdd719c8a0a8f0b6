import FleetModel
import Redis
import Wire

/// Which agents of an order nobody has heard of: a slip of the hand, most likely.
///
/// ```
/// profiles ─▶ of those who have none: their records, and the latest events
/// ```
/// An agent has a profile once a handler has heard it for a minute. All of it is what an operator may read anyway.
enum UnheardAgents {
  /// How many of the latest events are looked through.
  private static let events = 500
  private static let mostNamed = 3

  /// Calls `completion` once, unless the connection breaks. What is refused is not known: then nobody is missed.
  static func find(
    among agents: [AgentID], _ keys: Keys, on connection: Connection, _ completion: @escaping ([AgentID]) -> Void
  ) {
    guard !agents.isEmpty else { return completion([]) }
    var profiles = Request("HMGET", keys.profiles)
    for agent in agents { profiles.append(agent.bytes) }
    connection.send(profiles) { [weak connection] result in
      guard let connection, case .success(let reply) = result else { return }
      let rest = zip(agents, reply.elements ?? []).filter { $1.bytes == nil }.map(\.0)
      guard !rest.isEmpty else { return completion([]) }
      search(for: rest, keys, on: connection, completion)
    }
    connection.flush()
  }

  private static func search(
    for agents: [AgentID], _ keys: Keys, on connection: Connection, _ completion: @escaping ([AgentID]) -> Void
  ) {
    var heard: Set<AgentID> = []
    for agent in agents {
      connection.send(Request("HGETALL", keys.agent(agent))) { result in
        guard case .success(let reply) = result, reply.error != nil || !reply.pairs.isEmpty else { return }
        heard.insert(agent)
      }
    }
    let reader = EventReader()
    let assembler = EntryAssembler(.range) { entry in
      // What cannot be read names nobody.
      try? reader.read(entry, receivedAt: entry.id.instant) { heard.insert($0.agentID) }
    }
    let latest = Request("XREVRANGE", keys.events, "+", "-", "COUNT", events)
    connection.send(latest, expecting: .entries(assembler)) { result in
      guard case .success(let reply) = result else { return }
      completion(reply.error == nil ? agents.filter { !heard.contains($0) } : [])
    }
    connection.flush()
  }

  /// One line about some of them.
  static func warning(_ agents: [AgentID]) -> String {
    let names = agents.prefix(mostNamed).map(\.description).joined(separator: ", ")
    let more = agents.count > mostNamed ? " and \(agents.count - mostNamed) more" : ""
    return "warning: nobody has heard of agent\(agents.count == 1 ? "" : "s") \(names)\(more)".shown
  }
}
