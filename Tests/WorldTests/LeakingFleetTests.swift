import FleetModel
import Testing
import World

@Suite struct LeakingFleetTests {
  @Test func maintenanceAvoidsUnhealthyMinutesAndOffChangesNothing() throws {
    var avoided: [Double] = []
    for seed in 0..<4 as Range<UInt64> {
      let without = try LeakingFleet(seed: seed, mode: .off).run()
      #expect(without.windows == 0 && without.unhealthyMinutes > 10 && without.byPeople > 0, "\(without)")
      let with = try LeakingFleet(seed: seed, mode: .auto).run()
      #expect(with.windows > 0 && with.byPeople <= without.byPeople, "\(with)")
      avoided.append(without.unhealthyMinutes - with.unhealthyMinutes)
    }
    #expect(PairedDifference(avoided).mean > 0, "\(avoided)")
  }

  @Test func intervalIsThatOfStudentsT() {
    let difference = PairedDifference([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    #expect(difference.mean == 6)
    // 2.228 · √11 / √11 by the exact quantile.
    #expect(abs(difference.interval.upperBound - 8.228) < 0.05 && abs(difference.interval.lowerBound - 3.772) < 0.05)
    #expect(PairedDifference([4, 4, 4]).interval == 4...4)
  }
}
