import ArgumentParser
import Glibc
import TestSupport

/// `vigia-bench chaos`: kills, cuts and troubles that befall the real handler in the middle of commands and of a rule's
/// chain, again and again.
struct ChaosCommand: ParsableCommand {
  enum Part: String, CaseIterable, ExpressibleByArgument {
    case points, cuts, troubles, chain, rights, garbage, failovers
  }

  static let configuration = CommandConfiguration(
    commandName: "chaos",
    abstract:
      "Kill the handler at every point of a command and of a rule's chain, cut what it is told at every byte, and more; "
      + "no action lost, none done twice.",
    discussion: "All of it takes about an hour; each part says how far it is.")

  @Option(
    help: ArgumentHelp(
      "Only this part, several times: points, cuts, troubles, chain, rights, garbage, failovers.", valueName: "part"))
  var part: [Part] = []
  @Option(help: "How often it is killed at each point, and at each place of the chain.") var rounds = 100
  @Option(help: "Only this point; several times.") var point: [Chaos.Point] = []
  @Option(help: "Up to which byte of the server's answers they are cut.") var bytes = 1600
  @Option(help: "From which byte on.") var firstByte = 1
  @Option(help: "How often each trouble befalls it.") var times = 10
  @Option(help: "How often the master is replaced under ten orders.") var failovers = 50
  @Option(help: "Only this trouble; several times.") var trouble: [Chaos.Trouble] = []

  @Option(help: "Garbage only in this place; several times.") var place: [String] = []

  private var parts: [Part] {
    let named =
      part + (point.isEmpty ? [] : [.points]) + (trouble.isEmpty ? [] : [.troubles])
      + (place.isEmpty ? [] : [.garbage])
    return named.isEmpty ? Part.allCases : Part.allCases.filter { named.contains($0) }
  }

  func run() throws {
    for part in parts {
      switch part {
      case .points: for point in point.isEmpty ? Chaos.Point.allCases : point { try kill(point) }
      case .cuts: try cut()
      case .troubles: for trouble in trouble.isEmpty ? Chaos.Trouble.allCases : trouble { try befall(trouble) }
      case .chain: try breakChain()
      case .rights: try lackRights()
      case .garbage: try storeGarbage()
      case .failovers: try failOver()
      }
    }
  }

  /// A line that is there as soon as it is printed, in a file too.
  private func say(_ line: String) {
    print(line)
    fflush(nil)
  }

  /// Every tenth round is told.
  private func tell(_ round: Int, of count: Int, _ what: String) {
    if round.isMultiple(of: 10), round < count { say("  \(what): \(round) of \(count)") }
  }

  private func kill(_ point: Chaos.Point) throws {
    let chaos = try Chaos(path: Programs.path("vigia-handler"))
    for round in 1...max(1, rounds) {
      try chaos.run(point)
      tell(round, of: rounds, "killed at \(point.rawValue)")
    }
    say("killed \(rounds) times at \(point.rawValue): \(told(chaos))")
  }

  private func cut() throws {
    let chaos = try Chaos(path: Programs.path("vigia-handler"))
    for byte in max(1, firstByte)...max(1, firstByte, bytes) {
      try chaos.run(cutAfter: byte)
      tell(byte, of: bytes, "cut after bytes")
    }
    say("cut after each of the bytes \(firstByte) to \(bytes): \(told(chaos))")
  }

  private func befall(_ trouble: Chaos.Trouble) throws {
    for round in 1...max(1, times) {
      try Chaos(path: Programs.path("vigia-handler"), isPersistent: trouble.isPersistent).run(trouble)
      tell(round, of: times, trouble.rawValue)
    }
    say("\(trouble.rawValue), \(times) times: every command done once, or told as lost")
  }

  /// The chain is killed before and after each of its steps, at each effect, and at random.
  private func breakChain() throws {
    let steps = 0..<Chaos.chainSteps
    let cuts: [Chaos.Cut] =
      steps.map { .before($0) } + steps.map { .after($0) } + (0..<Chaos.chainEffects).map { .effect($0) }
    let fixed = max(1, rounds / cuts.count)
    for cut in cuts { say("chain killed \(cut), \(fixed) times: \(try chain(fixed) { _ in cut })") }
    let words = try chain(rounds) { .random(seed: UInt64($0)) }
    say("chain killed at random, \(rounds) times: \(words)")
  }

  private func chain(_ count: Int, _ cut: (Int) -> Chaos.Cut) throws -> String {
    let chaos = try Chaos(path: Programs.path("vigia-handler"), runbook: Chaos.chainRunbook)
    var deaths = 0
    for round in 1...max(1, count) {
      deaths += try chaos.run(chain: cut(round))
      tell(round, of: count, "chain")
    }
    return "\(deaths) handlers killed, \(told(chaos))"
  }

  private func lackRights() throws {
    func begin() throws -> Chaos {
      let chaos = try Chaos(path: Programs.path("vigia-handler"), runbook: Chaos.chainRunbook)
      try chaos.restrict()
      return chaos
    }
    var (chaos, faults) = (try begin(), 0)
    for right in Chaos.rights {
      do {
        try chaos.run(without: right)
      } catch {
        say("  without \(right): \(error)")
        faults += 1
        chaos = try begin()
      }
    }
    guard faults == 0 else { throw Chaos.Fault(description: "\(faults) of \(Chaos.rights.count) rights, see above") }
    say("without each of \(Chaos.rights.count) rights in turn: no half step, all said, \(told(chaos))")
  }

  private func storeGarbage() throws {
    for name in place where !Chaos.places.contains(where: { $0.name == name }) {
      throw ValidationError("no place \(name); there are \(Chaos.places.map(\.name).joined(separator: ", "))")
    }
    for place in Chaos.places where self.place.isEmpty || self.place.contains(place.name) {
      let chaos = try Chaos(path: Programs.path("vigia-handler"), runbook: Chaos.garbageRunbook)
      let kinds = Chaos.Place.Kind.allCases.filter { $0 != place.kind }
      for kind in kinds { try chaos.run(place, as: kind) }
      for text in Chaos.texts { try chaos.run(place, holding: text) }
      if place.kind == .stream { try chaos.exhaust(place) }
      say(
        "garbage in \(place), of \(kinds.count) other types and \(Chaos.texts.count) texts: nobody ended, \(told(chaos))"
      )
    }
  }

  /// Every other time the master freezes; else it is replaced as planned.
  private func failOver() throws {
    let chaos = try FailoverChaos(path: Programs.path("vigia-handler"))
    for round in 1...max(1, failovers) {
      try chaos.round(round, orders: 10, freezes: round.isMultiple(of: 2))
      tell(round, of: failovers, "failovers")
    }
    let spans = chaos.spans.sorted()
    let again = chaos.requests.values.reduce(0, +) - chaos.requests.count
    say(
      "\(failovers) failovers under \(chaos.orderCount) orders: none lost, none twice; asked for again with the same key "
        + "\(again) times; all orders done after the switch: median \(Int(spans[spans.count / 2])) ms, longest "
        + "\(Int(spans[spans.count - 1])) ms")
  }

  /// Every round has been checked.
  private func told(_ chaos: Chaos) -> String {
    let again = chaos.requests.values.reduce(0, +) - chaos.requests.count
    return "\(chaos.requests.count) effects, none lost, none twice; asked for again with the same key \(again) times"
  }
}

extension Chaos.Point: ExpressibleByArgument {}
extension Chaos.Trouble: ExpressibleByArgument {}
