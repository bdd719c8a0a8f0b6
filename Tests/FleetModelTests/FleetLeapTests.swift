import TestSupport
import Testing

@testable import FleetModel

/// A clock that is set anew changes nothing of what is so.
@Suite struct FleetLeapTests {
  private var fleet = Fleet(tracksAlertChanges: true)

  private mutating func trouble() throws {
    try fleet.apply("metrics", "a", #"{"error_rate":0.5,"queue_size":7}"#, at: .at(0))
    fleet.setAlert(
      AlertRecord(
        id: AlertID(.escalation, "b"), severity: .high, since: .at(0), last: .at(0), acknowledgedBy: "alice",
        acknowledgedAt: .at(0)))
    fleet.advance(to: .at(60))
  }

  @Test(arguments: [86_400, -86_400, 1_000_000_000] as [Int64])
  mutating func noAlertTurnsQuietByALeapAndAllDoInTheirTime(seconds: Int64) throws {
    try trouble()
    fleet.leap(by: .seconds(seconds))
    fleet.advance(to: .at(61 + seconds))
    #expect(fleet.alerts.count == 2)
    #expect(fleet.endedEscalations(at: .at(61 + seconds)).isEmpty)
    fleet.advance(to: .at(299 + seconds))
    #expect(fleet.alerts.count == 2 && !fleet.alerts.open.contains { $0.isQuiet })
    fleet.advance(to: .at(301 + seconds))
    #expect(fleet.alerts.open.filter(\.isQuiet).map(\.id.kind) == [.performanceDegraded])
    #expect(fleet.endedEscalations(at: .at(301 + seconds)).count == 1)
  }

  @Test(arguments: [86_400, -86_400] as [Int64])
  mutating func agesStayWhatTheyWere(seconds: Int64) throws {
    try trouble()
    fleet.leap(by: .seconds(seconds))
    let agent = try #require(fleet["a"])
    #expect(agent.lastEventAt == .at(seconds))
    #expect(agent.valueTime(.queueSize) == .at(seconds))
    #expect(agent.activity.reportedAt == .at(seconds))
    try fleet.apply("metrics", "a", #"{"queue_size":8}"#, at: .at(70 + seconds))
    #expect(fleet["a"]?.value(.queueSize) == 8)
    #expect(fleet.history(.queueSize, ofAgentAt: 0, .fine, count: 1, until: .at(70 + seconds)) == [.value(8)])
    #expect(fleet.counts.rate(at: .at(71 + seconds)) == 0.2)
  }

  @Test(arguments: [86_400, -86_400] as [Int64])
  mutating func conversationsAreNoOlderThanTheyWere(seconds: Int64) throws {
    try fleet.apply("status", "a", #"{"state":"running","conversations":3}"#, at: .at(0))
    fleet.leap(by: .seconds(seconds))
    let open = try #require(fleet["a"]?.activity.openConversations)
    #expect(open.count == 3 && open.at == .at(seconds))
  }

  @Test(arguments: [86_400, -86_400] as [Int64])
  mutating func eventThatWasSeenIsStillKnown(seconds: Int64) throws {
    let event = Array(#"{"entity_id":"a","event_type":"metrics","event_id":"e1"}"#.utf8)
    try fleet.apply(json: event, at: .at(0))
    fleet.leap(by: .seconds(seconds))
    try fleet.apply(json: event, at: .at(10 + seconds))
    #expect(fleet.counts.duplicates == 1)
  }

  @Test mutating func whoTakesOverCallsNothingQuietBeforeItHasListenedForAsLongAsItTakes() throws {
    try trouble()
    fleet.keepAlerts(from: .at(10_000))
    fleet.advance(to: .at(10_299))
    #expect(!fleet.alerts.open.contains { $0.isQuiet })
    fleet.advance(to: .at(10_300))
    #expect(fleet.alerts.open.filter(\.isQuiet).map(\.id.kind) == [.performanceDegraded])
  }

  @Test func spanOfWhichALineTellsIsNoLaterThanTheLine() {
    func gap(_ run: String) -> [Int64]? {
      AuditLine(origin: .run(run), phase: .unknown, action: "record", at: .at(0)).recordingGap
        .map { [($0.from - .at(0)).milliseconds, ($0.to - .at(0)).milliseconds] }
    }
    let zero = Instant.at(0).milliseconds
    #expect(gap("recording/\(zero - 3000)/\(zero - 1000)") == [-3000, -1000])
    #expect(gap("recording/\(zero)/9223372036854775807") == [0, 0])
    for run in ["recording/5/4", "recording/a/b", "recording/1", "recording/1/2/3", "recording/1/99999999999999999999"]
    {
      #expect(gap(run) == nil, "\(run)")
    }
  }
}
