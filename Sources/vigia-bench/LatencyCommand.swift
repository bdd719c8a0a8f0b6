import ArgumentParser
import CBaseline
import FleetModel
import Loop
import Redis
import TestSupport
import Wire

/// `vigia-bench latency`: how long the real console takes from an event to the screen, from a key to Redis, and from its
/// start to its first screen.
struct LatencyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "latency", abstract: "From event to screen, from key to command, from start to screen.")

  /// What there is to measure.
  enum Part: String, CaseIterable, ExpressibleByArgument { case quiet, busy, keys, start, history }

  @Option(help: "Only this part; several times.") var part: [Part] = []
  @Option(help: "How many events, keys or starts a round.") var samples = 100
  @Option(help: "How many rounds.") var rounds = 3
  @Option(help: "How many entries the long history has.") var entries = 1_000_000
  @Option(help: "Events a second while keys are measured.") var rate = 20_000
  @OptionGroup var report: Report

  func run() throws {
    for part in part.isEmpty ? Part.allCases : part {
      switch part {
      case .quiet: try measureQuiet()
      case .busy: try measureBusy()
      case .keys: try measureKeys()
      case .start: try measureStart()
      case .history: try measureHistory()
      }
    }
  }

  // MARK: From event to screen

  private func measureQuiet() throws {
    let latencies = try rounds(feeding: nil)
    show("event to screen, quiet", latencies, median: nil, tail: 8)
  }

  private func measureBusy() throws {
    let latencies = try rounds(feeding: 1000)
    show("event to screen, 1000 events/s", latencies, median: 25, tail: 50)
  }

  private func rounds(feeding rate: Int?) throws -> [Rounds] {
    let server = try TestServer()
    let port = server.server.port
    try Feeder(Traffic(agents: 1000), port: port).publish(0..<1000)
    let feed = try rate.map { try server.startFeed("--rate", "\($0)") }
    defer { feed?.child.end() }
    let console = try ConsoleChild(port: port, rows: 50, columns: 200, loop: server.loop)
    try console.waitUntilLive()
    let probe = try EventProbe(server, console)
    return try (0..<rounds).map { _ in
      var latencies = Rounds()
      for _ in 0..<samples {
        latencies.add(try probe.measure())
        // At no fixed place within a frame or a second.
        server.loop.turn(forMilliseconds: .random(in: 120...280))
      }
      return latencies
    }
  }

  // MARK: From key to command

  private func measureKeys() throws {
    let server = try TestServer()
    let port = server.server.port
    let feed = try server.startFeed("--rate", "\(rate)")
    defer { feed.child.end() }
    let console = try ConsoleChild(port: port, rows: 50, columns: 200, loop: server.loop)
    try console.waitUntilLive()
    server.loop.turn(forMilliseconds: 3000)
    let probe = try KeyProbe(server, console)
    var (all, bare): ([Rounds], [Rounds]) = ([], [])
    for _ in 0..<rounds {
      var (latencies, bareLatencies) = (Rounds(), Rounds())
      for _ in 0..<samples {
        latencies.add(try probe.measure())
        bareLatencies.add(try probe.measureBare())
      }
      all.append(latencies)
      bare.append(bareLatencies)
    }
    guard try server.length("agentos:commands") == rounds * samples else {
      throw Mismatch("not each confirmed key made one command")
    }
    show("key to command, \(rate) events/s", all, beside: ("bare XADD", bare), median: 0.2, tail: 0.6)
  }

  private func show(
    _ name: String, _ latencies: [Rounds], beside baseline: (name: String, rounds: [Rounds])? = nil, median: Double?,
    tail: Double
  ) {
    func add(_ quantile: String, _ value: (Rounds) -> Double, _ most: Double?) {
      report.add(
        Measurement(
          name: "\(name), \(quantile)", unit: "ms", rounds: Rounds(latencies.map(value)),
          baseline: baseline.map { .init(name: $0.name, rounds: Rounds($0.rounds.map(value))) },
          target: most.map { .atMost($0) }))
    }
    add("p50", { $0.median }, median)
    add("p99", { $0.quantile(0.99) }, tail)
  }

  // MARK: From start to screen

  private func measureStart() throws {
    let server = try TestServer()
    let port = server.server.port
    let traffic = Traffic(agents: 1000).spread(20_000, over: .minutes(50))
    try Feeder(traffic, port: port).publish(0..<20_000)
    var (first, live) = (Rounds(), Rounds())
    for _ in 0..<rounds * min(samples, 20) {
      let console = try ConsoleChild(port: port, rows: 50, columns: 200, loop: server.loop)
      // The clock stands at the end of the last line, and a frame is written whole.
      try console.wait("draw") { console.output.holdsClock }
      first.add(console.wroteAt.milliseconds(since: console.startedAt))
      try console.waitUntilLive()
      live.add(console.wroteAt.milliseconds(since: console.startedAt))
    }
    report.add("start to first screen", "ms", first, target: .atMost(30))
    report.add("start to the fleet, 20000 entries of history", "ms", live)
  }

  private func measureHistory() throws {
    let server = try TestServer()
    let port = server.server.port
    let traffic = Traffic(agents: 10_000).spread(entries, over: .minutes(50))
    try Feeder(traffic, port: port).publish(0..<entries)
    var (read, scan, key) = (Rounds(), Rounds(), Rounds())
    for _ in 0..<rounds {
      var count = 0
      scan.add(Cost { count = vigia_baseline_scan(Int32(port), nil, "agentos:events", 5000) }.seconds)
      guard count == entries else { throw Mismatch("\(count) of \(entries) entries are there") }
      let console = try ConsoleChild(port: port, rows: 50, columns: 200, loop: server.loop)
      try console.waitUntilLive()
      read.add(console.wroteAt.milliseconds(since: console.startedAt) / 1000)
      key.add(try answerWhileReading(server))
    }
    let name = entries == 1_000_000 ? "a million" : "\(entries)"
    report.add(
      "start to the fleet, \(name) entries of history", "s", read,
      beside: [(.init(name: "boundary scan", rounds: scan), .atMost(0.7))])
    report.add("key to screen while that is read", "ms", key)
  }

  /// Asks for help in the middle of the history.
  private func answerWhileReading(_ server: TestServer) throws -> Double {
    let console = try ConsoleChild(port: server.server.port, rows: 50, columns: 200, loop: server.loop)
    // Of a short history nothing is seen.
    try console.wait("read") { console.wrote("history") || console.wrote("live") }
    server.loop.turn(forMilliseconds: 50)
    let typed = MonotonicTime.now
    console.type("?")
    try console.wait(for: "pause for a while")
    return console.wroteAt.milliseconds(since: typed)
  }
}

extension [UInt8] {
  /// Digits, colons and a Z, as `08:00:00Z`.
  fileprivate var holdsClock: Bool {
    var run = 0
    for byte in self {
      if byte == UInt8(ascii: "Z"), run >= 8 { return true }
      run = (0x30...0x3A).contains(byte) ? run + 1 : 0
    }
    return false
  }
}
