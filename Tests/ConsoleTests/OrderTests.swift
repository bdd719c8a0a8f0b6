import FleetModel
import Screen
import TestSupport
import Testing

@testable import Console

/// In which order agents stand.
@Suite struct OrderTests {
  private func scene(_ metrics: [(String, String)], columns: Int = 130) throws -> Scene {
    var scene = Scene(columns: columns, rows: columns == 80 ? 24 : 40)
    for (id, data) in metrics { try scene.model.fleet.apply("metrics", id, data, at: .at(0)) }
    scene.goLive(at: .at(1))
    return scene
  }

  @Test func sidePanesAreInTheOrderOfWhatTheyShowWhileKeysAreTyped() throws {
    let rates = ["e1": 0.05, "e2": 0.026, "e3": 0.016, "e4": 0.014]
    var scene = try scene(
      rates.map { ($0.key, #"{"error_rate":\#($0.value),"avg_rating":4,"messages_per_minute":9}"#) })
    scene.press(.down)
    for (id, rate) in ["e1": 0.013, "e2": 0.016, "e3": 0.026, "e4": 0.05] {
      try scene.model.fleet.apply(
        "metrics", id, #"{"error_rate":\#(rate),"avg_rating":\#(4 - rate),"messages_per_minute":\#(rate * 1000)}"#,
        at: .at(1))
    }
    _ = scene.draw()
    let turned: [AgentID] = ["e4", "e3", "e2", "e1"]
    #expect(scene.rows(of: .errorRate) == turned && scene.rows(of: .traffic) == turned)
    #expect(scene.order == ["e1", "e2", "e3", "e4"])
  }

  @Test func whoeverIsWorstNowComesIntoViewOfASidePaneAtOnce() throws {
    var scene = try scene((1...30).map { ("e\($0)", #"{"error_rate":0.02}"#) })
    try scene.model.fleet.apply("metrics", "e30", #"{"error_rate":0.03}"#, at: .at(1))
    _ = scene.draw()
    #expect(scene.rows(of: .errorRate).first == "e30")
  }

  @Test(arguments: [30, 2000]) func agentsStandInTheOrderOfWhatTheyShowWithEachFrame(count: Int) throws {
    var scene = try scene((1...count).map { ("e\($0)", #"{"error_rate":0.02}"#) })
    try scene.model.fleet.apply("metrics", "e\(count)", #"{"error_rate":0.03}"#, at: .at(1))
    try scene.model.fleet.apply("metrics", "e1", #"{"error_rate":0.01}"#, at: .at(1))
    _ = scene.draw()
    #expect(scene.order.first == AgentID("e\(count)") && scene.order.last == "e1" && scene.order.count == count)
    scene.press(.character("I"))
    try scene.model.fleet.apply("metrics", "e2", #"{"error_rate":0.005}"#, at: .at(1))
    scene.tick(.at(6))
    try scene.model.fleet.apply("metrics", "e3", #"{"error_rate":0.001}"#, at: .at(6))
    _ = scene.draw()
    #expect(scene.order.prefix(3) == ["e3", "e2", "e1"])
  }

  @Test func whileKeysAreTypedAgentsStayInTheirPlaces() throws {
    var scene = try scene((1...30).map { ("e\($0)", #"{"error_rate":0.02}"#) })
    scene.press(.down)
    let before = scene.order
    try scene.model.fleet.apply("metrics", "e30", #"{"error_rate":0.5}"#, at: .at(1))
    _ = scene.draw()
    #expect(scene.order == before)
    // Then the row under the cursor keeps its line.
    let line = try #require(scene.draw().lines().firstIndex { $0.contains("▸") })
    scene.tick(.at(6))
    _ = scene.draw()
    #expect(scene.order.first == "e30" && scene.model.selectedAgent == "e2")
    #expect(scene.draw().lines().firstIndex { $0.contains("▸") } == line)
  }

  @Test func aFilterStaysInForceBetweenTwoLooks() throws {
    var scene = try scene((1...30).map { ("e\($0)", #"{"error_rate":0.02}"#) })
    scene.press(.character("/"))
    scene.type("e1")
    scene.press(.enter)
    scene.tick(.at(6))
    try scene.model.fleet.apply("metrics", "e30", #"{"error_rate":0.5}"#, at: .at(6))
    try scene.model.fleet.apply("metrics", "e15", #"{"error_rate":0.04}"#, at: .at(6))
    _ = scene.draw()
    #expect(scene.order.first == "e15" && scene.order.count == 11)
  }

  @Test func paneWithTheCursorSaysThatItsOrderIsHeld() throws {
    var scene = try scene((1...4).map { ("e\($0)", #"{"error_rate":0.0\#($0)}"#) })
    scene.press(.character("2"))
    #expect(scene.draw().lines().contains { $0.contains("worst first") })
    scene.tick(.at(4))
    #expect(scene.draw().lines().contains { $0.contains("order held") })
    scene.tick(.at(6))
    #expect(!scene.draw().lines().contains { $0.contains("held") })
  }

  @Test func equalsStandInTheOrderOfTheirNamesByNumber() throws {
    let ids = ["agent-10", "agent-2", "agent-1", "agent-21", "agent-3"]
    // As they are shown all are 1.2 %.
    let rates = [0.0121, 0.0119, 0.0118, 0.0122, 0.012]
    let scene = try scene(zip(ids, rates).map { ($0, #"{"error_rate":\#($1)}"#) })
    let natural: [AgentID] = ["agent-1", "agent-2", "agent-3", "agent-10", "agent-21"]
    #expect(scene.order == natural && scene.rows(of: .errorRate) == natural)
  }

  @Test func presentTroubleStandsBeforePastAndThatBeforeEscalations() throws {
    var scene = try scene([
      ("escalated", #"{"error_rate":0.01}"#), ("critical-past", #"{"error_rate":0.5}"#),
      ("medium-now", #"{"error_rate":0.06}"#), ("well", #"{"error_rate":0.04}"#),
    ])
    try scene.model.fleet.apply("metrics", "critical-past", #"{"error_rate":0.045}"#, at: .at(2))
    scene.model.fleet.setAlert(
      AlertRecord(id: AlertID(.escalation, "escalated"), severity: .critical, since: .at(2), last: .at(2)))
    scene.tick(.at(4))
    #expect(scene.order == ["medium-now", "critical-past", "escalated", "well"])
    #expect(scene.draw().lines()[0].contains("medium-now errors 6.0%"))
  }

  // MARK: By a column

  private static let fleet = (0..<2000).map { number in
    let time = [321: 9100, 7: 7900, 1999: 5200][number] ?? 300 + number * 7919 % 1000
    return ("agent-\(number)", #"{"error_rate":0.01,"response_time":\#(time)}"#)
  }

  @Test(arguments: [80, 130, 200])
  func threeSlowestOfTwoThousandTakeTwoKeys(columns: Int) throws {
    var scene = try scene(Self.fleet, columns: columns)
    for _ in 0..<40 { scene.press(.down) }
    scene.press(.character("o"), .character("o"))
    let lines = scene.draw().lines()
    let head = try #require(lines.firstIndex { $0.contains("↓Resp") })
    for (row, number) in [321, 7, 1999].enumerated() { #expect(lines[head + 1 + row].contains("agent-\(number) ")) }
    #expect(scene.model.selectedAgent == "agent-321")
  }

  @Test func inversionTurnsTheOrderRoundAndAgentsWithoutAValueStayLast() throws {
    var scene = try scene([
      ("fast", #"{"response_time":100}"#), ("slow", #"{"response_time":900}"#), ("silent", #"{"queue_size":1}"#),
    ])
    scene.press(.character("o"), .character("o"))
    #expect(scene.order == ["slow", "fast", "silent"])
    scene.press(.character("I"))
    #expect(scene.order == ["fast", "slow", "silent"])
    let head = scene.draw().lines()[2]
    #expect(head.contains("↑Resp") && !head.contains("↓"))
    #expect(scene.draw().lines()[1].contains("3, by Resp, least first"))
    scene.press(.escape)
    #expect(scene.model.order == AgentOrder())
  }

  @Test func valueOfLongAgoComesAfterThoseOfThePresent() throws {
    var scene = try scene([("old", #"{"response_time":900}"#)])
    for second in [100, 200, 300] as [Int64] {
      try scene.model.fleet.apply("metrics", "new", #"{"response_time":100}"#, at: .at(second))
    }
    scene.tick(.at(310))
    scene.press(.character("o"), .character("o"))
    #expect(scene.order == ["new", "old"])
  }

  @Test(arguments: [40, 80, 130])
  func columnsThatAreShownHaveTheirTurnAndThenTroubleAgain(columns: Int) throws {
    var scene = try scene([("a", #"{"error_rate":0.1}"#), ("b", #"{"error_rate":0.2}"#)], columns: columns)
    var seen: [AgentColumn] = []
    repeat {
      scene.press(.character("o"))
      if let column = scene.model.order.column { seen.append(column) }
    } while scene.model.order.column != nil && seen.count < 20
    #expect(seen.first == .errorRate && seen.last == .label && Set(seen).count == seen.count)
    let heading = scene.draw().lines().first { $0.contains("Agent ") && $0.contains("Errs") } ?? ""
    for column in seen { #expect(heading.contains(column.heading)) }
    for column in AgentColumn.allCases where column.metric != nil && heading.contains(column.heading) {
      #expect(seen.contains(column))
    }
  }

  // MARK: A filter

  @Test func filterOpensAtItsFirstRow() throws {
    var scene = try Scene.plain(agents: 100, columns: 80, rows: 24)
    for _ in 0..<50 { scene.press(.down) }
    _ = scene.draw()
    scene.press(.character("/"))
    scene.type("a")
    #expect(scene.draw().lines()[3].hasPrefix("▸ ● running a0 "))
    #expect(scene.model.selectedAgent == "a0")
  }

  // MARK: The first line

  @Test func manyThatAreEquallyBadAreToldAsOne() throws {
    var scene = Scene(columns: 130, rows: 40)
    for number in 0..<250 {
      try scene.model.fleet.apply("created", "claims-\(number)", #"{"role":"claims"}"#, at: .at(0))
      let rate = number < 40 ? 0.22 + 0.002 * Double(number) : 0.01
      try scene.model.fleet.apply("metrics", "claims-\(number)", #"{"error_rate":\#(rate)}"#, at: .at(0))
    }
    // As bad, but by another metric.
    try scene.model.fleet.apply("metrics", "claims-249", #"{"error_rate":0.01,"response_time":9000}"#, at: .at(0))
    for number in 0..<6 { try scene.model.fleet.apply("metrics", "x\(number)", #"{"error_rate":0.3}"#, at: .at(0)) }
    scene.goLive(at: .at(30))
    // From 25 % on it is critical.
    #expect(scene.draw().lines()[0].hasPrefix(" ◆ 31 of 256 agents errors 25–30%, for 30s"))
    for number in 0..<6 { try scene.model.fleet.apply("deleted", "x\(number)", at: .at(30)) }
    for number in 0..<40 {
      try scene.model.fleet.apply(
        "metrics", "claims-\(number)", #"{"error_rate":\#(0.26 + 0.003 * Double(number))}"#, at: .at(31))
    }
    scene.tick(.at(92))
    #expect(scene.draw().lines()[0].hasPrefix(" ◆ 40 of 250 claims errors 26–38%, for 1m"))
  }

  @Test func firstLineStaysWithAnAgentForTenSecondsAmongEquals() throws {
    var scene = try scene([("a", #"{"error_rate":0.30}"#), ("b", #"{"error_rate":0.29}"#)])
    func lead(_ second: Int64, a: Double, b: Double) throws -> String {
      try scene.model.fleet.apply("metrics", "a", #"{"error_rate":\#(a)}"#, at: .at(second))
      try scene.model.fleet.apply("metrics", "b", #"{"error_rate":\#(b)}"#, at: .at(second))
      scene.tick(.at(second))
      return String(scene.draw().lines()[0].prefix(4))
    }
    #expect(try lead(2, a: 0.30, b: 0.29) == " ◆ a")
    #expect(try lead(3, a: 0.30, b: 0.35) == " ◆ a")
    #expect(try lead(11, a: 0.30, b: 0.35) == " ◆ a")
    #expect(try lead(12, a: 0.30, b: 0.35) == " ◆ b")
    #expect(try lead(13, a: 0.40, b: 0.35) == " ◆ b")
    // One that is no longer as bad gives way at once.
    #expect(try lead(14, a: 0.40, b: 0.12) == " ◆ a")
  }
}
