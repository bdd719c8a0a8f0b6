import ArgumentParser
import TestSupport

/// `vigia-bench chaos`: kills, cuts and troubles that befall the real handler in the middle of commands, again and again.
struct ChaosCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "chaos",
    abstract:
      "Kill the handler at every point of a command, cut what it is told at every byte, and more; no action lost, "
      + "none done twice.")

  @Option(help: "How often it is killed at each point.") var rounds = 100
  @Option(help: "Only this point; several times.") var point: [Chaos.Point] = []
  @Option(help: "Up to which byte of the server's answers they are cut.") var bytes = 1600
  @Option(help: "How often each trouble befalls it.") var times = 10
  @Option(help: "Only this trouble; several times.") var trouble: [Chaos.Trouble] = []

  private var isAll: Bool { point.isEmpty && trouble.isEmpty }

  func run() throws {
    for point in isAll ? Chaos.Point.allCases : point { try kill(point) }
    if isAll { try cut() }
    for trouble in isAll ? Chaos.Trouble.allCases : trouble { try befall(trouble) }
  }

  private func kill(_ point: Chaos.Point) throws {
    let chaos = try Chaos(path: Programs.path("vigia-handler"))
    for _ in 0..<rounds { try chaos.run(point) }
    print("killed \(rounds) times at \(point.rawValue): \(told(chaos))")
  }

  private func cut() throws {
    let chaos = try Chaos(path: Programs.path("vigia-handler"))
    for byte in stride(from: 1, through: bytes, by: 1) { try chaos.run(cutAfter: byte) }
    print("cut after each of \(bytes) bytes: \(told(chaos))")
  }

  private func befall(_ trouble: Chaos.Trouble) throws {
    for _ in 0..<times {
      try Chaos(path: Programs.path("vigia-handler"), isPersistent: trouble.isPersistent).run(trouble)
    }
    print("\(trouble.rawValue), \(times) times: every command done once, or told as lost")
  }

  /// Every round has been checked.
  private func told(_ chaos: Chaos) -> String {
    let again = chaos.requests.values.reduce(0, +) - chaos.requests.count
    return "\(chaos.requests.count) effects, none lost, none twice; asked for again with the same key \(again) times"
  }
}

extension Chaos.Point: ExpressibleByArgument {}
extension Chaos.Trouble: ExpressibleByArgument {}
