import FleetModel
import Screen
import TestSupport
import Testing

@testable import Console

/// Links and commands of the operator's own on the screen.
@Suite struct OwnToolsScreenTests {
  private static func tools() throws -> OwnTools {
    func command(_ name: String, _ texts: [String], isDangerous: Bool = false) throws -> OwnCommand {
      try OwnCommand(
        name: name, arguments: texts.map { (text: String) throws(LinkTemplate.Malformed) in try LinkTemplate(text) },
        isDangerous: isDangerous, limit: .seconds(30))
    }
    var tools = OwnTools()
    tools.links = [
      try OwnLink(name: "Logs", url: "https://logs.internal/search?agent={agent}&from={since_ms}"),
      try OwnLink(name: "Role", url: "https://wiki.internal/{role}"),
    ]
    tools.commands = [
      try command("Pods", ["/usr/bin/kubectl", "get", "pods", "-l", "agent={agent}"]),
      try command("Delete pods", ["/usr/bin/kubectl", "delete", "pods", "--", "{agent}"], isDangerous: true),
      try command("Model", ["/bin/echo", "{model}"]),
    ]
    return tools
  }

  private static func scene(
    columns: Int = 80, rows: Int = 24, isReadOnly: Bool = false, _ change: (inout OwnTools) -> Void = { _ in }
  ) throws -> Scene {
    var scene = Scene(columns: columns, rows: rows)
    var settings = Model.Settings()
    settings.isReadOnly = isReadOnly
    settings.tools = try tools()
    change(&settings.tools)
    scene.model = Model(settings: settings, size: Size(rows: rows, columns: columns))
    try scene.model.fleet.apply("metrics", "agent 1", #"{"error_rate":0.01}"#, at: .at(3598))
    scene.goLive(at: .at(3600))
    return scene
  }

  @Test(arguments: [(80, 24), (130, 40), (200, 50), (40, 10), (20, 5)])
  func menuNamesThem(columns: Int, rows: Int) throws {
    var scene = try Self.scene(columns: columns, rows: rows)
    scene.press(.character("L"), .down, .down)
    expectScreen(scene.draw(), "tools-\(columns)x\(rows)")
  }

  @Test func openedAgentShowsItsLinks() throws {
    var scene = try Self.scene(columns: 130, rows: 40)
    scene.press(.enter)
    let lines = scene.draw().lines()
    #expect(lines.contains { $0.contains("Links, L") })
    #expect(
      lines.contains { $0.contains("https://logs.internal/search?agent=agent%201&from=\(Instant.at(0).milliseconds)") })
    #expect(lines.contains { $0.contains("Pods, Delete pods, Model") } && !lines.contains { $0.contains("wiki") })
  }

  /// Name and address lead to it, cut or not; all around them, and commands, lead nowhere.
  @Test(arguments: [40, 130]) func linksLeadToTheirAddresses(columns: Int) throws {
    var scene = try Self.scene(columns: columns, rows: 24)
    scene.press(.enter)
    let address = "https://logs.internal/search?agent=agent%201&from=\(Instant.at(0).milliseconds)"
    let opened = scene.draw()
    #expect(opened.links == [address])
    let text = Self.linkedText(in: opened)
    let room = columns == 40 ? text.dropLast() : text[...]
    #expect(!room.isEmpty && address.hasPrefix(room))
    #expect(columns == 40 || text == address)
    scene.press(.character("L"))
    let menu = Self.linkedText(in: scene.draw())
    #expect(menu.hasPrefix("Logshttps://"))
  }

  private static func linkedText(in grid: Grid) -> String {
    (0..<grid.size.rows).flatMap { grid.row($0) }.filter { grid.address(of: $0) != nil }.map { $0.text }.joined()
  }

  @Test func linkIsOpened() throws {
    var scene = try Self.scene()
    #expect(
      scene.press(.character("L"), .enter) == [
        .openLink("https://logs.internal/search?agent=agent%201&from=\(Instant.at(0).milliseconds)")
      ])
    #expect(scene.model.toolMenu == nil)
  }

  @Test func commandRunsAndItsOutputScrolls() throws {
    var scene = try Self.scene()
    #expect(
      scene.press(.character("L"), .down, .enter)
        == [.run(["/usr/bin/kubectl", "get", "pods", "-l", "agent=agent 1"], limit: .seconds(30))])
    #expect(scene.draw().lines().contains { $0.contains("runs for 0s") })
    // Nothing else runs meanwhile.
    #expect(scene.press(.escape, .character("L"), .down, .enter) == [])
    let text = (0..<100).map { "row \($0)\t\u{1B}[2Jx" }.joined(separator: "\n") + "\n"
    _ = scene.model.update(.commandEnded(Array(text.utf8), isCut: false, "done", isGood: true))
    expectScreen(scene.draw(), "tools-output-80x24")
    scene.press(.character("G"))
    #expect(scene.draw().lines().contains { $0.contains("row 99    ^[[2Jx") })
    scene.press(.escape)
    #expect(!scene.draw().lines().contains { $0.contains("row 9") })
  }

  @Test func dangerousCommandAsksForTheCode() throws {
    var scene = try Self.scene()
    #expect(scene.press(.character("L"), .down, .down, .enter) == [])
    expectScreen(scene.draw(), "tools-code-80x24")
    let code = try #require(scene.model.toolMenu?.question?.code)
    #expect(scene.type(String(code.dropLast())) == [])
    #expect(
      scene.type(String(code.suffix(1)))
        == [.run(["/usr/bin/kubectl", "delete", "pods", "--", "agent 1"], limit: .seconds(30))])
  }

  @Test func wrongLetterCancelsADangerousCommand() throws {
    var scene = try Self.scene()
    scene.press(.character("L"), .down, .down, .enter)
    #expect(scene.press(.character("!"), .enter, .escape) == [])
    #expect(scene.promptText().contains("cancelled: Delete pods; nothing was run"))
    #expect(scene.model.toolMenu?.question == nil)
  }

  @Test func readingConsoleRefusesDangerousCommandsAndRunsOthers() throws {
    var scene = try Self.scene(isReadOnly: true)
    #expect(scene.press(.character("L"), .down, .down, .enter) == [])
    #expect(scene.promptText().contains("read-only: Delete pods is dangerous"))
    #expect(scene.press(.up, .enter).count == 1)
  }

  @Test func whatItLacksIsSaid() throws {
    var scene = try Self.scene()
    #expect(scene.press(.character("L"), .end, .enter) == [])
    #expect(scene.promptText().contains("not run: {model} is not known here"))
  }

  @Test func fileThatIsNotTrustedIsSaid() throws {
    var scene = try Self.scene { tools in
      tools = OwnTools()
      tools.fault = "/x may be written by others"
    }
    #expect(scene.press(.character("L")) == [])
    #expect(scene.promptText().contains("links and commands are off: /x may be written by others"))
    scene = try Self.scene { $0 = OwnTools() }
    scene.press(.character("L"))
    #expect(scene.promptText().contains("no links and commands"))
  }
}
