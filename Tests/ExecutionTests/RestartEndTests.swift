import FleetModel
import Testing

@testable import Execution

@Suite struct RestartEndTests {
  private let now = Instant(milliseconds: 100_000)

  private func record(_ state: AgentState, pausedUntil: Instant? = nil) -> AgentRecord {
    var record = AgentRecord()
    (record.state, record.pausedUntil) = (state, pausedUntil)
    return record
  }

  private func end(_ found: AgentRecord, before: AgentRecord) -> Change? {
    Change.endingRestart(of: "a", found, before: before, at: now)
  }

  @Test(arguments: [AgentState.running, .stopped, .draining])
  func agentWhoseRestartIsNotConfirmedStandsAsBefore(state: AgentState) {
    #expect(end(record(.restarting), before: record(state))?.after?.state == state)
  }

  @Test func pauseThatTheRestartInterruptedGoesOn() {
    let until = now + .seconds(5)
    let change = end(record(.restarting), before: record(.paused, pausedUntil: until))
    #expect(change?.after == record(.paused, pausedUntil: until))
    #expect(change?.scheduledJobs == [Change.ScheduledJob(job: Job(.resume, "a"), due: until)])
    #expect(end(record(.restarting), before: record(.paused, pausedUntil: now))?.after?.state == .running)
  }

  @Test func drainThatTheRestartInterruptedGoesOnOrIsOver() {
    let until = now + .seconds(5)
    let change = end(record(.restarting), before: record(.draining, pausedUntil: until))
    #expect(change?.after == record(.draining, pausedUntil: until))
    #expect(change?.scheduledJobs == [Change.ScheduledJob(job: Job(.resume, "a"), due: until)])
    #expect(end(record(.restarting), before: record(.draining, pausedUntil: now))?.after?.state == .running)
  }

  @Test func pauseOfSomebodyElseStands() {
    let change = end(record(.paused), before: record(.running))
    #expect(change != nil && change?.after == nil)
  }

  @Test func agentThatRunsAgainHasNotFailed() {
    #expect(end(record(.running), before: record(.running)) == nil)
  }
}
