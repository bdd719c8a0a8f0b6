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
  @Flag(help: "As JSON.") var json = false

  func run() throws {
    let server = try PrivateServer(
      settings: ["stream-node-max-entries 100"], environment: ["PATH": String(cString: getenv("PATH"))])
    let port = Int32(server.port)
    for format in format.map({ [$0.value] }) ?? MessageFormat.allCases {
      let loop = try Loop()
      try StreamFiller.fill(server.endpoint, on: loop, entries: entries, agents: agents, format: format)
      var product = Reading()
      var tree = Reading()
      var scan = Reading()
      for _ in 0..<rounds {
        tree.add(Cost { _ = vigia_baseline_tree(port, nil, "agentos:events", 5000) }, entries)
        scan.add(Cost { _ = vigia_baseline_scan(port, nil, "agentos:events", 5000) }, entries)
        product.add(try Cost { try drain(server.endpoint) }, entries)
      }
      report(format, product, tree, scan)
    }
  }

  /// Rounds of one way to read.
  private struct Reading {
    var rate = Rounds()
    var cpu = Rounds()

    mutating func add(_ cost: Cost, _ entries: Int) {
      rate.add(Double(entries) / cost.seconds / 1e6)
      cpu.add(cost.cpuSeconds / Double(entries) * 1e6)
    }
  }

  private func drain(_ endpoint: Endpoint) throws {
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
    precondition(count == entries && fleet.count == agents, "read \(count) entries of \(fleet.count) agents")
  }

  private func report(_ format: MessageFormat, _ product: Reading, _ tree: Reading, _ scan: Reading) {
    func text(_ reading: Reading) -> String {
      "\(round(reading.rate.median)) M/s (\(round(reading.rate.spread.0))…\(round(reading.rate.spread.1))),"
        + " \(round(reading.cpu.median)) µs of CPU"
    }
    func ratio(_ other: Reading) -> Double { round(product.rate.median / other.rate.median) }
    print("\(format): vigia \(text(product))")
    print("  reply trees \(text(tree)): ratio \(ratio(tree))")
    print("  boundary scan \(text(scan)): ratio \(ratio(scan))")
  }

  private func round(_ value: Double) -> Double { (value * 100).rounded() / 100 }
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
