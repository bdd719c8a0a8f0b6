import TestSupport
import TestThreads
import Testing

/// The short form of `vigia-bench chaos`.
@Suite(.threaded) struct ChaosTests {
  private static let missing: [[Chaos.Right]] = [
    [.command("hset"), .command("xadd")], [.command("zadd"), .key("agent:*")], [.key("mark:*"), .key("schedule")],
    [.channel("agentos.control.*"), .command("get")], [.command("evalsha"), .key("fence")],
    [.command("xreadgroup"), .key("audit")],
  ]

  @Test(arguments: Chaos.Point.allCases)
  func commandWhoseHandlerIsKilledIsDoneOnce(point: Chaos.Point) throws {
    let chaos = try Chaos(path: Program.folder + "/vigia-handler")
    for _ in 0..<3 { try chaos.run(point) }
    #expect(chaos.requests.count == 3)
  }

  @Test func answersCutAnywhereLoseNothing() throws {
    let chaos = try Chaos(path: Program.folder + "/vigia-handler")
    for bytes in stride(from: 3, through: 1600, by: 177) { try chaos.run(cutAfter: bytes) }
    #expect(chaos.requests.count == 20)
  }

  /// One of each sort; `vigia-bench chaos` takes them all.
  @Test(arguments: missing)
  func handlerThatLacksARightDoesNoHalfStepAndSaysSo(rights: [Chaos.Right]) throws {
    let chaos = try Chaos(path: Program.folder + "/vigia-handler", runbook: Chaos.chainRunbook)
    try chaos.restrict()
    for right in rights { try chaos.run(without: right) }
    #expect(chaos.requests.count == rights.count * (1 + Chaos.chainEffects))
  }

  @Test(arguments: Chaos.places)
  func garbageInPlaceOfAValueEndsNobody(place: Chaos.Place) throws {
    let chaos = try Chaos(path: Program.folder + "/vigia-handler", runbook: Chaos.garbageRunbook)
    let kinds = Chaos.Place.Kind.allCases.filter { $0 != place.kind }
    let number = Chaos.places.firstIndex(of: place) ?? 0
    try chaos.run(place, as: kinds[number % kinds.count])
    try chaos.run(place, holding: Chaos.texts[number % Chaos.texts.count])
    #expect(chaos.requests.count >= 2)
  }

  @Test(arguments: Chaos.Trouble.allCases)
  func commandsBeforeInTheMiddleOfAndAfterTroubleAreDoneOnce(trouble: Chaos.Trouble) throws {
    let chaos = try Chaos(path: Program.folder + "/vigia-handler", isPersistent: trouble.isPersistent)
    try chaos.run(trouble)
    #expect(chaos.requests.count >= 6)
  }

  /// Every step of the chain, by turns before and after it.
  @Test(arguments: 0..<Chaos.chainSteps)
  func chainOfARuleIsDoneOnceWhereverItsHandlerIsKilled(step: Int) throws {
    let chaos = try Chaos(path: Program.folder + "/vigia-handler", runbook: Chaos.chainRunbook)
    #expect(try chaos.run(chain: step.isMultiple(of: 2) ? .before(step) : .after(step)) == 1)
  }

  @Test(arguments: 0..<Chaos.chainEffects)
  func chainOfARuleIsDoneOnceWhenItsHandlerIsKilledAtAnEffect(effect: Int) throws {
    let chaos = try Chaos(path: Program.folder + "/vigia-handler", runbook: Chaos.chainRunbook)
    #expect(try chaos.run(chain: .effect(effect)) == 1)
  }

  @Test(arguments: [1, 2] as [UInt64])
  func chainOfARuleIsDoneOnceWhenItsHandlersAreKilledAtRandom(seed: UInt64) throws {
    let chaos = try Chaos(path: Program.folder + "/vigia-handler", runbook: Chaos.chainRunbook)
    #expect(try chaos.run(chain: .random(seed: seed)) > 1)
  }
}
