import TestSupport
import Testing

@testable import FleetModel

/// What a fleet does when more comes than it can keep, and when something was missed.
@Suite struct FleetBoundsTests {
  @Test func longestSilentAgentsLeaveAndAreCounted() throws {
    var fleet = Fleet(capacity: 32)
    for second in 0..<32 { try fleet.apply("metrics", "agent-\(second)", #"{"queue_size":1}"#, at: .at(Int64(second))) }
    try fleet.apply("metrics", "agent-0", at: .at(40))
    try fleet.apply("metrics", "new", at: .at(41))
    #expect(fleet.count == 31)
    #expect(fleet.counts.released == 2)
    #expect(fleet["agent-1"] == nil)
    #expect(fleet["agent-2"] == nil)
    #expect(fleet["agent-0"] != nil)
    #expect(fleet["new"] != nil)
  }

  @Test func aNewAgentEveryEventKeepsTheFleetWithinItsCapacity() throws {
    var fleet = Fleet(capacity: 500)
    for number in 0..<5000 {
      try fleet.apply("metrics", "agent-\(number)", #"{"queue_size":500}"#, at: .at(Int64(number / 100)))
      #expect(fleet.count <= 500)
    }
    #expect(fleet.agents.count <= 500)
    #expect(fleet.alerts.count == fleet.count)
    #expect(fleet.counts.total == 5000)
    #expect(fleet.counts.released == 5000 - fleet.count)
  }

  @Test func longIdsTakeBoundedMemoryTogether() {
    var fleet = Fleet()
    let tail = [UInt8](repeating: 120, count: 100_000)
    for number in 0..<400 { fleet.setRecord(AgentRecord(), of: AgentID(bytes: Array("\(number)".utf8) + tail)) }
    #expect(fleet.counts.released > 0)
    #expect(fleet.directory.byteCount < 40 << 20)
    #expect(fleet[AgentID(bytes: Array("399".utf8) + tail)] != nil)
  }

  @Test func aLongNameIsKeptAsFarAsAnybodyReadsIt() throws {
    var fleet = Fleet()
    let name = String(repeating: "名", count: 100_000)
    try fleet.apply("created", "a", #"{"name":"\#(name)"}"#, at: .at(0))
    #expect(fleet["a"]?.name == String(repeating: "名", count: 4096))
  }

  @Test func whatMayHaveBeenMissedIsToldFromSilence() throws {
    var fleet = Fleet()
    try fleet.apply("metrics", "a", #"{"queue_size":1}"#, at: .at(5))
    fleet.applyGap(from: .at(21), to: .at(35), count: 7)
    try fleet.apply("metrics", "a", #"{"queue_size":2}"#, at: .at(45))
    #expect(
      fleet.history(.queueSize, ofAgentAt: 0, .fine, count: 6, until: .at(50))
        == [.value(1), .silent, .missed, .missed, .value(2), .silent])
    #expect(fleet.gaps == [Gap(from: .at(21), to: .at(35), count: 7)])
    #expect(fleet.gaps[0].length == .seconds(14))
  }

  @Test func gapsAreForgottenAfterAnHour() {
    var fleet = Fleet()
    fleet.applyGap(from: .at(0), to: .at(1), count: nil)
    fleet.applyGap(from: .at(3700), to: .at(3701), count: nil)
    #expect(fleet.gaps == [Gap(from: .at(3700), to: .at(3701), count: nil)])
  }

  @Test func agentForWhomSomebodyWasCalledLeavesLast() throws {
    var fleet = Fleet(capacity: 32)
    for second in 0..<32 { try fleet.apply("metrics", "agent-\(second)", at: .at(Int64(second))) }
    fleet.setAlert(AlertRecord(id: AlertID(.escalation, "agent-0"), severity: .high, since: .at(1), last: .at(1)))
    try fleet.apply("metrics", "new", at: .at(41))
    #expect(fleet["agent-0"] != nil && fleet["agent-1"] == nil && fleet["agent-2"] == nil)
    #expect(fleet.alerts.count == 1)
  }
}
