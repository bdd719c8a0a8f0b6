import TestSupport
import TestThreads
import Testing

/// Nothing that comes over the wire, from the command line or by keys steers the terminal: the console's whole output is
/// what the terminal's own description says for drawing, and letters.
@Suite(.threaded) struct HostileOutputTests {
  @Test(arguments: ["xterm-256color", "tmux-256color", "linux", "vt100"])
  func wholeOutputIsTheTerminalsOwn(_ terminal: String) throws {
    let server = try TestServer()
    try HostileText.fill(server)
    let stream = Array("evil\u{1B}]0;x\u{7}\u{202E}".utf8)
    let console = try PtyProgram(
      ["--stream", String(decoding: stream, as: UTF8.self), "--channels", "\u{1B}[2J*"], on: server.endpoint, rows: 60,
      columns: 200, environment: ["TERM": terminal], answersModes: terminal.contains("256"))
    try console.waitForFrame()
    try console.wait { try String(decoding: console.redraw(), as: UTF8.self).contains("n0x") }
    let letters = "123456?".map(String.init)
    for letter in letters { try show(letter, on: console) }
    try show("\u{1B}[200~\u{1B}]0;x\u{7}\u{9B}2J\u{202E}\r\u{1B}[201~", on: console)
    // A filter of letters and one pasted.
    try show("/", on: console)
    try show("\u{202E}\u{E0041}\u{85}", on: console)
    try show("\u{1B}[200~\u{1B}]0;x\u{7}\u{9B}2J\u{202E}y\u{1B}[201~", on: console)
    try show("\u{1B}", on: console)
    for number in HostileText.texts.indices where terminal == "xterm-256color" || number % 9 == 1 {
      try open(number, on: console)
    }
    console.type("\u{3}")
    #expect(try console.finish().exitCode == 0)
    try OutputGrammar(terminal: terminal).parse(console.output)
    #expect(console.text.contains("^["))
  }

  private func show(_ keys: String, on console: PtyProgram) throws {
    console.type(keys)
    try console.redraw()
  }

  /// Opens one agent, looks at all of it, and at what is asked before an action.
  private func open(_ number: Int, on console: PtyProgram) throws {
    try show("/", on: console)
    try show("n\(number)x\r", on: console)
    console.type("\r")
    try console.wait {
      let frame = try String(decoding: console.redraw(), as: UTF8.self)
      return frame.contains("entity_id") || frame.contains("Z  ") || frame.contains("holds none")
    }
    try show("\u{1B}[6~", on: console)
    try show("p", on: console)
    try show("\t", on: console)
    try show("\u{1B}", on: console)
    try show("\u{1B}", on: console)
    try show("\u{1B}", on: console)
  }

  @Test func placeAndReasonOfADeadLinkAreHarmless() throws {
    let hostile = HostileText.pieces.filter { $0.first != 0 && $0 != [0x2F] }.map { piece in
      piece.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
    for start in stride(from: 0, to: hostile.count, by: 24) {
      let path = "unix:///" + hostile[start..<min(start + 24, hostile.count)].joined()
      let console = try PtyProgram(["--redis", path], rows: 24, columns: 220)
      try console.wait(for: "NO LINK")
      try console.redraw()
      console.type("q")
      #expect(try console.finish().exitCode == 0)
      try OutputGrammar(terminal: "xterm-256color").parse(console.output)
      let status = try Program.run("status", "--redis", path)
      #expect(status.status == 4)
      try expectPlain(status.errors)
    }
  }

  @Test func toolsPrintLinesOnly() throws {
    let server = try TestServer()
    try HostileText.fill(server)
    let entries = try #require(try server.call("XLEN", "agentos:events").integer)
    let tail = try Program.run("tail", "--history", "10m", "--count", "\(entries)", on: server.endpoint)
    #expect(tail.status == 0)
    try expectPlain(tail.output + tail.errors)
    let status = try Program.run("status", on: server.endpoint)
    #expect(status.status == 0)
    try expectPlain(status.output + status.errors)
    for text in HostileText.texts where !text.contains(0) {
      let target = String(decoding: text, as: UTF8.self)
      let send = try Program.run("send", "pause", target, "--wait", "1s", "--reason", target, on: server.endpoint)
      #expect(send.status == 3, "\(send.errors)")
      try expectPlain(send.output + send.errors)
    }
  }

  /// Lines, and no byte in them that a terminal obeys.
  private func expectPlain(_ output: String) throws {
    try OutputGrammar.plain.parse(output.utf8.filter { $0 != UInt8(ascii: "\n") })
  }
}
