import FleetModel
import Loop
import Redis
import TestSupport
import Wire

/// What a decision costs by the number of agents: the real handler with the built-in runbook is asked to hand over
/// conversations of the same hundred of them, and holds back nearly all, since the rule has acted often enough. What it
/// costs to hold back each agent's first is measured by itself: that is told in the audit.
struct DecisionBench {
  let report: Report
  private let events = 10_000
  /// Whose conversations are handed over: as many in each fleet, so that the fleet alone differs.
  private let askers = 100
  private let keys = Keys()

  func measure(rounds: Int) throws {
    let sizes = [100, 1000, 10_000]
    var costs: [Int: Rounds] = [:]
    var firsts = Rounds()
    for _ in 0..<rounds {
      for agents in sizes {
        let (decision, first) = try cost(agents)
        costs[agents, default: Rounds()].add(decision)
        if agents >= events { firsts.add(first) }
      }
    }
    let least = costs[sizes[0]] ?? Rounds()
    for agents in sizes {
      let rounds = costs[agents] ?? Rounds()
      report.add(
        "handler, a decision with \(agents) agents, CPU", "ms", rounds, target: .atMost(0.1))
      guard agents != sizes[0] else { continue }
      report.add(
        "handler, a decision with \(agents) agents beside one with \(sizes[0])", "times",
        Rounds(zip(rounds.values, least.values).map { $0 / $1 }), target: .atMost(1.3))
    }
    report.add("handler, a decision that is told, of \(events) agents, CPU", "ms", firsts, target: .atMost(0.1))
  }

  /// Milliseconds of CPU a hand-over of some, and of all agents in turn.
  private func cost(_ agents: Int) throws -> (decision: Double, first: Double) {
    let server = try TestServer()
    _ = try server.call("SET", keys.automation, "on")
    let handler = try Programs.startHandler(server.server.port, hasRules: true)
    defer { handler.end() }
    let probe = ProcessProbe(pid: handler.pid)
    try server.wait { !((try? server.call("GET", "agentos:handler"))?.isNull ?? true) }
    try send(agents, server) { number in
      [
        "entity_id": .string(Traffic.agent(number).bytes), "event_type": "agent.updated",
        "data": [
          "role": .string("role-\(number % 20)"), "skills": [.string("skill-\(number % 10)"), "billing"],
          "languages": ["en", .string("language-\(number % 5)")],
        ],
      ]
    }
    try send(agents, server) { number in
      [
        "entity_id": .string(Traffic.agent(number).bytes), "event_type": "agent.metrics",
        "data": ["health_score": .number(0.9 + Double(number % 10) / 100), "queue_size": .integer(Int64(number % 20))],
      ]
    }
    // The rule acts 300 times a minute; those are not what is measured.
    try handOver(400, server, of: askers)
    func measure(of agents: Int) throws -> Double {
      let before = probe.cpuSeconds
      try handOver(events, server, of: agents)
      return (probe.cpuSeconds - before) * 1000 / Double(events)
    }
    return (try measure(of: askers), try measure(of: agents))
  }

  private func handOver(_ count: Int, _ server: TestServer, of agents: Int) throws {
    let earlier = try decided(server)
    try send(count, server) { number in
      [
        "entity_id": .string(Traffic.agent(number % agents).bytes), "event_type": "agent.handoff_requested",
        "data": ["conversation_id": .string("c-\(number)"), "skill": "billing", "language": "en"],
      ]
    }
    try server.loop.wait(seconds: 120) {
      server.loop.turn(forMilliseconds: 20)
      return (try? decided(server)) ?? 0 >= earlier + count
    }
  }

  /// How many events the rule has said something of.
  private func decided(_ server: TestServer) throws -> Int {
    try server.call("HGETALL", keys.tally).pairs.filter { $0.name.starts(with: Array("handoff/".utf8)) }
      .reduce(0) { $0 + (Int(String(decoding: $1.value, as: UTF8.self)) ?? 0) }
  }

  /// Adds events, and waits until the handler has read them.
  private func send(_ count: Int, _ server: TestServer, _ event: (Int) -> JSONValue) throws {
    var last: StreamID?
    for number in 0..<count {
      let id = try server.call("XADD", keys.events, "*", Keys.dataField, event(number).encoded).bytes
      last = id.flatMap { StreamID($0) }
    }
    try server.loop.wait(seconds: 60) {
      server.loop.turn(forMilliseconds: 20)
      let cursor = try? server.call("HGET", keys.cursor, keys.events).bytes.flatMap { StreamID($0) }
      return (cursor ?? .zero) >= (last ?? .zero)
    }
  }
}
