import ArgumentParser
import TestSupport

/// `vigia-bench chaos`: kills the real handler in the middle of commands, again and again.
struct ChaosCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "chaos", abstract: "Kill the handler at every point of a command; no action lost, none done twice.")

  @Option(help: "How often it is killed at each point.") var rounds = 100
  @Option(help: "Only this point; several times.") var point: [Chaos.Point] = []

  func run() throws {
    for point in point.isEmpty ? Chaos.Point.allCases : point {
      let chaos = try Chaos(path: Programs.path("vigia-handler"))
      for _ in 0..<rounds { try chaos.run(point) }
      let again = chaos.requests.values.reduce(0, +) - chaos.requests.count
      print(
        "\(point.rawValue): killed \(rounds) times; \(chaos.requests.count) effects, none lost, none twice; "
          + "asked for again with the same key \(again) times")
    }
  }
}

extension Chaos.Point: ExpressibleByArgument {}
