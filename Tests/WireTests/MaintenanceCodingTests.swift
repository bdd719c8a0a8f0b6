import FleetModel
import Testing
import Wire

@Suite struct MaintenanceCodingTests {
  private static let now = Instant(milliseconds: 1_795_334_400_000)

  private var whole: MaintenanceWindow {
    var window = MaintenanceWindow(
      id: "f1", agent: "agent-7", backup: "agent-8",
      origin: .forecast(.init(metric: "queue_size", crossesAt: Self.now + .minutes(40), earliest: Self.now)),
      at: Self.now, drain: .minutes(2), phase: .standIn, since: Self.now)
    (window.keepsBackup, window.clearSince, window.fault, window.cancelledBy) = (true, Self.now, "why", "ana")
    window.wait = .init(why: "agent-8 is silent", since: Self.now)
    return window
  }

  private var planned: MaintenanceWindow {
    MaintenanceWindow(
      id: "w1", agent: "agent-7", backup: "agent-8", origin: .person("ana@ops"), at: Self.now, phase: .planned,
      since: Self.now)
  }

  private func decode(_ bytes: [UInt8], _ field: String = "agent-7") -> MaintenanceWindow? {
    MaintenanceCoding.decode(Array(field.utf8), bytes)
  }

  @Test func windowsComeBackAsTheyWere() {
    var accepted = planned
    accepted.accepted = whole.sign
    for window in [whole, planned, accepted] { #expect(decode(MaintenanceCoding.encode(window)) == window) }
    for phase in MaintenanceWindow.Phase.allCases {
      var window = planned
      window.phase = phase
      #expect(decode(MaintenanceCoding.encode(window))?.phase == phase)
    }
  }

  @Test func documentOfTheWireIsThis() {
    let text =
      #"{"id":"w1","backup":"agent-8","by":"ana@ops","at":"2026-11-22T08:00:00.000Z","drain_ms":900000,"#
      + #""phase":"planned","since":"2026-11-22T08:00:00.000Z"}"#
    #expect(String(decoding: MaintenanceCoding.encode(planned), as: UTF8.self) == text)
    #expect(decode(Array(text.replacing("{", with: #"{"later":[1],"#).utf8)) == planned)
  }

  @Test func whatIsNoWindowIsNone() {
    let bytes = MaintenanceCoding.encode(whole)
    for length in 0..<bytes.count { #expect(decode(Array(bytes.prefix(length))) == nil) }
    #expect(decode(MaintenanceCoding.encode(planned), "") == nil)
    #expect(decode(MaintenanceCoding.encode(planned), "agent-8") == nil, "it would be its own backup")
    let text = String(decoding: MaintenanceCoding.encode(planned), as: UTF8.self)
    for (part, other) in [
      (#""w1""#, #""a/b""#), (#""w1""#, #""rule""#), ("900000", "0"), ("900000", "9000000000"), ("planned", "over"),
      (#""by":"ana@ops","#, ""), (#""agent-8""#, #""""#),
    ] {
      #expect(decode(Array(text.replacing(part, with: other).utf8)) == nil, "\(part) → \(other)")
    }
    let long = String(repeating: "x", count: MaintenanceCoding.mostBytes)
    #expect(decode(Array(text.replacing("ana@ops", with: long).utf8)) == nil)
  }

  @Test func whatIsNoWindowIsToldAndTheNextOneComesFirst() {
    let pairs = (0..<3).map { number in
      let agent = AgentID("a-\(number)")
      let window = MaintenanceWindow(
        id: "w", agent: agent, backup: "b", origin: .person("ana"), at: Self.now - .seconds(Int64(number)),
        phase: .planned, since: Self.now)
      return (name: agent.bytes, value: MaintenanceCoding.encode(window))
    }
    var left = 0
    let windows = MaintenanceCoding.decode(windows: pairs + [([1], [2])]) { _, _ in left += 1 }
    #expect(windows.map(\.agent) == ["a-2", "a-1", "a-0"] && left == 1)
  }
}
