import CBaseline
import FleetModel
import Loop
import Redis
import TestSupport
import Wire

/// How fast the handler gets through a flood of events that the built-in runbook has a rule about, each of an agent in
/// trouble: read, judged by the rules, and counted.
struct FloodBench {
  let report: Report
  private let entries = 200_000

  /// - Parameter rounds: how often with each number of agents.
  func measure(rounds: Int) throws {
    for agents in [1, 1000, 10_000] {
      var (judged, lost, tree) = (Rounds(), Rounds(), Rounds())
      for _ in 0..<rounds {
        let (rate, overflow, plain) = try flood(agents)
        judged.add(rate)
        lost.add(Double(overflow) / Double(entries) * 100)
        tree.add(plain)
      }
      report.add(
        "handler, flood of \(agents) agents", "events/s", judged,
        beside: [(.init(name: "reply trees of 1000", rounds: tree), nil)])
      report.add("handler, flood of \(agents) agents, told as not judged", "%", lost)
    }
  }

  private func flood(_ agents: Int) throws -> (rate: Double, overflow: Int, plain: Double) {
    let server = try TestServer()
    _ = try server.call("SET", "agentos:automation", "on")
    var traffic = Traffic(agents: agents)
    traffic.isTrouble = true
    // Of the last half a minute: rules act on what is no older than a minute.
    try Feeder(traffic.spread(entries, over: .seconds(30)), port: server.server.port).publish(0..<entries)
    var count = 0
    let cost = Cost { count = vigia_baseline_tree(Int32(server.server.port), nil, "agentos:events", 1000) }
    guard count == entries else { throw Mismatch("\(count) of \(entries) entries are there") }
    _ = try server.call("HSET", "agentos:cursor", "agentos:events", "0-0")
    let handler = try Programs.startHandler(server.server.port, hasRules: true)
    try server.wait { !((try? server.call("GET", "agentos:handler"))?.isNull ?? true) }
    let start = MonotonicTime.now
    var (decided, overflow) = (0, 0)
    try server.loop.wait(seconds: 120) {
      server.loop.turn(forMilliseconds: 20)
      decided = (try? self.decided(server)) ?? 0
      overflow = (try? self.overflow(server)) ?? 0
      return decided + overflow >= entries
    }
    let seconds = MonotonicTime.now.milliseconds(since: start) / 1000
    handler.end()
    guard decided + overflow == entries else {
      throw Mismatch("\(decided) events were judged and \(overflow) told as not judged, of \(entries)")
    }
    return (Double(entries) / seconds, overflow, Double(entries) / cost.seconds)
  }

  /// How many events the rule has said something of.
  private func decided(_ server: TestServer) throws -> Int {
    try server.call("HGETALL", Keys().tally).pairs
      .filter { $0.name.starts(with: Array("performance-degraded/".utf8)) }
      .reduce(0) { $0 + (Int(String(decoding: $1.value, as: UTF8.self)) ?? 0) }
  }

  /// How many the audit says were never judged.
  private func overflow(_ server: TestServer) throws -> Int {
    let entries = try server.call("XRANGE", Keys().audit, "-", "+").elements ?? []
    return entries.compactMap { entry -> Int? in
      let data = entry.elements?.last?.pairs.first { $0.name == Keys.dataField }?.value
      guard let line = data.flatMap({ AuditCoding.decode($0) }), line.operator == "rules" else { return nil }
      return Int(line.detail.dropFirst("throttled: ".count).prefix { $0.isNumber })
    }.reduce(0, +)
  }
}
