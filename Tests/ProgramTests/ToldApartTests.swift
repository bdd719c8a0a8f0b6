import FleetModel
import Screen
import TestSupport
import TestThreads
import Testing

@testable import Console

/// Colour is never alone: with none at all, a sign or a word tells states and severities apart.
@Suite(.threaded) struct ToldApartTests {
  @Test(arguments: [false, true])
  func everyStateHasItsSignAndWordInTheRow(isASCII: Bool) throws {
    var rows: [String] = []
    for state in AgentState.allCases {
      let lines = try screen(isASCII: isASCII) { model in
        _ = try model.fleet.apply("metrics", "a", #"{"queue_size":1}"#, at: .at(1))
        var record = AgentRecord()
        record.state = state
        record.version = 1
        model.fleet.setRecord(record, of: "a")
      }
      rows.append(try #require(lines.first { $0.contains(" a ") }))
    }
    #expect(Set(rows).count == AgentState.allCases.count, "\(rows)")
    for (state, row) in zip(AgentState.allCases, rows) { #expect(row.contains(state.shortWord), "\(row)") }
    let glyphs: Glyphs = isASCII ? .ascii : .unicode
    for (state, row) in zip(AgentState.allCases, rows) {
      #expect(row.unicodeScalars.contains(glyphs.state(state)), "\(row)")
    }
    #expect(Set(glyphs.states).count == glyphs.states.count)
  }

  @Test(arguments: [false, true])
  func everySeverityHasItsSignAndWordInTheRow(isASCII: Bool) throws {
    var rows: [String] = []
    for severity in Severity.allCases {
      let lines = try screen(isASCII: isASCII) { model in
        _ = try model.fleet.apply(
          "security_alert", "a", #"{"alert_type":"x","risk_level":"\#(severity.rawValue)"}"#, at: .at(1))
      }
      rows.append(lines.joined(separator: "\n"))
    }
    #expect(Set(rows).count == Severity.allCases.count)
    let glyphs: Glyphs = isASCII ? .ascii : .unicode
    for (severity, row) in zip(Severity.allCases, rows) {
      #expect(row.contains("\(glyphs.severity(severity)) \(severity.shortWord)"), "\(row)")
    }
  }

  @Test func aDeadLinkAndAQuietOneAreTwoWords() throws {
    let live = try screen(isASCII: true) { _ in }
    let dead = try screen(isASCII: true) { _ = $0.update(.link(.down(since: .at(1), retryAt: nil, reason: "refused"))) }
    #expect(live.last?.contains("live") == true && dead.last?.contains("NO LINK") == true)
  }

  /// The text of a screen, without roles: what a terminal without colours and attributes shows at the least.
  private func screen(isASCII: Bool, _ happen: (inout Model) throws -> Void) throws -> [String] {
    var model = Model(size: Size(rows: 40, columns: 130))
    _ = model.update(.link(.up))
    _ = model.update(.caughtUp)
    try happen(&model)
    _ = model.update(.tick(.at(5)))
    var grid = Grid(size: model.size, glyphs: isASCII ? .ascii : .unicode)
    model.draw(into: &grid)
    return grid.lines()
  }
}
