import TestSupport
import Testing

@testable import FleetModel

/// What is counted of alerts as they change is what a count of all of them comes to.
@Suite struct AlertBookTests {
  private var fleet = Fleet()
  private var random = SeededRandom(seed: 7)

  private func counted(at now: Instant) -> AlertBook.Counts {
    var counts = AlertBook.Counts()
    for alert in fleet.alerts.open {
      counts.all += 1
      if alert.isLocal { counts.local += 1 }
      switch (alert.isLoud(at: now), alert.record.acknowledgedBy) {
      case (true, _): counts.quiet += alert.isQuiet ? 1 : 0
      case (false, .some): counts.acknowledged += 1
      case (false, .none): counts.silenced += 1
      }
    }
    return counts
  }

  private mutating func changeSomething(at now: Instant) throws {
    let agent = "agent-\(Int.random(in: 0..<20, using: &random))"
    switch Int.random(in: 0..<8, using: &random) {
    case 0...2: try fleet.apply("high_traffic", agent, #"{"queue_size":60}"#, at: now)
    case 3: try fleet.apply("security_alert", agent, #"{"risk_level":"high"}"#, at: now)
    case 4: try fleet.apply("metrics", agent, #"{"queue_size":1}"#, at: now)
    case 5: fleet.setAuthority([.own, .handler, .none].randomElement(using: &random) ?? .own)
    default:
      guard var record = Array(fleet.alerts.open).randomElement(using: &random)?.record else { return }
      record.acknowledgedBy = Bool.random(using: &random) ? "alice" : nil
      record.silencedUntil = Bool.random(using: &random) ? now + .minutes(3) : nil
      record.isClosed = Int.random(in: 0..<6, using: &random) == 0
      fleet.setAlert(record)
    }
  }

  @Test mutating func countsAreThoseOfAllAlerts() throws {
    var seen = AlertBook.Counts()
    for second in 0..<4000 as Range<Int64> {
      let now = Instant.at(second * 4)
      fleet.advance(to: now)
      try changeSomething(at: now)
      let counts = counted(at: now)
      #expect(fleet.alerts.counts(at: now) == counts)
      for kind in AlertKind.allCases {
        #expect(fleet.alerts.count(of: kind) == fleet.alerts.open.count { $0.id.kind == kind })
      }
      seen = AlertBook.Counts(
        all: max(seen.all, counts.all), acknowledged: max(seen.acknowledged, counts.acknowledged),
        silenced: max(seen.silenced, counts.silenced), quiet: max(seen.quiet, counts.quiet),
        local: max(seen.local, counts.local))
    }
    #expect(seen.all > 10 && seen.acknowledged > 0 && seen.silenced > 0 && seen.quiet > 0 && seen.local > 0)
  }

  @Test mutating func eachAlertTurnsQuietFiveMinutesAfterItsLastSign() throws {
    var last: [String: Instant] = [:]
    for second in 0..<1200 as Range<Int64> {
      let agent = "agent-\(Int.random(in: 0..<20, using: &random))"
      if second < 600 {
        try fleet.apply("high_traffic", agent, #"{"queue_size":60}"#, at: .at(second))
        last[agent] = .at(second)
      } else {
        fleet.advance(to: .at(second))
      }
      for alert in fleet.alerts.open {
        let isDue = last["\(alert.id.agent)"].map { .at(second) - $0 >= .minutes(5) } ?? false
        #expect(alert.isQuiet == isDue, "\(alert.id.agent) at \(second)")
      }
    }
    #expect(fleet.alerts.open.allSatisfy(\.isQuiet) && fleet.alerts.count == 20)
  }

  @Test mutating func quietAlertIsGivenUpAlsoAfterItsSlotWasAnothers() throws {
    for number in 0..<3 {
      try fleet.apply("high_traffic", "agent-\(number)", #"{"queue_size":60}"#, at: .at(0))
    }
    for alert in fleet.alerts.open {
      var record = alert.record
      record.isClosed = true
      fleet.setAlert(record)
    }
    try fleet.apply("high_traffic", "other", #"{"queue_size":60}"#, at: .at(60))
    fleet.advance(to: .at(359))
    #expect(fleet.alerts.open.map(\.isQuiet) == [false])
    fleet.advance(to: .at(361))
    #expect(fleet.alerts.open.map(\.isQuiet) == [true])
    fleet.advance(to: .at(360 + 24 * 3600))
    #expect(fleet.alerts.count == 0)
  }
}
