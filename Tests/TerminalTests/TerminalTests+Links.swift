import Glibc
import Screen
import Terminal
import TestSupport
import Testing

/// Text that leads somewhere, on terminals that know such text.
extension TerminalTests {
  private static let knowing = ["TERM": "xterm-256color", "LANG": "C.UTF-8", "VTE_VERSION": "7600"]
  private static let end = "\u{1B}]8;;\u{1B}\\"

  private func linked(_ text: String, to address: String, role: Role = .text) -> Grid {
    var result = grid(["before", text, "after"], role: role)
    result.link(Rect(row: 1, column: 0, height: 1, width: text.count), to: address)
    return result
  }

  @Test func linkIsBeganAndEndedAroundItsText() throws {
    let pty = Pty()
    let terminal = try pty.terminal(Self.knowing)
    terminal.present(linked("logs", to: "https://h/1"))
    let first = pty.takeText()
    #expect(first.contains("\u{1B}]8;id=vigia-0;https://h/1\u{1B}\\logs"))
    let end = try #require(first.firstRange(of: Self.end))
    #expect(first[..<end.lowerBound].contains("logs") && first[end.upperBound...].contains("after"))
    terminal.present(linked("logs", to: "https://h/1"))
    #expect(pty.take() == [])
    // The same letters lead somewhere else.
    terminal.present(linked("logs", to: "https://h/2"))
    let text = pty.takeText()
    #expect(text.contains("https://h/2\u{1B}\\logs") && !text.contains("https://h/1\u{1B}\\logs"))
    #expect(text.contains(Self.end))
    // And nowhere.
    terminal.present(grid(["before", "logs", "after"]))
    let plain = pty.takeText()
    #expect(plain.contains("logs") && !plain.contains("]8;id"))
    terminal.close()
    #expect(!pty.takeText().contains("]8;id"))
  }

  @Test(arguments: [
    ["TERM": "xterm-256color"], ["TERM": "xterm-256color", "VTE_VERSION": "4999"],
    ["TERM": "screen-256color", "VTE_VERSION": "7600"],
    ["TERM": "xterm-256color", "VTE_VERSION": "7600", "TMUX": "/tmp/x"],
    ["TERM": "xterm-256color", "VTE_VERSION": "7600", "NO_COLOR": "1"], ["TERM": "linux", "WT_SESSION": "1"],
    ["TERM": "xterm", "VTE_VERSION": "7600"],
  ])
  func otherTerminalsGetPlainText(_ environment: [String: String]) throws {
    let pty = Pty()
    let terminal = try pty.terminal(environment.merging(["LANG": "C.UTF-8"]) { $1 })
    terminal.present(linked("logs", to: "https://h/1"))
    let text = pty.takeText()
    #expect(text.contains("logs") && !text.contains("]8;"))
  }

  @Test(arguments: [("tmux", [3, 4], true), ("tmux", [3, 3], false), ("kitty", [], true), ("XTerm", [390], false)])
  func answerDecides(_ program: String, _ version: [Int], _ knows: Bool) throws {
    let pty = Pty()
    let terminal = try pty.terminal()
    let shown = linked("logs", to: "https://h/1")
    terminal.present(shown)
    #expect(!pty.takeText().contains("]8;"))
    terminal.note(TerminalName(program: program, version: version))
    terminal.present(shown)
    #expect(pty.takeText().contains("]8;id=vigia-0;https://h/1") == knows)
  }

  /// A link that a stopped terminal has half taken is ended on the way out.
  @Test func linkThatWasCutOffIsEnded() throws {
    let pty = Pty(rows: 100, columns: 300)
    let terminal = try pty.terminal(Self.knowing)
    let line = String((0..<300).map { Character(Unicode.Scalar(UInt8(97 + $0 * 7 % 26))) })
    var all = grid(Array(repeating: line, count: 100), rows: 100, columns: 300)
    all.link(all.bounds, to: "https://h/1")
    terminal.present(all)
    #expect(terminal.isCongested)
    #expect(pty.takeText().contains("https://h/1"))
    terminal.close()
    #expect(pty.takeText().contains("\u{18}\(Self.end)"))
  }

  /// Frame after frame the cells that lead somewhere, each by its address, are those of the last grid, however ncurses
  /// came there, and all look as without links: tmux is the judge. It knows no links here: each address is an attribute to
  /// it.
  @Test(arguments: [ColorDepth.indexed, .direct], 1...3)
  func tmuxShowsLinksWhereTheLastGridHasThem(_ depth: ColorDepth, _ seed: Int) throws {
    let (linked, last) = try Self.shown(Self.knowing, depth, seed)
    #expect(linked.map { $0.map { $0.address } } == (0..<12).map { row in last.row(row).map { last.address(of: $0) } })
    let plain = try Self.shown(["TERM": "xterm-256color", "LANG": "C.UTF-8"], depth, seed).0
    #expect(linked.map { $0.map { $0.colors } } == plain.map { $0.map { $0.colors } })
    #expect(plain.allSatisfy { $0.allSatisfy { $0.address == nil } })
  }

