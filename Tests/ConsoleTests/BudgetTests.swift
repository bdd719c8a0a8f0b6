import FleetModel
import Screen
import TestSupport
import Testing

@testable import Console

/// What is used of budgets, on the screen of an open agent.
@Suite struct BudgetTests {
  private static let noon = Instant.at(600)
  private static let day = Zone.utc.day(of: noon)

  private static func use(
    _ subject: BudgetUse.Subject, _ unit: Budget.Unit, used: Double, rate: Double, of most: Double? = nil,
    day: BudgetDay = day, countedTo: Instant = noon
  ) -> BudgetUse {
    BudgetUse(
      subject: subject, unit: unit, use: .init(used: used, rate: rate, most: most), day: day, countedTo: countedTo)
  }

  private static let uses = [
    use(.agent("ecom-pt"), .cost, used: 41.5, rate: 3.2, of: 50),
    use(.role("sales"), .tokens, used: 1_630_000, rate: 2_300_000, of: 2_000_000),
    use(.fleet, .cost, used: 1204, rate: 30, of: 1200), use(.agent("ecom-pt"), .tokens, used: 900, rate: 60),
  ]

  /// The open agent's budgets.
  private func scene(_ reading: BudgetReading, columns: Int = 130, rows: Int = 40, _ keys: Key...) throws -> Scene {
    var scene = try Scene.full(columns: columns, rows: rows)
    scene.model.fleet.setMetrics(MetricTable(currency: "EUR"))
    for key in keys { scene.press(key) }
    let agent = try #require(scene.model.budgetsAgent)
    _ = scene.model.update(.budgets(agent, reading))
    return scene
  }

  @Test(arguments: [(80, 24), (130, 40), (200, 50)])
  func eachBudgetSaysWhatIsUsedTheRateAndTheEnd(columns: Int, rows: Int) throws {
    var scene = try scene(.told(Self.uses), columns: columns, rows: rows, .enter)
    let text = scene.draw().lines().joined(separator: "\n")
    if rows < 40 {
      scene.press(.pageDown)
    } else {
      #expect(text.contains("Budgets"))
    }
    let all = text + scene.draw().lines().joined(separator: "\n")
    #expect(all.contains("this agent: 41.5 of 50 EUR (83%), 3.2 an hour, 92.2 by midnight"))
    #expect(all.contains("role sales: 1.63 M of 2 M tokens (81%), 2.3 M an hour, 38 M by midnight"))
    #expect(all.contains("all agents: 1204 of 1200 EUR (100%), 30 an hour"))
  }

  @Test func aNarrowScreenWrapsThem() throws {
    var scene = try scene(.told(Self.uses), columns: 40, rows: 10, .enter)
    for _ in 0..<30 where !scene.draw().lines().joined().contains("Budgets") { scene.press(.down) }
    #expect(scene.draw().lines().joined().contains("Budgets"))
  }

  @Test func theExplanationOfAnAgentHasThemToo() throws {
    var scene = try scene(.told(Self.uses), .character("x"))
    #expect(scene.draw().lines().contains { $0.contains("this agent: 41.5 of 50 EUR (83%)") })
  }

  @Test func aRefusalIsSaid() throws {
    var scene = try scene(.refused("no permission for it"), .enter)
    let lines = scene.draw().lines()
    let heading = try #require(lines.firstIndex { $0.contains("Budgets") })
    #expect(lines[heading + 1].contains("could not be read: no permission for it"))
  }

  @Test func nothingIsSaidWhereNobodyCounts() throws {
    var scene = try scene(.told([]), .enter)
    #expect(!scene.draw().lines().joined().contains("Budgets"))
  }

  @Test func whatIsOldOrEndsInAnotherZoneSaysSo() {
    let old = Self.use(
      .fleet, .tokens, used: 1, rate: 0, of: 10, day: BudgetDay(from: Self.day.from - 60, until: Self.day.until - 60),
      countedTo: Self.noon - .minutes(20))
    let words = BudgetWords.text(old, currency: "EUR", at: Self.noon)
    #expect(words.hasSuffix("1 by midnight, 23:00Z; counted up to \(Format.clock(old.countedTo).prefix(5))Z"))
    #expect(BudgetWords.role(old, at: Self.noon) == .text)
    #expect(Self.uses.map { BudgetWords.role($0, at: Self.noon) } == [.warning, .warning, .bad, .text])
  }

  @Test func onlyTheAgentOnTheScreenIsAskedFor() throws {
    var scene = try Scene.full(columns: 130, rows: 40)
    #expect(scene.model.budgetsAgent == nil)
    scene.press(.enter)
    let opened = try #require(scene.model.budgetsAgent)
    _ = scene.model.update(.budgets("somebody-else", .told(Self.uses)))
    #expect(scene.model.budgets == nil)
    scene.press(.character("f"))
    #expect(scene.model.budgetsAgent == nil)
    scene.press(.character("f"), .character("5"), .character("x"))
    #expect(scene.model.budgetsAgent == nil && opened != .none)
  }
}
