import FleetModel
import Screen
import TestSupport
import Testing

@testable import Console

@Suite struct FilterTests {
  private func scene() throws -> Scene {
    var scene = Scene()
    for (id, name, role) in [("x-1", "Vendas", "sales"), ("x-2", "Suporte", "help"), ("x-3", "Ärger", "help")] {
      try scene.model.fleet.apply("created", id, #"{"name":"\#(name)","role":"\#(role)"}"#, at: .at(0))
    }
    var paused = AgentRecord()
    (paused.state, paused.version) = (.paused, 1)
    scene.model.fleet.setRecord(paused, of: "x-3")
    scene.goLive(at: .at(1))
    return scene
  }

  @Test(
    arguments: [
      ("ven", ["x-1"]), ("X-2", ["x-2"]), ("help", ["x-2", "x-3"]), ("PAUSED", ["x-3"]), ("ärg", ["x-3"]), ("zzz", []),
    ] as [(String, Set<AgentID>)])
  func textIsLookedForInNameIdRoleAndState(text: String, ids: Set<AgentID>) throws {
    var scene = try scene()
    scene.press(.character("/"))
    scene.type(text)
    #expect(Set(scene.order) == ids)
    scene.press(.enter)
    #expect(scene.model.prompt == nil)
    #expect(scene.model.filter == text)
  }

  @Test func escapeInTheFieldClearsTheFilter() throws {
    var scene = try scene()
    scene.press(.character("/"))
    scene.type("ven")
    scene.press(.escape)
    #expect(scene.model.filter == "")
    #expect(Set(scene.order) == ["x-1", "x-2", "x-3"])
  }

  @Test func escapeLaterClearsItToo() throws {
    var scene = try scene()
    scene.press(.character("/"))
    scene.type("ven")
    scene.press(.enter, .escape)
    #expect(scene.model.filter == "")
    #expect(Set(scene.order) == ["x-1", "x-2", "x-3"])
  }

  @Test func lettersInTheFieldAreNoCommands() throws {
    var scene = try scene()
    scene.press(.character("/"))
    #expect(scene.type("qpRy ") == [])
    #expect(scene.model.filter == "qpRy ")
  }

  @Test func filterHoldsForNewAgents() throws {
    var scene = try scene()
    scene.press(.character("/"))
    scene.type("ven")
    scene.press(.enter)
    try scene.model.fleet.apply("created", "x-4", #"{"name":"Vendas 2"}"#, at: .at(2))
    try scene.model.fleet.apply("created", "x-5", #"{"name":"Other"}"#, at: .at(2))
    scene.tick(.at(3))
    #expect(scene.order == ["x-1", "x-4"])
  }

  @Test func numberShownIsTold() throws {
    var scene = try scene()
    scene.press(.character("/"))
    scene.type("help")
    #expect(scene.draw().lines()[1].contains("2 of 3 with \"help\""))
  }

  @Test(arguments: [[Key.escape], [.enter, .escape], [.backspace]])
  func allPanesAreWholeAgainAtOnce(keys: [Key]) throws {
    var scene = try Scene.plain(agents: 3)
    scene.press(.character("/"))
    scene.type("2")
    #expect(scene.rows(of: .errorRate) == ["a2"])
    for key in keys { scene.press(key) }
    #expect(scene.order == ["a0", "a1", "a2"])
    #expect(scene.rows(of: .errorRate) == ["a0", "a1", "a2"])
  }

  @Test(arguments: [
    (Key.paste("ven\n"), "ven"), (.paste("\r\nven\r"), "ven"), (.paste("a\nb\tc\u{2028}"), "a b c"), (.paste("\n"), ""),
    (SelectionTests.burst("ven\r"), "ven"),
  ])
  func pastedNewlineIsNoPartOfTheFilter(paste: Key, filter: String) throws {
    var scene = try scene()
    scene.press(.character("/"), paste)
    #expect(scene.model.filter == filter)
  }

  @Test(arguments: [40, 80])
  func narrowScreenSaysThatAFilterIsOn(columns: Int) throws {
    var scene = try scene()
    _ = scene.model.update(.resized(Size(rows: 24, columns: columns)))
    #expect(!scene.draw().lines()[0].contains("with"))
    scene.press(.character("/"))
    scene.type("help")
    scene.press(.enter, .character(" "))
    let bar = scene.draw().lines()[0]
    #expect(bar.hasPrefix(" 1 Agents") && bar.contains("2 of 3 with \"h"))
    if columns == 80 { #expect(bar.hasSuffix("2 of 3 with \"help\", 1 marked")) }
    scene.press(.character("2"))
    #expect(scene.draw().lines()[0].contains("2 of 3 with"))
  }

  @Test func sidePanesSayThatNoAgentMatches() throws {
    var scene = try Scene.plain(agents: 3)
    try scene.model.fleet.apply("security_alert", "a1", at: .at(1))
    scene.press(.character("/"))
    scene.type("nobody")
    let lines = scene.draw().lines()
    #expect(lines.contains { $0.components(of: "no agent matches the filter") == 3 })
    #expect(lines.contains { $0.components(of: "no agent matches the filter") == 1 })
    #expect(!lines.contains { $0.contains("no agent reports it yet") || $0.contains("no security alerts") })
    scene.press(.escape, .character("/"))
    scene.type("a0")
    #expect(scene.draw().lines().contains { $0.contains("no agent that the filter shows") })
  }

  @Test func securityPaneIsFilteredToo() throws {
    var scene = try scene()
    try scene.model.fleet.apply("security_alert", "x-1", at: .at(1))
    try scene.model.fleet.apply("security_alert", "x-2", at: .at(1))
    scene.press(.character("/"))
    scene.type("ven")
    #expect(scene.rows(of: .security) == ["x-1"])
  }
}

extension String {
  /// How often it holds a text.
  fileprivate func components(of text: String) -> Int { ranges(of: text).count }
}