  private static func shown(
    _ environment: [String: String], _ depth: ColorDepth, _ seed: Int
  ) throws -> ([[LinkedCell]], Grid) {
    let theme = Theme(
      name: "two",
      styles: [.bad: Style(foreground: Color(hex: "#ff8700")), .selected: Style(background: Color(hex: "#0000d7"))])
    let pty = Pty(rows: 12, columns: 40)
    let terminal = try pty.terminal(environment, options: Terminal.Options(colors: depth, theme: theme))
    var random = Sequence(seed: UInt64(seed))
    var bytes: [UInt8] = []
    var last = Grid(size: terminal.size)
    for _ in 0..<60 {
      last = changed(last, &random)
      terminal.present(last)
      bytes += pty.take()
    }
    let rows = try TmuxScreen(rows: 12, columns: 40).show(withAttributes(bytes), hasAttributes: true)
    return (cells(of: rows), last)
  }

  fileprivate static let addresses = ["https://h/1", "https://h/2", "https://h/3"]

  /// Another picture with some of the rows of the one before moved, and other links.
  private static func changed(_ before: Grid, _ random: inout Sequence) -> Grid {
    var next = Grid(size: before.size)
    let shift = Int.random(in: -2...2, using: &random)
    for row in 0..<next.size.rows {
      let words = before.bounds.contains(row: row + shift, column: 0) ? before.lines()[row + shift] : ""
      next.draw(words, in: next.bounds.line(row), role: .text)
    }
    for _ in 0..<Int.random(in: 0...5, using: &random) {
      let rect = Rect(
        row: Int.random(in: 0..<12, using: &random), column: Int.random(in: 0..<40, using: &random), height: 1,
        width: Int.random(in: 1...20, using: &random))
      let role = [Role.text, .selected, .bad].randomElement(using: &random)!
      next.draw("payments and checkout", in: rect, role: role)
      if Int.random(in: 0..<3, using: &random) > 0 { next.link(rect, to: addresses.randomElement(using: &random)!) }
    }
    return next
  }

  /// The bytes with each address as an attribute that the console never sets, which lasts as a link does: until another
  /// link or its end, whatever else is set meanwhile.
  private static func withAttributes(_ bytes: [UInt8]) -> [UInt8] {
    let marks = Dictionary(uniqueKeysWithValues: zip(addresses, ["5", "8", "9"]))
    let none = "\u{1B}[25;28;29m"
    var now = none
    var text = ""
    var rest = String(decoding: bytes, as: UTF8.self)[...]
    while let start = rest.firstRange(of: "\u{1B}")?.lowerBound {
      text += rest[..<start]
      rest = rest[start...]
      if rest.hasPrefix("\u{1B}]8;"), let end = rest.firstRange(of: "\u{1B}\\") {
        let address = rest[..<end.lowerBound].split(separator: ";", maxSplits: 2).last.map(String.init) ?? ""
        now = marks[address].map { "\(none)\u{1B}[\($0)m" } ?? none
        text += now
        rest = rest[end.upperBound...]
      } else {
        let sequence = rest.prefix { $0 != "m" }
        let isRendition = rest.hasPrefix("\u{1B}[") && sequence.dropFirst(2).allSatisfy { $0.isNumber || $0 == ";" }
        if isRendition, sequence.endIndex < rest.endIndex {
          text += sequence + "m" + now
          rest = rest[rest.index(after: sequence.endIndex)...]
        } else {
          text.append(rest.removeFirst())
        }
      }
    }
    return Array((text + rest).utf8)
  }

  fileprivate struct LinkedCell {
    var address: String?
    /// Selectors of foreground and background with their numbers.
    var colors: [String: String] = [:]
  }

  /// The cells of captured rows. What is set lasts from row to row.
  private static func cells(of rows: [String]) -> [[LinkedCell]] {
    var now = LinkedCell()
    return rows.map { row in
      var cells: [LinkedCell] = []
      var rest = row[...]
      while let character = rest.popFirst() {
        guard character == "\u{1B}" else {
          cells.append(now)
          continue
        }
        let numbers = rest.dropFirst().prefix { $0 != "m" }
        rest = rest[numbers.endIndex...].dropFirst()
        now.take(numbers.split(separator: ";", omittingEmptySubsequences: false).map(String.init))
      }
      return cells + Array(repeating: LinkedCell(), count: max(0, 40 - cells.count))
    }
  }
}

extension TerminalTests.LinkedCell {
  fileprivate mutating func take(_ numbers: [String]) {
    var rest = numbers[...]
    while let number = rest.popFirst() {
      switch number {
      case "", "0": self = Self()
      case "5": address = TerminalTests.addresses[0]
      case "8": address = TerminalTests.addresses[1]
      case "9": address = TerminalTests.addresses[2]
      case "25", "28", "29": address = nil
      case "38", "48":
        colors[number] = rest.joined(separator: ";")
        rest = []
      case "39": colors["38"] = nil
      case "49": colors["48"] = nil
      default: break
      }
    }
  }
}
