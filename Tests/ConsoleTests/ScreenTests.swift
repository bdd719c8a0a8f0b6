import FleetModel
import Screen
import TestSupport
import Testing

@testable import Console

/// Whole screens as an operator sees them.
@Suite struct ScreenTests {
  @Test(arguments: [(80, 24), (130, 40), (200, 50), (40, 10), (20, 5), (10, 3)])
  func everythingAtOnce(columns: Int, rows: Int) throws {
    var scene = try Scene.full(columns: columns, rows: rows)
    expectScreen(scene.draw(), "full-\(columns)x\(rows)")
  }

  @Test(arguments: [(80, 24), (130, 40), (200, 50), (40, 10)])
  func nothingYet(columns: Int, rows: Int) {
    var scene = Scene(columns: columns, rows: rows)
    scene.goLive(at: .at(0))
    expectScreen(scene.draw(), "empty-\(columns)x\(rows)")
  }

  @Test(arguments: PaneID.allCases)
  func eachPaneAloneAt80x24(pane: PaneID) throws {
    var scene = try Scene.full(columns: 80, rows: 24)
    scene.press(.character(Character("\(pane.rawValue + 1)")))
    expectScreen(scene.draw(), "pane-\(pane)-80x24")
  }

  @Test(arguments: PaneID.allCases)
  func eachPaneAloneAt40x10(pane: PaneID) throws {
    var scene = try Scene.full(columns: 40, rows: 10)
    scene.press(.character(Character("\(pane.rawValue + 1)")))
    expectScreen(scene.draw(), "pane-\(pane)-40x10")
  }

  @Test func asciiSigns() throws {
    var scene = try Scene.full(columns: 130, rows: 40)
    expectScreen(scene.draw(.ascii), "ascii-130x40")
  }

  @Test func linkDown() throws {
    var scene = try Scene.full(columns: 130, rows: 40)
    _ = scene.model.update(.link(.down(since: .at(590), retryAt: .at(609), reason: "connection refused")))
    expectScreen(scene.draw(), "link-down-130x40")
  }

  @Test func connecting() {
    var scene = Scene(columns: 80, rows: 24)
    expectScreen(scene.draw(), "connecting-80x24")
  }

  @Test func readingHistory() {
    var scene = Scene(columns: 80, rows: 24)
    _ = scene.model.update(.link(.up))
    expectScreen(scene.draw(), "history-80x24")
  }

  @Test func noHandler() throws {
    var scene = try Scene.full(columns: 130, rows: 40)
    _ = scene.model.update(.handler(.absent))
    scene.press(.character("6"))
    expectScreen(scene.draw(), "no-handler-130x40")
  }

  @Test(arguments: [(80, 24), (130, 40)])
  func handlerUnknown(columns: Int, rows: Int) throws {
    var scene = try Scene.full(columns: columns, rows: rows)
    _ = scene.model.update(.handler(.unknown))
    _ = scene.model.update(.refused("the handler's lease", "this user may not do that"))
    scene.press(.character("6"))
    expectScreen(scene.draw(), "handler-unknown-\(columns)x\(rows)")
  }

  @Test(arguments: [(80, 24), (130, 40)])
  func readOnly(columns: Int, rows: Int) throws {
    var scene = try Scene.full(columns: columns, rows: rows, isReadOnly: true)
    expectScreen(scene.draw(), "read-only-\(columns)x\(rows)")
  }

  @Test func readOnlyRefusal() throws {
    var scene = try Scene.full(columns: 80, rows: 24, isReadOnly: true)
    scene.press(.character("B"))
    expectScreen(scene.draw(), "read-only-refusal-80x24")
  }

  @Test func frozen() throws {
    var scene = try Scene.full(columns: 130, rows: 40)
    scene.press(.character("f"))
    scene.tick(.at(640))
    expectScreen(scene.draw(), "frozen-130x40")
  }

  @Test func filterPrompt() throws {
    var scene = try Scene.full(columns: 80, rows: 24)
    scene.press(.character("/"))
    scene.type("twin")
    expectScreen(scene.draw(), "filter-80x24")
  }

  @Test func filterThatNothingMatches() throws {
    var scene = try Scene.full(columns: 80, rows: 24)
    scene.press(.character("/"))
    scene.type("nobody")
    scene.press(.enter)
    expectScreen(scene.draw(), "filter-none-80x24")
  }

