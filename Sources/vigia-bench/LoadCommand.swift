import ArgumentParser
import CBaseline
import FleetModel
import Loop
import Redis
import TestSupport

/// `vigia-bench load`: what a console costs itself, and the server, in a steady storm.
struct LoadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "load", abstract: "CPU of the console and of the server in a steady storm of events.")

  @Option(help: "Events a second.") var rate = 20_000
  @Option(help: "How many agents.") var agents = 1000
  @Option(help: "How long each measurement lasts.") var seconds = 5
  @Option(help: "How many rounds.") var rounds = 5
  @OptionGroup var report: Report

  /// What a span of time took.
  private struct Span {
    var entries: Double
    var serverSeconds: Double
    var consolePercent = 0.0
  }

  func run() throws {
    let server = try TestServer()
    let feed = try server.startFeed("--agents", "\(agents)", "--rate", "\(rate)")
    defer { feed.child.end() }
    var (console, feeding, batches) = (Rounds(), Rounds(), Rounds())
    for _ in 0..<rounds {
      let alone = try watch(server, nil)
      let watched = try withConsole(server) { try watch(server, $0) }
      console.add(watched.consolePercent)
      // What the server has to do without the console is not for feeding it.
      let share = watched.serverSeconds / watched.entries - alone.serverSeconds / alone.entries
      feeding.add(share * 1e6)
      batches.add(try readInBatches(server))
    }
    guard feed.child.isRunning else { throw Mismatch("the feed ended") }
    report.add("load 200x50, \(rate) events/s, CPU of the console", "% of a core", console, target: .atMost(4))
    report.add(
      "load, CPU of the server for feeding it", "µs/entry", feeding,
      beside: [(.init(name: "batches of 1000", rounds: batches), .ratioAtMost(1.5))])
  }

  private func withConsole(_ server: TestServer, _ body: (ConsoleChild) throws -> Span) throws -> Span {
    let console = try ConsoleChild(
      ["--fps", "10", "--history", "1s"], port: server.server.port, rows: 50, columns: 200, loop: server.loop)
    try console.waitUntilLive()
    server.loop.turn(forMilliseconds: 2000)
    return try body(console)
  }

  private func watch(_ server: TestServer, _ console: ConsoleChild?) throws -> Span {
    let probe = ProcessProbe(pid: server.server.pid)
    let added = try entriesAdded(server)
    let (serverCPU, consoleCPU) = (probe.cpuSeconds, console?.probe.cpuSeconds ?? 0)
    let start = MonotonicTime.now
    server.loop.turn(forMilliseconds: Int64(seconds) * 1000)
    let span = MonotonicTime.now.milliseconds(since: start) / 1000
    var result = Span(entries: 0, serverSeconds: probe.cpuSeconds - serverCPU)
    result.consolePercent = ((console?.probe.cpuSeconds ?? 0) - consoleCPU) / span * 100
    result.entries = Double(try entriesAdded(server) - added)
    guard result.entries > span * Double(rate) * 0.9 else {
      throw Mismatch("only \(Int(result.entries / span)) of \(rate) events/s were published")
    }
    return result
  }

  /// How many entries the stream has ever had.
  private func entriesAdded(_ server: TestServer) throws -> Int64 {
    try server.call("XINFO", "STREAM", "agentos:events").field("entries-added")?.integer ?? 0
  }

  /// Microseconds of the server for an entry that somebody reads in batches of 1000.
  ///
  /// On a server of its own, with nothing else to do, since it is little beside taking the events in.
  private func readInBatches(_ server: TestServer) throws -> Double {
    let still = try TestServer()
    let entries = 200_000
    try Feeder(Traffic(agents: agents), port: still.server.port).publish(0..<entries)
    let probe = ProcessProbe(pid: still.server.pid)
    let before = probe.cpuSeconds
    let count = vigia_baseline_tree(Int32(still.server.port), nil, "agentos:events", 1000)
    guard count == entries else { throw Mismatch("\(count) of \(entries) entries were read") }
    return (probe.cpuSeconds - before) / Double(entries) * 1e6
  }
}
