import FleetModel
import Screen
import TestSupport
import Testing

@testable import Console

/// Nothing that comes over the wire steers the terminal.
@Suite struct HostileTextTests {
  private static let evil =
    "\u{1B}]0;owned\u{7}\u{1B}[2J\r\n\t\u{8}\u{7F}\u{9B}31m\u{202E}\u{2066}\u{200F}\u{061C}\u{E0041}\u{2028}end"

  private func escaped(_ text: String) -> String {
    text.unicodeScalars.map { scalar in
      let digits = String(scalar.value, radix: 16)
      if scalar.value > 0xFFFF { return String(scalar) }
      return scalar.value < 0x80 && scalar.value > 0x22 && scalar.value != 0x5C && scalar.value != 0x7F
        ? String(scalar) : "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }.joined()
  }

  private func scene(columns: Int, rows: Int) throws -> Scene {
    let text = escaped(Self.evil)
    var scene = Scene(columns: columns, rows: rows)
    try scene.model.fleet.apply(
      "created", Self.evil, #"{"name":"\#(text)","role":"\#(text)","tier":"\#(text)"}"#, at: .at(0))
    try scene.model.fleet.apply("created", Self.evil + "2", at: .at(0))
    try scene.model.fleet.apply(
      "security_alert", Self.evil,
      #"{"alert_type":"\#(text)","suspicious_ips":["\#(text)"],"risk_level":"high"}"#, at: .at(0))
    try scene.model.fleet.apply(
      "satisfaction_low", Self.evil, #"{"avg_rating":1,"main_complaints":["\#(text)"]}"#, at: .at(0))
    scene.hear("c", .rejected, Self.evil, AgentID(Self.evil), Self.evil, by: Self.evil, at: .at(0))
    scene.hear("c", .rejected, Self.evil, .none, Self.evil, by: Self.evil, at: .at(0))
    scene.propose(
      Self.evil, AgentID(Self.evil), made: 0,
      steps: [
        .init(action: Self.evil, target: AgentID(Self.evil), arguments: [Self.evil: Self.evil]),
        .init(action: "pause", target: AgentID(Self.evil), arguments: ["for": Self.evil]),
      ], digest: Self.evil)
    scene.hearRule(
      .skipped, Self.evil, AgentID(Self.evil), "throttled: \(Self.evil)", rule: Self.evil, run: Self.evil,
      reason: Self.evil, at: .at(0))
    scene.model.fleet.applyUnreadable(reason: Self.evil, at: .at(0))
    scene.goLive(at: .at(1))
    _ = scene.model.update(.handler(.alive(id: Self.evil, isRecording: true, fault: Self.evil)))
    return scene
  }

  private func expectHarmless(_ grid: Grid, sourceLocation: SourceLocation = #_sourceLocation) {
    for line in grid.lines() {
      for scalar in line.unicodeScalars {
        #expect(
          Scrubber.fate(of: scalar) == .keep, "U+\(String(scalar.value, radix: 16))", sourceLocation: sourceLocation)
      }
    }
  }

  @Test(arguments: [(200, 50), (130, 40), (80, 24)])
  func noControlReachesTheGrid(columns: Int, rows: Int) throws {
    var scene = try scene(columns: columns, rows: rows)
    for pane in 1...6 {
      scene.press(.character(Character("\(pane)")))
      expectHarmless(scene.draw())
    }
    for pane in ["5", "6"] {
      scene.type(pane + "x")
      expectHarmless(scene.draw())
      scene.press(.escape)
    }
    scene.press(.character("1"))
    for key in ["p", "R", "s", "b", "l", "e", "B", "A", "D", "m", "x"] {
      scene.type(key)
      expectHarmless(scene.draw())
      scene.press(.enter)
      expectHarmless(scene.draw())
      scene.press(.escape)
    }
    scene.press(.enter)
    _ = scene.model.update(
      .latestEvents(AgentID(Self.evil), [EventDigest(at: .at(0), type: Self.evil, data: Self.evil)]))
    expectHarmless(scene.draw())
    _ = scene.model.update(.note(Self.evil))
    _ = scene.model.update(.link(.down(since: .at(0), retryAt: nil, reason: Self.evil)))
    expectHarmless(scene.draw())
  }

  @Test func pastedFilterIsHarmless() throws {
    var scene = try scene(columns: 130, rows: 40)
    scene.press(.character("/"), .paste(Self.evil), .character("\u{202E}"))
    expectHarmless(scene.draw())
    scene.press(.enter)
    expectHarmless(scene.draw())
  }
}
