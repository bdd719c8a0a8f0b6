import ArgumentParser
import FleetModel
import Loop
import TestSupport

/// `vigia-bench memory`: what the console holds with a large fleet, and whether a storm makes it hold more.
struct MemoryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "memory", abstract: "Resident memory of the console with a large fleet, and in a storm.")

  @Option(help: "How many agents, of four metrics each.") var agents = 10_000
  @Option(help: "How many entries of history, over an hour.") var entries = 400_000
  @Option(help: "How long the storm lasts.") var seconds = 60
  @Option(help: "Events a second in it.") var rate = 20_000
  @OptionGroup var report: Report

  func run() throws {
    let server = try TestServer()
    // Begun later than an hour ago, so that all of it is read.
    let traffic = Traffic(agents: agents).spread(entries, over: .minutes(59))
    try Feeder(traffic, port: server.server.port).publish(0..<entries)
    let console = try ConsoleChild(port: server.server.port, rows: 50, columns: 200, loop: server.loop)
    try console.waitUntilLive()
    let quiet = watch(console, server.loop, seconds: 3)
    report.add("memory of \(agents) agents, history read", "MiB", quiet, target: .atMost(60))
    let feed = try server.startFeed("--agents", "\(agents)", "--rate", "\(rate)")
    let storm = watch(console, server.loop, seconds: seconds)
    feed.child.end()
    report.add("memory of \(agents) agents, storm of \(seconds) s", "MiB", storm, target: .atMost(60))
    // What is shown of it, such as the fleet's own line, fills up at first.
    let later = Array(storm.values.dropFirst(storm.values.count / 3))
    let growth = (later.last ?? 0) - (later.first ?? 0)
    report.add("memory, growth in the storm's last two thirds", "MiB", Rounds([growth]), target: .atMost(1))
  }

  /// A look a second.
  private func watch(_ console: ConsoleChild, _ loop: Loop, seconds: Int) -> Rounds {
    var rounds = Rounds()
    for _ in 0..<seconds {
      loop.turn(forMilliseconds: 1000)
      console.forget()
      rounds.add(console.probe.residentMebibytes)
    }
    return rounds
  }
}
