import FleetModel
import Screen
import TestSupport
import Testing

@testable import Console

/// Marks, and whom an action is for.
@Suite struct MarkTests {
  /// The prompt's lines.
  private func prompt(_ scene: inout Scene) -> String {
    scene.draw().lines().dropLast().suffix(4).joined(separator: "\n")
  }

  @Test(arguments: [80, 130, 200])
  func markThatTheFilterHidesIsLeftOutAndNamed(columns: Int) throws {
    var scene = try Scene.plain(agents: 3, columns: columns, rows: columns == 80 ? 24 : 50)
    scene.press(.character(" "), .character("/"))
    scene.type("a1")
    scene.press(.enter, .character("p"))
    #expect(prompt(&scene).contains(" pause a1 for=15m?  not 1 marked agent hidden by the filter: a0"))
    #expect(try sent(scene.type("y")).targets == ["a1"])
  }

  @Test func onlyTheMarksThatAreShownAct() throws {
    var scene = try Scene.plain(agents: 12)
    for _ in 0..<4 { scene.press(.character(" "), .down) }
    scene.press(.character("/"))
    scene.type("a1")
    scene.press(.enter)
    for _ in 0..<2 { scene.press(.down, .character(" ")) }
    #expect(scene.model.marked == ["a0", "a1", "a2", "a3", "a10", "a11"])
    scene.press(.character("p"))
    #expect(prompt(&scene).contains("not 3 marked agents hidden by the filter: a0, a2…"))
    #expect(try sent(scene.type("y")).targets == ["a1", "a10", "a11"])
  }

  @Test func hiddenMarksAreToldWhereNothingIsSelected() throws {
    var scene = try Scene.plain(agents: 3)
    scene.press(.character(" "), .character("/"))
    scene.type("nobody")
    scene.press(.enter)
    #expect(scene.type("p") == [])
    #expect(scene.promptText().contains("nothing is selected to pause: the filter hides 1 marked agent"))
  }

  @Test func escapeShowsHiddenMarksBeforeItTakesThemOff() throws {
    var scene = try Scene.plain(agents: 3)
    scene.press(.character(" "), .character("/"))
    scene.type("a1")
    scene.press(.enter, .escape)
    #expect(scene.model.filter == "" && scene.model.marked == ["a0"])
    scene.press(.escape)
    #expect(scene.model.marked == [])
  }

  @Test func starMarksAllThatAreShownAndTakesThemOff() throws {
    var scene = try Scene.plain(agents: 30)
    scene.press(.character("/"))
    scene.type("a2")
    scene.press(.enter, .character("*"))
    #expect(scene.model.marked.count == 11 && scene.model.marked.allSatisfy { $0.description.hasPrefix("a2") })
    scene.press(.escape, .escape, .character("*"))
    #expect(scene.model.marked.count == 30)
    #expect(scene.draw().lines()[1].contains(" 30, 30 marked "))
    scene.press(.character("*"))
    #expect(scene.model.marked == [])
  }

  @Test(arguments: [(19, false), (20, false), (21, true)])
  func oneKeyNeverActsOnMoreThanTwenty(marked: Int, isCode: Bool) throws {
    var scene = try Scene.plain(agents: 1000)
    for _ in 0..<marked { scene.press(.character(" "), .down) }
    scene.type("p")
    #expect((scene.code != nil) == isCode)
  }

  @Test(arguments: [40, 80, 130, 200])
  func promptTakesMoreLinesBeforeItCutsArgumentsOrCount(columns: Int) throws {
    var scene = Scene(columns: columns, rows: columns < 130 ? 24 : 50)
    for number in 0..<25 {
      let name = "a rather long name of an agent that serves customers \(number)"
      try scene.model.fleet.apply("created", "agent-\(number)", #"{"name":"\#(name)"}"#, at: .at(0))
    }
    scene.goLive(at: .at(1))
    scene.press(.character("*"), .character("l"))
    let lines = prompt(&scene).replacing("\n", with: "")
    let code = try #require(scene.code)
    for part in ["limit the rate of", "25 agents", "per_minute=60", "for=15m?", "no runtime has", "type \(code)"] {
      #expect(lines.contains(part), "\(part)")
    }
    scene.press(.escape, .escape, .character("p"))
    for part in ["pause a rather", "for=15m?", "y"] { #expect(prompt(&scene).contains(part), "\(part)") }
  }

  @Test func longPromptHidesNotTheSelectedRow() throws {
    var scene = try Scene.plain(agents: 60, columns: 80, rows: 24, hasRuntimes: false)
    scene.press(.character("*"))
    for _ in 0..<18 { scene.press(.down) }
    let last = scene.draw().lines()[21]
    #expect(last.hasPrefix("▸"))
    scene.press(.character("l"))
    let lines = scene.draw().lines()
    #expect(lines[21].hasPrefix(" limit the rate of 60 agents") && lines[20].hasPrefix("▸"))
    scene.press(.escape)
    #expect(scene.draw().lines()[20...21].contains { $0.hasPrefix("▸") })
  }

  // MARK: What to know before

  private func pause(_ scene: inout Scene, _ agent: AgentID, by who: String = "alice@bastion") {
    var record = AgentRecord()
    (record.state, record.version, record.pausedUntil) = (.paused, 1, .at(840))
    (record.updatedAt, record.updatedBy) = (.at(0), who)
    scene.model.fleet.setRecord(record, of: agent)
  }

  @Test(arguments: [80, 130, 200])
  func promptSaysThatAnAgentIsInThatStateAlready(columns: Int) throws {
    var scene = try Scene.plain(agents: 3, columns: columns, rows: columns == 80 ? 24 : 50)
    pause(&scene, "a0")
    scene.type("p")
    #expect(prompt(&scene).contains(" pause a0 for=15m?  already paused by alice until 08:14Z"))
    scene.press(.escape, .down)
    scene.type("r")
    #expect(prompt(&scene).contains(" resume a1?  already running"))
    scene.press(.escape, .character("*"))
    scene.type("p")
    #expect(prompt(&scene).contains("1 of 3 already paused"))
  }

  @Test func promptSaysThatNobodyListens() throws {
    var scene = try Scene.plain(agents: 2, hasRuntimes: false)
    scene.type("p")
    #expect(prompt(&scene).contains("no runtime has reported for it"))
    scene.press(.escape)
    try scene.model.fleet.apply("status", "a0", #"{"state":"running"}"#, at: .at(1))
    scene.type("p")
    #expect(!prompt(&scene).contains("no runtime"))
    scene.press(.escape, .character("*"))
    scene.type("p")
    #expect(prompt(&scene).contains("no runtime has reported for 1 of 2"))
    _ = scene.model.update(.handler(.absent))
    #expect(prompt(&scene).contains("nobody listens: no handler"))
    _ = scene.model.update(.link(.down(since: .at(1), retryAt: nil, reason: "gone")))
    #expect(prompt(&scene).contains("no link: it is sent only if the link returns in time"))
  }
}
