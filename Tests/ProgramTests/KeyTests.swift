import Glibc
import Loop
import TestSupport
import TestThreads
import Testing

/// Keys as a terminal sends them, to the whole program.
@Suite(.threaded) struct KeyTests {
  private let server: TestServer

  init() throws { server = try TestServer() }

  /// A console with one agent selected.
  private func console() throws -> PtyProgram {
    let console = try PtyProgram(on: server.endpoint, columns: 130)
    try console.wait(for: "NO HANDLER")
    try server.publish("agent.metrics", #"{"entity_id":"a-1","data":{"error_rate":0.3}}"#)
    try console.wait(for: "a-1")
    return console
  }

  /// How many commands were sent when everything typed so far has been taken.
  private func commandsSent(_ console: PtyProgram) throws -> Int64? {
    try server.publish("agent.metrics", #"{"entity_id":"b-2","data":{"error_rate":0.9}}"#)
    try console.wait(for: "b-2")
    console.signal(SIGTERM)
    _ = try console.finish()
    return try server.call("XLEN", "agentos:commands").integer
  }

  @Test(arguments: [
    "pyRyry", "py", "ry", "ryryryryryryry\r", "uyByby", "pause the fleet\nyes\n", "\u{1B}[200~pyry\u{1B}[201~",
  ])
  func pasteSendsNoCommand(_ text: String) throws {
    let console = try console()
    console.type(text)
    try console.redraw()
    console.type("\u{1B}")
    #expect(try commandsSent(console) == 0)
  }

  /// Different letters in one read, from a terminal that marks no pastes.
  @Test(arguments: ["qj", "/q", "2\r", "q\n", "\u{1B}[200~q\u{1B}[201~"])
  func pasteNeitherQuitsNorMoves(_ text: String) throws {
    let console = try console()
    console.type(text)
    try console.wait(for: "pasted text was ignored: no field for text is open")
    try console.redraw()
    #expect(try commandsSent(console) == 0)
  }

  @Test(arguments: ["\u{1B}[200~a-1\n\u{1B}[201~", "a-1\r", "a-1 a-1 a-1 a-1\r\n"])
  func pastedNewlineIsNoPartOfAFilter(_ text: String) throws {
    let console = try console()
    console.type("/")
    try console.wait(for: "show agents with:")
    console.type(text)
    try console.wait(for: "with \"a-1")
    let screen = String(decoding: try console.redraw(), as: UTF8.self)
    #expect(screen.contains("with \"a-1") && !screen.contains("^J") && !screen.contains("^M"))
    console.type("\u{1B}")
    #expect(try commandsSent(console) == 0)
  }

  @Test func oneKeyHeldDownStillMoves() throws {
    let console = try console()
    try server.publish("agent.metrics", #"{"entity_id":"a-2","data":{"error_rate":0.2}}"#)
    try console.wait(for: "a-2")
    console.type("jj")
    try console.redraw()
    console.type("p")
    try console.wait(for: "pause a-2 for=15m?")
    console.type("\u{1B}")
    #expect(try commandsSent(console) == 0)
  }

  @Test func questionIsAnsweredOnceItIsShown() throws {
    let console = try console()
    console.type("r")
    try console.wait(for: "resume a-1?")
    try console.redraw()
    console.type("y")
    try server.wait { (try? server.call("XLEN", "agentos:commands").integer) == 1 }
  }

  @Test(arguments: [
    "\u{1B}[1;5A", "\u{1B}[?62;4c", "\u{1B}]11;rgb:ffff/pyry/ffff\u{7}", "\u{1B}P1$r0y\u{1B}\\", "\u{1B}[<0;12;3M",
    "\u{1B}[Mpyr",
  ])
  func unknownSequencesAndAnswersNeverAct(_ text: String) throws {
    let console = try console()
    console.type("p")
    try console.wait(for: "15m?")
    for byte in text.utf8 {
      console.type([byte])
      console.pump()
    }
    try console.redraw()
    console.type("\u{1B}")
    #expect(try commandsSent(console) == 0)
  }

  /// 30 milliseconds are promised; the decoder's own test holds it to 25, and here a machine under load gets a hundredfold.
  @Test func loneEscapeAnswersByItself() throws {
    let console = try console()
    console.type("?")
    try console.wait(for: "pause for a while")
    let start = console.output.count
    console.type("\u{1B}")
    #expect(try console.wait(for: "a-1", from: start) < 3000)
  }
}
