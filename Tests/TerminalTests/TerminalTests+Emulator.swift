import Glibc
import Screen
import Terminal
import TestSupport
import Testing

extension TerminalTests {
  /// The frames as a real terminal shows them: tmux is the judge.
  @Test(arguments: ["xterm-256color", "screen-256color", "vt100", "linux"])
  func tmuxShowsWhatTheLastGridSays(_ type: String) throws {
    let pty = Pty(rows: 12, columns: 40)
    let terminal = try pty.terminal(
      ["TERM": type, "LANG": "C.UTF-8"], options: Terminal.Options(colors: ColorDepth.none))
    var random = Sequence(seed: 7)
    var bytes: [UInt8] = []
    var last = Grid(size: terminal.size)
    for _ in 0..<40 {
      last.scramble(&random)
      terminal.present(last)
      bytes += pty.take()
    }
    let screen = try TmuxScreen(rows: 12, columns: 40).show(bytes)
    #expect(screen == last.lines())
  }

  /// A generator that gives the same numbers each time.
  struct Sequence: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state ^ (state >> 31)
    }
  }
}

extension Grid {
  /// Changes a few rows: scrolls, overwrites, clears, with wide and combining text.
  fileprivate mutating func scramble(_ random: inout TerminalTests.Sequence) {
    let words = ["agent-7", "日本語", "e\u{301}tat", "▁▂▅█", "─────────", "한글", "", "payments/checkout ", "│"]
    let roles = Role.allCases
    for _ in 0..<Int.random(in: 1...6, using: &random) {
      let row = Int.random(in: 0..<size.rows, using: &random)
      let column = Int.random(in: -1..<size.columns, using: &random)
      let rect = Rect(row: row, column: column, height: 1, width: Int.random(in: 0...20, using: &random))
      let role = roles[Int.random(in: 0..<roles.count, using: &random)]
      if Int.random(in: 0..<4, using: &random) == 0 {
        fill(rect, role: .text)
      } else {
        draw(words[Int.random(in: 0..<words.count, using: &random)], in: rect, role: role)
      }
    }
  }
}