  @Test(arguments: [(80, 24), (40, 10), (20, 5)])
  func yPrompt(columns: Int, rows: Int) throws {
    var scene = try Scene.full(columns: columns, rows: rows)
    scene.press(.character("p"))
    expectScreen(scene.draw(), "ask-pause-\(columns)x\(rows)")
  }

  @Test(arguments: [(80, 24), (130, 40), (40, 10), (20, 5)])
  func codePrompt(columns: Int, rows: Int) throws {
    var scene = try Scene.full(columns: columns, rows: rows)
    scene.press(.character("R"))
    expectScreen(scene.draw(), "ask-restart-\(columns)x\(rows)")
  }

  @Test func codeHalfTyped() throws {
    var scene = try Scene.full(columns: 80, rows: 24)
    scene.press(.character("R"))
    scene.type(String(try #require(scene.code).prefix(2)))
    expectScreen(scene.draw(), "ask-restart-half-80x24")
  }

  @Test(arguments: [(80, 24), (40, 10)])
  func argumentsPrompt(columns: Int, rows: Int) throws {
    var scene = try Scene.full(columns: columns, rows: rows)
    scene.press(.character("s"))
    expectScreen(scene.draw(), "arguments-scale-\(columns)x\(rows)")
  }

  @Test func argumentsFault() throws {
    var scene = try Scene.full(columns: 80, rows: 24)
    scene.press(.character("s"))
    scene.type("x")
    scene.press(.enter)
    expectScreen(scene.draw(), "arguments-fault-80x24")
  }

  @Test func manyMarked() throws {
    var scene = try Scene.full(columns: 130, rows: 40)
    for _ in 0..<7 { scene.press(.character(" "), .down) }
    scene.press(.character("p"))
    expectScreen(scene.draw(), "ask-pause-many-130x40")
  }

  @Test func cancelled() throws {
    var scene = try Scene.full(columns: 80, rows: 24)
    scene.press(.character("l"), .escape)
    expectScreen(scene.draw(), "cancelled-80x24")
  }

  @Test(arguments: [(80, 24), (130, 50), (40, 10)])
  func help(columns: Int, rows: Int) throws {
    var scene = try Scene.full(columns: columns, rows: rows)
    scene.press(.character("?"))
    expectScreen(scene.draw(), "help-\(columns)x\(rows)")
  }

  @Test(arguments: [(80, 24), (130, 60), (40, 10)])
  func openedAgent(columns: Int, rows: Int) throws {
    var scene = try Scene.full(columns: columns, rows: rows)
    #expect(scene.press(.home, .enter) == [.readEvents("sales-br-01")])
    _ = scene.model.update(
      .latestEvents(
        "sales-br-01",
        [
          EventDigest(at: .at(570), type: "agent.metrics", data: #"{"error_rate":0.38}"#),
          EventDigest(at: .at(540), type: "agent.brand\u{1B}new", data: "{\"text\":\"東京\u{202E}\"}"),
        ]))
    expectScreen(scene.draw(), "opened-\(columns)x\(rows)")
  }

  @Test(arguments: [(80, 24), (130, 40), (200, 50), (40, 10)])
  func proposalStands(columns: Int, rows: Int) throws {
    var scene = try Scene.full(columns: columns, rows: rows)
    scene.propose()
    scene.tick(.at(606))
    expectScreen(scene.draw(), "proposal-\(columns)x\(rows)")
  }

  @Test(arguments: [(80, 24), (130, 40), (40, 10)])
  func proposalIsAnswered(columns: Int, rows: Int) throws {
    var scene = try Scene.full(columns: columns, rows: rows)
    scene.propose()
    scene.propose("p2", "plan", until: 1600)
    scene.press(.character("A"))
    expectScreen(scene.draw(), "ask-approve-\(columns)x\(rows)")
  }

  @Test func proposalStandsWithItsAgent() throws {
    var scene = try Scene.full(columns: 80, rows: 24)
    scene.propose("p1", "sales-br-01")
    scene.press(.home, .enter)
    expectScreen(scene.draw(), "proposal-opened-80x24")
  }

  @Test(arguments: [(80, 24), (130, 40), (200, 50)])
  func nobodyHasSwitchedAutomationOn(columns: Int, rows: Int) throws {
    var scene = try Scene.full(columns: columns, rows: rows)
    scene.model.fleet.setAutomation(.unset, at: .at(700))
    expectScreen(scene.draw(), "automation-unset-\(columns)x\(rows)")
  }

  @Test func automationPrompt() throws {
    var scene = try Scene.full(columns: 80, rows: 24)
    scene.press(.character("m"))
    expectScreen(scene.draw(), "ask-automation-80x24")
  }

  @Test(arguments: [(80, 24), (130, 40), (40, 10)])
  func whyRulesDidOrDidNotAct(columns: Int, rows: Int) throws {
    var scene = try Scene.full(columns: columns, rows: rows)
    scene.hearRule(.started, "rule", "sales-br-01", "pause sales-br-01 for=15m, notify ops", at: .at(500))
    scene.hearRule(.succeeded, "pause", "sales-br-01", "running → paused for 15m", at: .at(501))
    scene.hearRule(.succeeded, "rule", .none, "2 actions done", at: .at(502))
    scene.hearRule(.skipped, "rule", "sales-br-01", "throttled: acted 1m ago, once in 15m", run: "r2", at: .at(570))
    scene.hearRule(
      .skipped, "rule", "sales-br-01", "dry_run: would restart sales-br-01", rule: "critical", run: "r3", at: .at(580))
    scene.press(.home, .character("x"))
    expectScreen(scene.draw(), "why-\(columns)x\(rows)")
  }

  @Test func nothingToExplain() throws {
    var scene = try Scene.full(columns: 80, rows: 24)
    scene.press(.home, .character("x"))
    expectScreen(scene.draw(), "why-nothing-80x24")
  }

  @Test(arguments: PaneID.allCases)
  func eachPaneAtOneCell(pane: PaneID) throws {
    let scene = try Scene.full(columns: 1, rows: 1)
    var grid = Grid(size: Size(rows: 1, columns: 1))
    let layout = Layout(size: Size(rows: 24, columns: 80))
    let present = FleetTotals.measure(scene.model.fleet)
    switch pane {
    case .agents: scene.model.agentsPane(in: layout).draw(into: &grid, in: grid.bounds)
    case .errorRate: scene.model.metricPane(pane, .errorRate, present, in: layout).draw(into: &grid, in: grid.bounds)
    case .traffic:
      scene.model.metricPane(pane, .messagesPerMinute, present, in: layout).draw(into: &grid, in: grid.bounds)
    case .satisfaction:
      scene.model.metricPane(pane, .averageRating, present, in: layout).draw(into: &grid, in: grid.bounds)
    case .security: scene.model.securityPane(in: layout).draw(into: &grid, in: grid.bounds)
    case .commands: scene.model.commandsPane(in: layout).draw(into: &grid, in: grid.bounds)
    case .queues: scene.model.queuesPane(in: layout).draw(into: &grid, in: grid.bounds)
    case .waiting: scene.model.waitingPane(in: layout).draw(into: &grid, in: grid.bounds)
    }
    expectScreen(grid, "pane-\(pane)-1x1")
  }

  @Test func noSizeIsTooSmallToDraw() throws {
    var start = try Scene.full(columns: 80, rows: 24)
    for columns in [0, 1, 2, 19, 20, 21, 39, 59, 99, 100, 159, 160] {
      for rows in [0, 1, 2, 4, 5, 7, 8, 29, 30, 36] {
        _ = start.model.update(.resized(Size(rows: rows, columns: columns)))
        var scene = start
        #expect(scene.draw().lines().count == rows)
        scene.press(.character("?"))
        #expect(scene.draw().size == Size(rows: rows, columns: columns))
        scene.press(.escape, .enter)
        #expect(scene.draw().size == Size(rows: rows, columns: columns))
        scene.press(.character("R"))
        #expect(scene.draw().size == Size(rows: rows, columns: columns))
      }
    }
  }

  @Test func headlineThatIsCutStandsApartFromWhatIsBesideIt() {
    var grid = Grid(size: Size(rows: 1, columns: 60))
    let headline = Headline(
      lead: "! A", text: String(repeating: "x", count: 100), role: .bad, trailing: "5 more in trouble")
    headline.draw(into: &grid, in: Rect(row: 0, column: 0, height: 1, width: 60))
    #expect(grid.lines()[0].hasSuffix("x…  5 more in trouble"))
  }
}
