import FleetModel
import Testing
import Wire

@testable import Handler

/// The days of budgets in time zones, over restarts and over changes of the zone.
@Suite struct BudgetZoneTests {
  /// 2026-03-28T00:00:00Z; summer begins in Lisbon on the next day.
  private static let start = Instant(milliseconds: 1_774_656_000_000)
  private static let lisbon = Zone(name: "Europe/Lisbon", rule: "WET0WEST,M3.5.0/1,M10.5.0")!
  private static let tokyo = Zone(name: "Asia/Tokyo", rule: "JST-9")!
  private static let california = Zone(name: "America/Los_Angeles", rule: "PST8PDT,M3.2.0,M11.1.0")!

  /// A handler's knowledge and what it has stored.
  private struct Bookkeeper {
    var watch = BudgetWatch()
    var agents: [AgentID: Spending] = [:]
    var groups: [[UInt8]: Spending] = [:]
    private var now = BudgetZoneTests.start

    /// Adds a minute of an agent that costs 1 a minute.
    mutating func add(_ number: Int64, in zone: Zone) throws -> [BudgetEvent] {
      now = max(now, BudgetZoneTests.start + .minutes(number + 1))
      let events = watch.add(
        Spending.Minute(BudgetZoneTests.start + .minutes(number), costAnHour: 60), of: "a1", role: "sales",
        [Budget(.fleet, .cost, most: 100)], currency: "EUR", in: zone, at: now)
      let changed = watch.takeChanged()
      for (agent, value) in changed.agents {
        agents.updateValue(try #require(SpendingCoding.decode(value)), forKey: agent)
      }
      for (field, value) in changed.groups {
        groups.updateValue(try #require(SpendingCoding.decode(value)), forKey: field)
      }
      return events
    }

    /// Another handler takes over, and hears the last minutes again.
    mutating func takeOver(at number: Int64, in zone: Zone) throws {
      watch = BudgetWatch()
      _ = watch.load(
        agents.map { ($0.key, $0.value) }, groups: groups.map { ($0.key, $0.value) },
        at: BudgetZoneTests.start + .minutes(number), in: zone)
      for late in max(0, number - 9)..<number {
        let told = try add(late, in: zone)
        #expect(told.isEmpty)
      }
    }
  }

  /// What all minutes of some days come to, a day each.
  private func spend(
    minutes: Int64, takeoverEvery span: Int64, in zone: (Int64) -> Zone
  ) throws -> (days: [BudgetDay], used: [Double], told: [[BudgetEvent]]) {
    var keeper = Bookkeeper()
    var (days, used, told): ([BudgetDay], [Double], [[BudgetEvent]]) = ([], [], [])
    for number in 0..<minutes {
      if number > 0, number % span == 0 { try keeper.takeOver(at: number, in: zone(number)) }
      let events = try keeper.add(number, in: zone(number))
      let fleet = try #require(keeper.groups[Array("fleet".utf8)])
      #expect(keeper.agents["a1"]?.cost.used == fleet.cost.used)
      if days.last?.from != fleet.day.from {
        days.append(fleet.day)
        used.append(0)
        told.append([])
      }
      (days[days.count - 1], used[used.count - 1]) = (fleet.day, fleet.cost.used)
      told[told.count - 1] += events
    }
    return (days, used, told)
  }

  @Test func aDayOfSummerTimesBeginIsAnHourShorter() throws {
    let found = try spend(minutes: 3 * 1440, takeoverEvery: 37) { _ in Self.lisbon }
    #expect(found.used == [1440, 1380, 1440, 60])
    #expect(found.told.map { $0.map(\.use.told) } == [[1, 2, 3], [1, 2, 3], [1, 2, 3], []])
    let words = try JSONValue.parse(try #require(found.told[2].first).payload)["data"]?["detail"]?.text
    #expect(
      words == "all agents have used 80% of 100 EUR a day; 1440 by midnight in Europe/Lisbon at this rate")
  }

  /// Zones from a minute on, one after the other.
  @Test(arguments: [
    [(0, "utc"), (725, "tokyo")], [(0, "utc"), (725, "california")], [(0, "tokyo"), (1000, "california")],
    [(0, "california"), (901, "tokyo"), (1300, "utc"), (1301, "lisbon"), (3000, "california")],
    [(0, "lisbon"), (1379, "tokyo"), (1380, "lisbon")],
  ])
  func aChangeOfTheZoneCountsNothingTwiceAndLosesNothing(changes: [(from: Int, zone: String)]) throws {
    let zones = ["utc": Zone.utc, "tokyo": Self.tokyo, "california": Self.california, "lisbon": Self.lisbon]
    for span in [13, 240, 100_000] as [Int64] {
      let found = try spend(minutes: 5 * 1440, takeoverEvery: span) { number in
        zones[changes.last { $0.from <= number }?.zone ?? ""] ?? .utc
      }
      #expect(found.used.reduce(0, +) == 5 * 1440)
      #expect(zip(found.days, found.days.dropFirst()).allSatisfy { $0.until == $1.from })
      #expect(found.days.allSatisfy { $0.until - $0.from <= 1440 })
      for (used, told) in zip(found.used, found.told) {
        #expect(told.map(\.use.told) == (used >= 100 ? [1, 2, 3] : used >= 95 ? [1, 2] : used >= 80 ? [1] : []))
      }
    }
  }

  @Test func namesOfEventsDifferBetweenDaysThatAChangeOfTheZoneCutsShort() throws {
    let found = try spend(minutes: 3 * 1440, takeoverEvery: 500) { $0 < 725 ? .utc : Self.california }
    let names = try found.told.flatMap { $0 }.map { try JSONValue.parse($0.payload)["event_id"]?.text }
    #expect(names.count == 12 && Set(names).count == 12)
  }
}
