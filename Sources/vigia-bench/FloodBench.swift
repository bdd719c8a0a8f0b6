import CBaseline
import FleetModel
import Loop
import Redis
import TestSupport
import Wire

/// How fast the handler gets through a flood of events that the built-in runbook has a rule about, each of an agent in
/// trouble: read, judged by the rules, and counted. None may be lost.
struct FloodBench {
  let report: Report
  private let entries = 200_000
  /// Of the rate at which reply trees of the same entries are read and thrown away.
  private let aim = 0.4
  /// Of the rate of the same handler without history and foresight.
  private let aimBesideBlind = 0.95

  /// - Parameter rounds: how often with each number of agents.
  func measure(rounds: Int) throws {
    for agents in [1, 1000, 10_000] {
      var (judged, cpu, tree, stale) = (Rounds(), Rounds(), Rounds(), Rounds())
      var blind = (judged: Rounds(), cpu: Rounds())
      for _ in 0..<rounds {
        let other = try flood(agents, looksAhead: false)
        blind.judged.add(Double(entries) / other.seconds)
        blind.cpu.add(other.cpu / Double(entries) * 1e6)
        let flood = try flood(agents)
        judged.add(Double(entries) / flood.seconds)
        cpu.add(flood.cpu / Double(entries) * 1e6)
        tree.add(Double(entries) / flood.plain)
        stale.add(Double(flood.stale))
      }
      report.add(
        "handler, flood of \(agents) agents, none dropped", "events/s", judged,
        beside: [
          (.init(name: "reply trees of 1000", rounds: tree), .ratioAtLeast(aim)),
          (.init(name: "foresight off", rounds: blind.judged), .ratioAtLeast(aimBesideBlind)),
        ])
      report.add(
        "handler, flood of \(agents) agents, CPU", "µs/event", cpu,
        beside: [(.init(name: "foresight off", rounds: blind.cpu), nil)])
      report.add("handler, flood of \(agents) agents, too old to act on", "events", stale)
    }
  }

  private struct Result {
    var seconds = 0.0
    var cpu = 0.0
    var stale = 0
    /// Seconds that reading alone takes.
    var plain = 0.0
  }

  private func flood(_ agents: Int, looksAhead: Bool = true) throws -> Result {
    let server = try TestServer()
    let folder = try TemporaryFolder()
    let settings = try folder.write("[insight]\non = \(looksAhead)\n", to: "handler.toml")
    _ = try server.call("SET", "agentos:automation", "on")
    var traffic = Traffic(agents: agents)
    traffic.isTrouble = true
    // Of the last half a minute: rules act on what is no older than a minute.
    try Feeder(traffic.spread(entries, over: .seconds(30)), port: server.server.port).publish(0..<entries)
    var count = 0
    let cost = Cost { count = vigia_baseline_tree(Int32(server.server.port), nil, "agentos:events", 1000) }
    guard count == entries else { throw Mismatch("\(count) of \(entries) entries are there") }
    _ = try server.call("HSET", "agentos:cursor", "agentos:events", "0-0")
    let handler = try Programs.startHandler(server.server.port, hasRules: true, settings: settings)
    defer { handler.end() }
    let probe = ProcessProbe(pid: handler.pid)
    try server.wait { !((try? server.call("GET", "agentos:handler"))?.isNull ?? true) }
    let (start, before) = (MonotonicTime.now, probe.cpuSeconds)
    var counts: [String: Int] = [:]
    do {
      try server.loop.wait(seconds: 120) {
        server.loop.turn(forMilliseconds: 5)
        counts = (try? self.counts(server)) ?? [:]
        return counts.values.reduce(0, +) >= entries
      }
    } catch {
      throw Mismatch("\(counts.values.reduce(0, +)) of \(entries) events were judged: \(counts)")
    }
    let result = Result(
      seconds: MonotonicTime.now.milliseconds(since: start) / 1000, cpu: probe.cpuSeconds - before,
      stale: counts["stale"] ?? 0, plain: cost.seconds)
    guard counts.values.reduce(0, +) == entries else { throw Mismatch("\(entries) events were judged as \(counts)") }
    return result
  }

  /// How often the rule decided what.
  private func counts(_ server: TestServer) throws -> [String: Int] {
    var counts: [String: Int] = [:]
    for (name, value) in try server.call("HGETALL", Keys().tally).pairs {
      let parts = String(decoding: name, as: UTF8.self).split(separator: "/")
      guard parts.count == 2, parts[0] == "performance-degraded" else { continue }
      counts[String(parts[1])] = Int(String(decoding: value, as: UTF8.self))
    }
    return counts
  }
}
