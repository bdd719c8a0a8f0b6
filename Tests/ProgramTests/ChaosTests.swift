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
}
