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
      var product = Rounds()
      var tree = Rounds()
      var scan = Rounds()
      for _ in 0..<rounds {
        tree.add(Double(entries) / seconds { _ = vigia_baseline_tree(port, nil, "agentos:events", 5000) })
        scan.add(Double(entries) / seconds { _ = vigia_baseline_scan(port, nil, "agentos:events", 5000) })
        product.add(Double(entries) / (try seconds { try drain(server.endpoint) }))
      }
      report(format, product, tree, scan)
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

  private func report(_ format: MessageFormat, _ product: Rounds, _ tree: Rounds, _ scan: Rounds) {
    func millions(_ value: Double) -> String { "\((value / 10_000).rounded() / 100)" }
    print(
      "ingest \(format): \(millions(product.median)) M/s (\(millions(product.spread.0))…\(millions(product.spread.1))),",
      "reply trees \(millions(tree.median)), ratio \((product.median / tree.median * 100).rounded() / 100),",
      "boundary scan \(millions(scan.median)), ratio \((product.median / scan.median * 100).rounded() / 100)")
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
