import FleetModel
import Testing

@testable import World

/// Each promise of tuning, and a history that breaks it: the ledger finds it.
@Suite struct TuningLedgerTests {
  private let timeout: TunableParameter

  init() throws {
    timeout = try #require(TunableParameter(name: "timeout_s", minimum: 5, maximum: 60, step: 5, value: 20))
  }

  private func ledger() -> TuningLedger { TuningLedger([timeout], size: 8, budget: 6) }

  /// What a history breaks; nil if nothing.
  private func fault(_ history: (inout TuningLedger) throws -> Void) -> String? {
    var ledger = ledger()
    do {
      try history(&ledger)
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test func trialThatIsAdoptedAndTakenBackBreaksNothing() {
    let fault = fault { ledger in
      try ledger.begin()
      try ledger.set("a", "25", by: "1")
      try ledger.set("c", "25", by: "1")
      #expect(ledger.disagreement(of: Self.agents) == nil)
      // They change over.
      try ledger.give([(25, ["b", "d"]), (20, ["a", "c"])], .trying(steps: 2))
      try ledger.tell(.succeeded)
      try ledger.give([(25, ["a", "c"])], .widening(steps: 3))
      try ledger.tell(.failed, run: "other")
      try ledger.give([(20, ["a", "b", "c", "d"])], .plain(.returning, steps: 4))
      try ledger.take(.plain(.resting, steps: 4), [])
      try ledger.take(nil, [])
      #expect(ledger.tried == 1 && ledger.adopted == 1 && ledger.given.count == 5)
    }
    #expect(fault == nil)
  }

  @Test func oneTrialIsUnderWayAtATimeByOneStepOfItsParameter() {
    #expect(fault { try $0.begin(25) } == nil)
    #expect(fault { try $0.begin(30) }?.contains("goes from 20 to 30, by steps of 5") == true)
    #expect(fault { try $0.begin(20) }?.contains("goes from 20 to 20") == true)
    let second = fault {
      try $0.begin()
      try $0.take(.trying(number: 2, steps: 1), [])
    }
    #expect(second == "a trial begins while trying stands")
    let other = fault {
      try $0.begin()
      try $0.take(.trying(15, steps: 1), [])
    }
    #expect(other?.contains("goes on as one of") == true)
    let crowded = fault { try $0.take(.trying(pairs: [["a", "b"], ["c", "d"], ["e", "f"]], steps: 0), []) }
    #expect(crowded?.contains("take part of 8 agents") == true)
  }

  @Test func othersThanTheTrialsAgentsAreNotSet() {
    let outside = fault {
      try $0.begin()
      try $0.give([(25, ["b", "e"])], .trying(steps: 2))
    }
    #expect(outside == "e is set to 25, and takes no part in the trial")
    let both = fault {
      try $0.begin()
      try $0.give([(25, ["b"]), (25, ["a"])], .trying(steps: 2))
    }
    #expect(both == "both of [a, b] are set to 25 at once")
    let another = fault {
      try $0.begin()
      try $0.give([(30, ["a"])], .trying(steps: 2))
    }
    #expect(another?.hasPrefix("trying stands, and 30 is ordered to") == true)
    let beyond = fault {
      try $0.begin()
      try $0.give([(65, ["a"])], .trying(steps: 2))
    }
    #expect(beyond?.contains("sets 65, beyond") == true)
    let onTheWayBack = fault {
      try $0.begin()
      try $0.tell(.succeeded)
      try $0.give([(25, ["a"])], .widening(steps: 2))
      try $0.tell(.failed, run: "other")
      try $0.give([(25, ["b"])], .plain(.returning, steps: 3))
    }
    #expect(onTheWayBack?.hasPrefix("returning stands, and 25 is ordered to") == true)
  }

  @Test func commandsComeOnceAndWithTheirStep() {
    let twice = fault {
      try $0.begin()
      try $0.note(Array($0.given.values))
    }
    #expect(twice == "the command 1 of tuning was given twice")
    let lost = fault {
      try $0.begin()
      try $0.take(.trying(steps: 2), [])
    }
    #expect(lost == "step 2 stands where 1 is next, with 0 commands")
    let without = fault {
      try $0.begin()
      try $0.give([(25, ["b"])], .trying(steps: 1))
    }
    #expect(without == "step 1 stands where 2 is next, with 1 commands")
  }

  @Test func onlyWhatWasTriedIsAdopted() {
    let other = fault {
      try $0.begin()
      try $0.tell(.succeeded)
      try $0.take(.widening(15, steps: 1), [])
    }
    #expect(other == "timeout_s goes from 20 to 15, which was not tried")
    let untried = fault {
      try $0.take(.plain(.resting, steps: 0), [])
      try $0.take(.plain(.resting, base: 25, steps: 0), [])
    }
    #expect(untried == "timeout_s goes from 20 to 25, which was not tried")
  }

  @Test func whatAPersonHasSetIsNotSetAgain() {
    let overwritten = fault {
      try $0.begin()
      try $0.set("a", "40", by: nil)
      try $0.set("a", "25", by: "1")
    }
    #expect(overwritten == "ana@ops has set timeout_s of a, and tuning/support sets it")
    let unasked = fault {
      try $0.begin()
      try $0.set("b", "25", by: "1")
    }
    #expect(unasked == "b is set to 25, which was not ordered")
  }

  @Test func eachTrialHasItsLines() {
    let silent = fault { try $0.take(.trying(steps: 0), []) }
    #expect(silent == "trying stands, and the audit tells of no trial")
    let unended = fault {
      try $0.begin()
      try $0.take(.closing(steps: 1), [])
    }
    #expect(unended == "closing stands, and the audit tells of run")
    let twice = fault {
      try $0.begin()
      try $0.tell(.started, run: "other")
    }
    #expect(twice == "other begins while run is under way")
    let unbegun = fault { try $0.tell(.succeeded) }
    #expect(unbegun == "run has succeeded, and is not under way")
  }

  @Test func nothingIsTriedBeyondTheBudget() {
    let spent = fault {
      try $0.begin()
      var standing = TuningStanding.trying(steps: 1)
      standing.spent = 6.5
      try $0.take(standing, [])
    }
    #expect(spent == "trying stands, and 6.5 of 6 role-minutes are spent")
  }

  @Test func agentsThatRunWithSomethingElseAreFound() throws {
    var ledger = ledger()
    try ledger.begin()
    #expect(ledger.disagreement(of: Self.agents)?.hasPrefix("0 of [a, b] run with what is tried") == true)
    try ledger.set("a", "25", by: "1")
    try ledger.set("c", "25", by: "1")
    #expect(ledger.disagreement(of: Self.agents) == nil)
    try ledger.tell(.skipped)
    try ledger.take(.closing(steps: 1), [])
    #expect(ledger.disagreement(of: Self.agents)?.hasPrefix("a runs with timeout_s 25, and closing") == true)
    #expect(ledger.disagreement(of: Self.agents, except: ["a", "c"]) == nil)
    ledger.left = ["a"]
    #expect(ledger.strays(of: Self.agents) == ["a"])
    // What a person has set is a person's.
    try ledger.set("c", "50", by: nil)
    #expect(ledger.disagreement(of: Self.agents) == nil)
  }

  @Test func somebodyOfEachPairIsHeldBack() throws {
    var ledger = ledger()
    try ledger.begin()
    try ledger.tell(.succeeded)
    try ledger.give([(25, ["a", "b", "g", "h"])], .widening(steps: 2))
    try ledger.set("g", "25", by: "2")
    #expect(ledger.disagreement(of: Self.agents) == nil)
    try ledger.set("h", "25", by: "2")
    #expect(ledger.disagreement(of: Self.agents)?.hasPrefix("nobody of [g, h] is held back") == true)
  }

  private static let agents: [AgentID] = ["a", "b", "c", "d", "e", "f", "g", "h"]
}

extension TuningStanding {
  fileprivate static func plain(_ phase: Phase, base: Double = 20, steps: Int) -> TuningStanding {
    var standing = TuningStanding(
      phase, [Parameter(name: "timeout_s", bounds: 5...60, step: 5, home: 20, base: base)])
    standing.steps = steps
    return standing
  }

  fileprivate static func trying(
    _ value: Double = 25, number: Int = 1, pairs: [[AgentID]] = [["a", "b"], ["c", "d"]], steps: Int
  ) -> TuningStanding {
    var standing = plain(.trying, steps: steps)
    standing.trial = Trial(number: number, place: 0, value: value, pairs: pairs)
    standing.run = "run"
    return standing
  }

  fileprivate static func closing(steps: Int) -> TuningStanding {
    var standing = trying(steps: steps)
    (standing.phase, standing.run) = (.closing, nil)
    return standing
  }

  fileprivate static func widening(_ value: Double = 25, steps: Int) -> TuningStanding {
    var standing = plain(.widening, base: value, steps: steps)
    (standing.widening, standing.held) = (Widening(place: 0, from: 20), [["g", "h"]])
    return standing
  }
}

extension TuningLedger {
  /// A role is taken up, and a value is tried on the first of each pair.
  fileprivate mutating func begin(_ value: Double = 25) throws {
    try take(.plain(.resting, steps: 0), [])
    try tell(.started)
    try give([(value, ["a", "c"])], .trying(value, steps: 1))
  }

  /// Takes a step with an order for each value.
  fileprivate mutating func give(_ orders: [(value: Double, agents: [AgentID])], _ standing: TuningStanding) throws {
    var commands: [Command] = []
    for order in orders {
      commands.append(
        Command(
          id: CommandID("\(given.count + commands.count + 1)"), action: .tune, targets: order.agents,
          arguments: ["parameter": "timeout_s", "value": "\(Int(order.value))"], operator: Self.author,
          reason: "tries it", issuedAt: Self.now, expiresAt: Self.now + .minutes(1)))
    }
    try note(commands)
    try take(standing, commands)
  }

  fileprivate mutating func tell(_ phase: AuditLine.Phase, run: String = "run") throws {
    try take(
      AuditLine(origin: .run(run), phase: phase, action: "tuning", operator: Self.author, at: Self.now))
  }

  /// An agent is set: by a command of tuning, or by a person.
  fileprivate mutating func set(_ agent: AgentID, _ value: String, by command: String?) throws {
    let (author, id) = (command == nil ? "ana@ops" : Self.author, CommandID(command ?? "by-hand"))
    var record = AgentRecord()
    record.set(AgentTuning(parameter: "timeout_s", value: value, by: author, at: Self.now, command: id))
    try take(
      AuditLine(
        origin: .command(id), phase: .succeeded, action: "tune", target: agent, operator: author, after: record,
        at: Self.now))
  }

  private static let now = Instant(milliseconds: 1_795_334_137_000)
}
