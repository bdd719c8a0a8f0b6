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
    for number in 0..<1000 { fleet.setRecord(AgentRecord(), of: AgentID(bytes: Array("\(number)".utf8) + tail)) }
    #expect(fleet.counts.released > 0)
    #expect(fleet.byteCount <= Fleet.mostBytes)
    #expect(fleet[AgentID(bytes: Array("999".utf8) + tail)] != nil)
  }

  @Test func aLongNameIsKeptAsFarAsAnybodyReadsIt() throws {
    var fleet = Fleet()
    let name = String(repeating: "名", count: 100_000)
    try fleet.apply("created", "a", #"{"name":"\#(name)"}"#, at: .at(0))
    #expect(fleet["a"]?.name == String(repeating: "名", count: 85))
  }

  @Test func oneCharacterOfManyBytesIsCutToo() throws {
    var fleet = Fleet()
    let letter = "e" + String(repeating: "\u{301}", count: 50_000)
    try fleet.apply(
      "created", "a",
      #"{"name":"\#(letter)","role":"\#(letter)","skills":["\#(letter)","ok"],"languages":["\#(letter)"]}"#, at: .at(0))
    let agent = try #require(fleet["a"])
    for text in [agent.name] + [agent.role] + agent.skills + agent.languages { #expect(text.utf8.count <= 256) }
    #expect(agent.skills.last == "ok")
    try fleet.apply(
      "security_alert", "a", #"{"alert_type":"\#(letter)","suspicious_ips":["\#(letter)"],"risk_level":"high"}"#,
      at: .at(1))
    let incident = try #require(fleet.incidents.security.last)
    #expect(incident.summary.utf8.count <= 400 && incident.items[0].utf8.count <= 128)
    #expect(fleet.alerts.open.first { _ in true }?.record.summary.utf8.count ?? 0 <= 400)
  }

  @Test func idOfACommandThatIsTooLongIsNone() throws {
    var fleet = Fleet()
    for id in [String(repeating: "c", count: 1_900_000), #"\ud800"#] {
      try fleet.apply("status", "a", #"{"command_id":"\#(id)","state":"running"}"#, at: .at(0))
      #expect(fleet["a"]?.reported?.commandID == nil && fleet["a"]?.reported?.state == .running)
    }
    try fleet.apply("status", "a", #"{"command_id":"c1"}"#, at: .at(1))
    #expect(fleet["a"]?.reported?.commandID == CommandID("c1"))
  }

  @Test func oneBudgetHoldsAgentsTheirWindowsWordsAndAlerts() throws {
    var fleet = Fleet()
    let word = String(repeating: "w", count: 128)
    let skills = (0..<16).map { _ in "\"\(word)\"" }.joined(separator: ",")
    for number in 0..<30_000 {
      let id = "\(number)" + String(repeating: "i", count: 500)
      try fleet.apply(
        "created", id, #"{"name":"\#(word)\#(word)","role":"\#(word)","skills":[\#(skills)]}"#, at: .at(1))
      #expect(fleet.byteCount <= Fleet.mostBytes + 10_000)
    }
    #expect(fleet.counts.released > 0)
    // Those that stay grow as well.
    let ids = fleet.agents.compactMap { $0?.id }
    for id in ids {
      for metric in ["error_rate", "queue_size", "health_score", "avg_rating", "response_time", "messages_per_minute"] {
        try fleet.apply("metrics", id.description, #"{"\#(metric)":1}"#, at: .at(2))
      }
    }
    #expect(fleet.byteCount <= Fleet.mostBytes + 10_000)
  }

  @Test func textIsCutBetweenCodePoints() {
    func cut(_ text: String, _ most: Int) -> [UInt8] { Unicode.Scalar.Cut.bytes(Array(text.utf8), to: most) }
    #expect(cut("aé", 2) == Array("a".utf8))
    #expect(cut("aé", 3) == Array("aé".utf8))
    #expect(cut("🚀", 3) == [])
    #expect(cut("", 0) == [])
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
