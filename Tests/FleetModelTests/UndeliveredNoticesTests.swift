import FleetModel
import TestSupport
import Testing

@Suite struct UndeliveredNoticesTests {
  private var fleet = Fleet()

  private mutating func hear(
    _ origin: AuditLine.Origin, _ phase: AuditLine.Phase = .failed, _ action: String = "notify",
    _ detail: String = "ops: HTTP 400",
    at second: Int64 = 0
  ) {
    fleet.apply(AuditLine(origin: origin, phase: phase, action: action, detail: detail, at: .at(second)))
  }

  @Test mutating func onlyWhatTheNotifierGaveUpCounts() {
    hear(.run("notify/degraded/a"))
    #expect(fleet.undelivered.count(at: .at(1)) == 1)
    hear(.command(CommandID("notify/degraded/a")))
    hear(.run("rule/degraded/1-0/a"))
    hear(.run("notify/degraded/a"), .succeeded)
    hear(.run("notify/degraded/a"), .failed, "pause")
    hear(.run("notify/channel/ops"), .failed, "notify", "channel ops is disabled until the configuration is read again")
    #expect(fleet.undelivered.count(at: .at(1)) == 1)
    // A rule may be called so.
    hear(.run("notify/channel/a"))
    #expect(fleet.undelivered.count(at: .at(1)) == 2)
  }

  @Test mutating func aDayLaterItIsNoNews() {
    hear(.run("notify/x"), at: 0)
    hear(.run("notify/y"), at: 3600)
    #expect(fleet.undelivered.count(at: .at(86_399)) == 2)
    #expect(fleet.undelivered.count(at: .at(86_400)) == 1)
  }

  @Test mutating func aStormOfThemIsBounded() {
    for number in 0..<5000 { hear(.run("notify/\(number)"), at: Int64(number)) }
    #expect(fleet.undelivered.count(at: .at(5000)) == 1000)
  }

  /// What the audit tells of before its beginning is known already, whichever comes first.
  @Test mutating func thoseFromBeforeTheAuditCountOnce() {
    hear(.run("notify/early"), at: 99)
    hear(.run("notify/late"), at: 100)
    fleet.setUndelivered([.at(50), .at(99)], before: .at(100))
    hear(.run("notify/early"), at: 99)
    hear(.run("notify/later"), at: 200)
    #expect(fleet.undelivered.count(at: .at(200)) == 4)
    fleet.setUndelivered([.at(50), .at(99)], before: .at(100))
    #expect(fleet.undelivered.count(at: .at(200)) == 4)
    #expect(fleet.undelivered.count(at: .at(86_400 + 50)) == 3)
  }
}
