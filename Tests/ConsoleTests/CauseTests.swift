import FleetModel
import Screen
import TestSupport
import Testing

@testable import Console

/// Agents in trouble that have a cause in common stand under one heading.
@Suite struct CauseTests {
  /// 12 agents on gpt-4o, 40 on mini; those of the first have just begun to fail, but for one.
  private func scene(columns: Int = 130, rows: Int = 40) throws -> Scene {
    var scene = Scene(columns: columns, rows: rows)
    for number in 0..<52 {
      let data = #"{"error_rate":0.01,"llm_model":"\#(number < 12 ? "gpt-4o" : "mini")"}"#
      try scene.model.fleet.apply("metrics", name(number), data, at: .at(0))
    }
    scene.goLive(at: .at(1))
    return scene
  }

  private func name(_ number: Int) -> String { number < 10 ? "a0\(number)" : "a\(number)" }

  private func fail(_ scene: inout Scene, _ numbers: [Int], _ rate: Double = 0.4, at second: Int64) throws {
    for number in numbers {
      try scene.model.fleet.apply("metrics", name(number), #"{"error_rate":\#(rate)}"#, at: .at(second))
    }
  }

  private var heading: String { "◆ 11 agents on gpt-4o, 11 of 12 affected; others 1 of 40, for 10s" }

  @Test func oneHeadingStandsForAllOfThem() throws {
    var scene = try scene()
    try fail(&scene, Array(0..<11) + [50], at: 10)
    scene.tick(.at(20))
    let lines = scene.draw().lines()
    #expect(lines[3].hasPrefix("│▸ + \(heading)"))
    #expect(lines[4].contains("a50") && lines[5].contains("a11"))
    #expect(scene.order.count == 41 && scene.order.first == "a50")
    #expect(lines[0].hasPrefix(" ◆ 11 agents on gpt-4o errors 40%, 11 of 12 affected; others 1 of 40, for 10s"))
    #expect(lines[0].contains("1 more in trouble"))
  }

  @Test func enterOpensAndClosesIt() throws {
    var scene = try scene()
    try fail(&scene, Array(0..<11), at: 10)
    scene.tick(.at(20))
    #expect(scene.press(.enter).isEmpty)
    #expect(scene.order.count == 52 && scene.order.first == "a00")
    #expect(scene.draw().lines()[3].hasPrefix("│▸ - ◆ 11 agents on gpt-4o, 11 of 12 affected; others 0 of 40"))
    scene.press(.down)
    #expect(scene.model.selectedAgent == "a00" && scene.press(.enter) == [.readEvents("a00")])
    scene.press(.escape, .up, .enter)
    #expect(scene.order.count == 41)
  }

  @Test func nothingMovesUnderTheCursor() throws {
    var scene = try scene()
    scene.press(.down, .down)
    #expect(scene.model.selectedAgent == "a02")
    try fail(&scene, Array(0..<11), at: 3)
    scene.tick(.at(4))
    #expect(scene.order.count == 52)
    // The order is let go: its agent is still there to be seen, and selected.
    scene.tick(.at(20))
    #expect(scene.model.lists[.agents].first == .cause(1) && scene.model.selectedAgent == "a02")
    #expect(scene.draw().lines().contains { $0.contains("▸ ") && $0.contains("a02") })
  }

  @Test func keysActOnAllThatStandUnderIt() throws {
    var scene = try scene()
    try fail(&scene, Array(0..<11), at: 10)
    scene.tick(.at(20))
    scene.type("a")
    let draft = try sent(scene.type(scene.code ?? "y"))
    #expect(draft.action == .acknowledge && draft.alerts.count == 11 && Set(draft.targets).count == 11)
    scene.press(.character(" "))
    #expect(scene.model.marked.count == 11)
    #expect(scene.draw().lines()[3].hasPrefix("│▸✓+ "))
    scene.press(.character(" "))
    #expect(scene.model.marked.isEmpty)
  }

  @Test func theFilterLeavesOthersUntouched() throws {
    var scene = try scene()
    try fail(&scene, Array(0..<11), at: 10)
    scene.tick(.at(20))
    scene.type("/a0")
    scene.press(.enter)
    #expect(scene.model.lists[.agents] == [.cause(1)] && scene.model.listNote == #"10 of 52 with "a0""#)
    scene.type("*")
    #expect(scene.model.marked.count == 10)
  }

  @Test func anOrderByAColumnShowsEachForItself() throws {
    var scene = try scene()
    try fail(&scene, Array(0..<11), at: 10)
    scene.tick(.at(20))
    scene.type("o")
    #expect(scene.order.count == 52 && !scene.model.lists[.agents].contains(.cause(1)))
  }

  @Test func aHeadingGoesWhenItsAlertsDo() throws {
    var scene = try scene()
    try fail(&scene, Array(0..<11), at: 10)
    scene.tick(.at(20))
    for number in 0..<11 { try scene.model.fleet.apply("deleted", name(number), at: .at(13)) }
    scene.tick(.at(80))
    #expect(scene.order.count == 41 && !scene.model.lists[.agents].contains(.cause(1)))
    #expect(scene.model.selectedAgent != nil)
  }

  @Test func whyNamesWhatTheyShare() throws {
    var scene = try scene()
    try fail(&scene, Array(0..<11), at: 10)
    scene.tick(.at(20))
    scene.type("x")
    let text = scene.draw().lines().joined(separator: "\n")
    #expect(text.contains("Why: 11 agents on gpt-4o") && text.contains("11 of 12 affected; others 0 of 40."))
    #expect(text.contains("a03  errors 40%"))
  }

  @Test func attacksStandUnderItToo() throws {
    var scene = try scene()
    for number in 0..<11 {
      try scene.model.fleet.apply("security_alert", name(number), #"{"alert_type":"brute_force"}"#, at: .at(10))
    }
    scene.tick(.at(20))
    #expect(scene.model.lists[.security] == [.cause(1)])
    scene.press(.character("5"), .enter)
    #expect(scene.rows(of: .security).count == 11)
    scene.press(.down)
    #expect(scene.model.selectedAgent == "a10")
  }

  @Test(arguments: [(80, 24), (40, 10), (200, 50)])
  func itFitsAnyScreen(columns: Int, rows: Int) throws {
    var scene = try scene(columns: columns, rows: rows)
    for number in 0..<12 {
      let model = String(repeating: "長い\u{202E}名", count: 40)
      try scene.model.fleet.apply("metrics", name(number), #"{"llm_model":"\#(model)"}"#, at: .at(2))
    }
    try fail(&scene, Array(0..<11), at: 10)
    scene.tick(.at(20))
    let lines = scene.draw(.ascii).lines()
    #expect(lines.contains { $0.contains("+ ! 11 agents on 長い") })
    #expect(!lines.joined().unicodeScalars.contains("\u{202E}"))
  }
}
