import FleetModel
import TestSupport
import Testing

/// A pause counts as obeyed when the runtime says so; one that is not is told.
@Suite struct PauseTests {
  private var fleet = Fleet(tracksAlertChanges: true)

  private mutating func pause(at second: Int64, until end: Int64 = 1000, version: Int = 1) {
    var record = AgentRecord()
    (record.state, record.version, record.pausedBy) = (.paused, version, "ana@ops")
    (record.pausedAt, record.pausedUntil) = (.at(second), .at(end))
    fleet.setRecord(record, of: "a")
  }

  private mutating func report(_ state: String, at second: Int64) throws {
    try fleet.apply("status", "a", #"{"state":"\#(state)"}"#, at: .at(second))
  }

  private mutating func traffic(_ perMinute: Int, at seconds: some Sequence<Int64>) throws {
    for second in seconds {
      try fleet.apply("metrics", "a", #"{"messages_per_minute":\#(perMinute)}"#, at: .at(second))
    }
  }

  private var unconfirmed: UnconfirmedPause? { fleet.unconfirmedPause(ofAgentAt: 0) }
  private var alert: AlertRecord? { fleet.alert(.commandUnconfirmed, ofAgentAt: 0)?.record }

  @Test mutating func runtimeThatReportsItsStateHasToReportThatItIsPaused() throws {
    try report("running", at: 0)
    pause(at: 10)
    fleet.advance(to: .at(19))
    #expect(unconfirmed == nil)
    fleet.advance(to: .at(20))
    #expect(unconfirmed == UnconfirmedPause(toldAt: .at(10)))
    try report("paused", at: 25)
    #expect(unconfirmed == nil)
  }

  @Test mutating func runtimeThatNeverReportsIsBelievedUntilTrafficGoesOn() throws {
    try traffic(43, at: [0, 5])
    pause(at: 10)
    fleet.advance(to: .at(55))
    #expect(unconfirmed == nil)
    try traffic(0, at: [56])
    #expect(unconfirmed == nil)
    try traffic(43, at: [57])
    #expect(unconfirmed == UnconfirmedPause(toldAt: .at(10), traffic: 43))
  }

  @Test mutating func reportOfAnEarlierPauseConfirmsNoLaterOne() throws {
    pause(at: 0)
    try report("paused", at: 1)
    pause(at: 100, version: 2)
    try traffic(43, at: [120])
    #expect(unconfirmed?.traffic == 43)
    try report("paused", at: 121)
    #expect(unconfirmed == nil)
  }

  @Test mutating func alertIsOpenedAfterAMinuteAndClosedByTheConfirmation() throws {
    try report("running", at: 0)
    pause(at: 10)
    fleet.advance(to: .at(69))
    #expect(alert == nil)
    fleet.advance(to: .at(70))
    #expect(alert?.severity == .high && alert?.summary == "the pause by ana@ops is not confirmed")
    #expect(fleet.worstTrouble(ofAgentAt: 0) == nil)
    #expect(fleet.takeAlertChanges() == [AlertID(.commandUnconfirmed, "a")])
    try report("paused", at: 80)
    fleet.advance(to: .at(81))
    #expect(alert == nil && fleet.takeAlertEnds() == [AlertID(.commandUnconfirmed, "a"): .recovered])
  }

  @Test(arguments: [true, false]) mutating func alertEndsWithThePause(isResumed: Bool) throws {
    try report("running", at: 0)
    pause(at: 10, until: 200)
    fleet.advance(to: .at(199))
    #expect(alert != nil)
    if isResumed {
      var record = AgentRecord()
      record.version = 2
      fleet.setRecord(record, of: "a")
    } else {
      fleet.advance(to: .at(200))
    }
    #expect(alert == nil)
  }

  @Test mutating func whoTakesOverKeepsTheAlertUntilThePauseIsConfirmed() throws {
    fleet.setAlert(
      AlertRecord(id: AlertID(.commandUnconfirmed, "a"), severity: .high, since: .at(70), last: .at(70)))
    pause(at: 10)
    fleet.advance(to: .at(500))
    #expect(alert?.since == .at(70), "nothing has been heard of it yet")
    try report("paused", at: 501)
    fleet.advance(to: .at(502))
    #expect(alert == nil)
  }

  @Test mutating func consoleLeavesTheAlertToTheHandler() throws {
    fleet.watch()
    fleet.setHandler(isAlive: true)
    try report("running", at: 0)
    pause(at: 10)
    fleet.advance(to: .at(100))
    #expect(alert == nil && unconfirmed != nil)
    fleet.setHandler(isAlive: false)
    fleet.advance(to: .at(101))
    #expect(fleet.alert(.commandUnconfirmed, ofAgentAt: 0)?.isLocal == true)
  }
}
