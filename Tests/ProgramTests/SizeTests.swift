import FleetModel
import Redis
import Screen
import TestSupport
import TestThreads
import Testing

@testable import Console

/// Every size of the screen, and many of them in a row.
@Suite(.threaded) struct SizeTests {
  private static let words = ["日本語テキスト", "e\u{301}a\u{302}", "", "a long name that goes on and on", "\u{1B}[2J", "한글"]

  private func model() throws -> Model {
    var model = Model(size: Size(rows: 24, columns: 80))
    for number in 0..<40 {
      let name = Self.words[number % Self.words.count]
      try model.fleet.apply(
        "created", "a\(number)", #"{"name":"\#(name)"}"#.replacing("\u{1B}", with: "\\u001b"), at: .at(0))
      try model.fleet.apply(
        "metrics", "a\(number)", #"{"error_rate":0.\#(number),"messages_per_minute":\#(number),"avg_rating":3}"#,
        at: .at(1))
      try model.fleet.apply(
        "security_alert", "a\(number)", #"{"alert_type":"x","risk_level":"high"}"#, at: .at(2))
    }
    _ = model.update(.link(.up))
    _ = model.update(.caughtUp)
    _ = model.update(.tick(.at(5)))
    return model
  }

  /// Every cell whole: a wide glyph has both halves, no row is longer or shorter than the screen.
  private func expectWhole(_ grid: Grid, _ size: Size) {
    for row in 0..<size.rows {
      let cells = Array(grid.row(row))
      let isWhole =
        cells.count == size.columns
        && cells.indices.allSatisfy { index in
          switch cells[index].width {
          case 2: index + 1 < cells.count && cells[index + 1].isContinuation
          case 1: true
          default: index > 0 && cells[index - 1].width == 2
          }
        }
      if !isWhole { Issue.record("row \(row) at \(size)") }
    }
  }

  @Test(arguments: ["", "?", "\r", "p", "R", "s", "/abc", "2", "5", "6"])
  func everySizeIsDrawn(_ keys: String) throws {
    var model = try model()
    for key in keys { _ = model.update(.key(key == "\r" ? .enter : .character(key))) }
    for size in Self.sizes {
      _ = model.update(.resized(size))
      var grid = Grid(size: size, glyphs: size.columns % 2 == 0 ? .unicode : .ascii)
      model.draw(into: &grid)
      expectWhole(grid, size)
      let lines = grid.lines()
      let isRight =
        size.rows < 5 || size.columns < 20
        ? "vigia needs 20x5".hasPrefix(lines[0].prefix(while: { $0 != "…" && $0 != "~" }))
          && lines.dropFirst().allSatisfy(\.isEmpty)
        : lines.last?.hasSuffix("08:00:05Z") == true
      #expect(isRight, "\(size): \(lines)")
    }
  }

  /// Those around which the layout changes, and some of all others.
  private static let sizes: [Size] = {
    var random = SeededRandom(seed: 1)
    let edges = [1, 2, 4, 5, 7, 8, 24, 29, 30, 36, 60].flatMap { rows in
      [1, 2, 15, 19, 20, 80, 99, 100, 160, 220].map { Size(rows: rows, columns: $0) }
    }
    let others = (0..<100).map { _ in
      Size(rows: .random(in: 1...60, using: &random), columns: .random(in: 1...220, using: &random))
    }
    return edges + others
  }()

  @Test func stormOfResizesEndsAsAFreshScreen() throws {
    let server = try TestServer()
    let console = try TmuxConsole("", on: server.endpoint, columns: 130, rows: 40)
    try console.wait(for: "NO HANDLER")
    for number in 0..<60 {
      let body = #"{"entity_id":"agent-\#(number)","data":{"error_rate":0.\#(number + 10),"queue_size":\#(number)}}"#
      _ = try server.call("XADD", "agentos:events", "*", "__data__", body)
    }
    var random = SeededRandom(seed: 3)
    for _ in 0..<200 {
      try console.resize(columns: Int.random(in: 1...220, using: &random), rows: Int.random(in: 1...60, using: &random))
    }
    try console.resize(columns: 110, rows: 33)
    let fresh = try TmuxConsole("", on: server.endpoint, columns: 110, rows: 33)
    try fresh.wait(for: "60 agents")
    try console.wait { screen in
      guard let other = try? fresh.screen() else { return false }
      return screen.count >= 33 && timeless(screen) == timeless(other)
    }
    try console.press("q")
    try console.wait(for: "ended with 0")
  }

  /// The same without what goes by the moment of the look: the clock, the rate and ages.
  private func timeless(_ screen: [String]) -> [String] {
    screen.prefix(33).map { $0.replacing(/[0-9:]+Z|[0-9.]+ events\/s| *[0-9]+[sm]\b/, with: "") }
  }

  /// The signal and the size change as a terminal emulator's do, faster than frames are drawn.
  @Test func stormFasterThanFramesIsSurvived() throws {
    let console = try PtyProgram(rows: 24, columns: 80)
    try console.waitForFrame()
    var random = SeededRandom(seed: 4)
    for _ in 0..<500 {
      console.resize(rows: .random(in: 0...90, using: &random), columns: .random(in: 0...300, using: &random))
    }
    console.resize(rows: 24, columns: 80)
    let frame = try console.redraw()
    console.type("q")
    #expect(try console.finish().exitCode == 0)
    try OutputGrammar(terminal: "xterm-256color").parse(console.output)
    let screen = try TmuxScreen(rows: 24, columns: 80).show(frame)
    #expect(screen[0].contains("Agents") && screen[23].contains("NO LINK"))
  }
}
