import ArgumentParser
import FleetModel
import Loop
import TestSupport

/// `vigia-bench rest`: what a console costs that is left open while nothing happens.
struct RestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rest", abstract: "Wake-ups, CPU and bytes of a console at rest, ten minutes after the last event.")

  @Option(help: "How many agents.") var agents = 1000
  @Option(help: "How long to leave it alone before that.") var after = 0
  @Option(help: "How long to watch.") var seconds = 60
  @Option(help: "How many rounds.") var rounds = 1
  @OptionGroup var report: Report

  func run() throws {
    let server = try TestServer()
    let port = server.server.port
    let entries = agents * 20
    let traffic = Traffic(agents: agents).spread(entries, over: .minutes(40), until: .wallClock - .seconds(610))
    try Feeder(traffic, port: port).publish(0..<entries)
    let handler = try Programs.startHandler(port)
    try server.wait { (try? server.call("EXISTS", "agentos:handler")) == .integer(1) }
    let console = try ConsoleChild(port: port, rows: 50, columns: 200, loop: server.loop)
    try console.waitUntilLive()
    server.loop.turn(forMilliseconds: 3000 + Int64(after) * 1000)
    var (wakeUps, cpu, bytes) = (Rounds(), Rounds(), Rounds())
    for _ in 0..<rounds {
      let before = (console.probe.wakeUps, console.probe.cpuSeconds, console.bytes, MonotonicTime.now)
      server.loop.turn(forMilliseconds: Int64(seconds) * 1000)
      let span = MonotonicTime.now.milliseconds(since: before.3) / 1000
      wakeUps.add(Double(console.probe.wakeUps - before.0) / span)
      cpu.add((console.probe.cpuSeconds - before.1) / span * 100)
      bytes.add(Double(console.bytes - before.2) / span)
    }
    guard handler.isRunning else { throw Mismatch("the handler ended") }
    report.add("rest 200x50, wake-ups", "/s", wakeUps, target: .atMost(1.2))
    report.add("rest 200x50, CPU", "% of a core", cpu, target: .atMost(0.1))
    report.add("rest 200x50, to the terminal", "B/s", bytes, target: .atMost(60))
  }
}
