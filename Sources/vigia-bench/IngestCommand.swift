import ArgumentParser
import CBaseline
import FleetModel
import Glibc
import Loop
import Redis
import Wire

/// `vigia-bench ingest`: from the socket to the updated fleet, beside what plain C does with the same entries.
struct IngestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ingest", abstract: "Entries a second, from the socket to the updated fleet.")

  @Option(help: "How many entries.") var entries = 1_000_000
  @Option(help: "How many agents.") var agents = 10_000
  @Option(help: "How many rounds.") var rounds = 5
  @Option(help: "Only this format: binary, envelope or plain.") var format: Format?
  @Flag(help: "Entries each of which is an alert; and how long vigia status takes on them.") var alerts = false
  @Flag(help: "Over TLS too, beside the same without it.") var tls = false
  @OptionGroup var report: Report

  /// How many bytes a message has, or more where its format needs them.
  private static let length = 250

  func run() throws {
    for format in format.map({ [$0.value] }) ?? MessageFormat.allCases {
      let secure = tls ? try BenchTLS() : nil
      let server = try PrivateServer(
        settings: ["stream-node-max-entries 100"] + (secure?.settings ?? []),
        environment: ["PATH": String(cString: getenv("PATH"))])
      let port = Int32(server.port)
      // As they come in a storm of 20,000 events a second.
      let traffic = Traffic(agents: agents, format: format, length: Self.length, isTrouble: alerts)
        .spread(entries, over: .milliseconds(Int64(entries / 20)))
      try Feeder(traffic, port: server.port).publish(0..<entries)
      var product = Reading()
      var encrypted = Reading()
      var tree = Reading()
      var scan = Reading()
      var status = Rounds()
      for _ in 0..<rounds {
        try tree.add(entries) { vigia_baseline_tree(port, nil, "agentos:events", 5000) }
        try scan.add(entries) { vigia_baseline_scan(port, nil, "agentos:events", 5000) }
        try product.add(entries) { try drain(server.endpoint) }
        if let secure { try encrypted.add(entries) { try drain(secure.endpoint) } }
        if alerts { status.add(try Cost { try runStatus(server.port) }.seconds) }
      }
      show("ingest \(format)\(alerts ? " alerts" : "")", product, tree, scan)
      if alerts { show(status, tree, format) }
      if tls { show("ingest \(format) over TLS", encrypted, product) }
    }
    if !alerts, !tls { try decode() }
  }

  /// `vigia status` from its start to its end; what it prints goes nowhere.
  private func runStatus(_ port: UInt16) throws {
    let null = open("/dev/null", O_WRONLY | O_CLOEXEC)
    defer { close(null) }
    let program = try Child(
      Programs.path("vigia"), ["status", "--history", "1d", "--redis", "redis://127.0.0.1:\(port)"], environment: [:],
      output: null,
      error: null)
    guard program.wait() == 0 else { throw Mismatch("vigia status failed") }
  }

  private func show(_ status: Rounds, _ tree: Reading, _ format: MessageFormat) {
    report.add(
      "status \(format) alerts", "s", status,
      beside: [(.init(name: "reply trees", rounds: tree.time), .ratioAtMost(1.0))])
  }

  /// Without socket, server and fleet.
  private func decode() throws {
    let decoding = Decoding(events: min(entries, 100_000), agents: agents, length: Self.length)
    var product = Rounds()
    var simdjson = Rounds()
    for _ in 0..<rounds {
      simdjson.add(try decoding.simdjson())
      product.add(try decoding.product())
    }
    report.add("decode plain", "µs/event", product, beside: [(.init(name: "simdjson", rounds: simdjson), nil)])
  }

  /// Rounds of one way to read.
  private struct Reading {
    var rate = Rounds()
    var cpu = Rounds()
    /// Of a whole round, in seconds.
    var time = Rounds()

    /// - Parameter read: gives how many entries it has read.
    mutating func add(_ entries: Int, _ read: () throws -> Int) throws {
      var count = 0
      let cost = try Cost { count = try read() }
      guard count == entries else { throw Mismatch("\(count) of \(entries) entries were read") }
      time.add(cost.seconds)
      rate.add(Double(entries) / cost.seconds / 1e6)
      cpu.add(cost.cpuSeconds / Double(entries) * 1e6)
    }
  }

  private func drain(_ endpoint: Endpoint) throws -> Int {
    let loop = try Loop()
    var fleet = Fleet()
    var isDone = false
    var count = 0
    var options = EventFeed.Options()
    options.history = .days(1)
    let feed = EventFeed(loop: loop, endpoint: endpoint, options: options) { event, _ in
      fleet.apply(event)
      count += 1
    } notice: { notice in
      if case .caughtUp = notice { isDone = true }
    }
    feed.start()
    while !isDone { loop.turn() }
    feed.stop()
    guard fleet.count == min(agents, entries) else { throw Mismatch("\(fleet.count) of \(agents) agents are known") }
    return count
  }

  private func show(_ name: String, _ encrypted: Reading, _ plain: Reading) {
    report.add(
      name, "M entries/s", encrypted.rate,
      beside: [(.init(name: "without", rounds: plain.rate), .ratioAtLeast(0.85))])
    report.add("\(name), CPU", "µs/entry", encrypted.cpu, beside: [(.init(name: "without", rounds: plain.cpu), nil)])
  }

  private func show(_ name: String, _ product: Reading, _ tree: Reading, _ scan: Reading) {
    report.add(
      name, "M entries/s", product.rate,
      beside: [
        (.init(name: "reply trees", rounds: tree.rate), .ratioAtLeast(1.2)),
        (.init(name: "boundary scan", rounds: scan.rate), .ratioAtLeast(0.6)),
      ])
    report.add(
      "\(name), CPU", "µs/entry", product.cpu,
      beside: [
        (.init(name: "reply trees", rounds: tree.cpu), nil), (.init(name: "boundary scan", rounds: scan.cpu), nil),
      ])
  }
}

/// A message format, as it is written on the command line.
enum Format: String, ExpressibleByArgument, CaseIterable {
  case binary, envelope, plain

  var value: MessageFormat {
    switch self {
    case .binary: .binary
    case .envelope: .envelope
    case .plain: .plain
    }
  }
}
