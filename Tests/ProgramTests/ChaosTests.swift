import TestSupport
import Testing

/// The short form of `vigia-bench chaos`.
@Suite struct ChaosTests {
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

  @Test(arguments: Chaos.Trouble.allCases)
  func commandsBeforeInTheMiddleOfAndAfterTroubleAreDoneOnce(trouble: Chaos.Trouble) throws {
    let chaos = try Chaos(path: Program.folder + "/vigia-handler", isPersistent: trouble.isPersistent)
    try chaos.run(trouble)
    #expect(chaos.requests.count >= 6)
  }
}
