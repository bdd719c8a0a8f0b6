import Glibc
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

/// Links and commands of the operator's own in the whole program, on a terminal.
@Suite(.threaded) struct OwnToolsProgramTests {
  private let server: TestServer
  private let folder: TemporaryFolder

  init() throws {
    (server, folder) = (try TestServer(), try TemporaryFolder())
    let event: JSONValue = [
      "entity_id": "a-1; id", "event_type": "agent.metrics", "data": ["error_rate": 0.3],
    ]
    _ = try server.call("XADD", "agentos:events", "*", Keys.dataField, event.encoded)
    try folder.write("#!/bin/sh\nprintf '%s\\n' \"got $*\"; printf '\\033[31mred\\n'; env\n", to: "show.sh")
    chmod(folder.file("show.sh"), 0o755)
    try folder.write(
      "#!/bin/sh\nenv > \(folder.file("env"))\necho \"$*\" > \(folder.file("opened"))\n", to: "browser.sh")
    chmod(folder.file("browser.sh"), 0o755)
    try folder.write(
      """
      [[links]]
      name = "Logs"
      url = "https://logs.internal/{agent}"
      [[commands]]
      name = "Show"
      run = ["\(folder.file("show.sh"))", "agent={agent}"]
      """, to: "vigia.toml")
    chmod(folder.file("vigia.toml"), 0o644)
  }

  private func console(_ environment: String = "") throws -> TmuxConsole {
    let console = try TmuxConsole(
      "--config \(folder.file("vigia.toml"))", on: server.endpoint, columns: 130, rows: 40,
      environment: "SECRET_TOKEN=hunter2 \(environment)")
    try console.wait { $0[0].contains("a-1; id") }
    return console
  }

  @Test(arguments: [false, true]) func linksAreToBeClickedIfTheTerminalSaysThatItKnowsThem(_ knows: Bool) throws {
    let console = try PtyProgram(
      ["--config", folder.file("vigia.toml")], on: server.endpoint, rows: 40, columns: 130, answersModes: knows)
    try console.wait(for: "a-1; id")
    console.type("\r")
    try console.wait(for: "https://logs.internal/a-1%3B%20id")
    try console.redraw()
    let address = "https://logs.internal/a-1%3B%20id"
    let link = "\u{1B}]8;id=vigia-0;\(address)\u{1B}\\\(address)"
    #expect(console.text.contains(link) == knows)
    console.type("q")
    #expect(try console.finish().exitCode == 0)
    #expect(TerminalState(after: console.output).isAsFound)
    try OutputGrammar(terminal: "xterm-256color").parse(console.output)
  }

  @Test func commandRunsWithoutAShellWithoutSecretsAndScrubbed() throws {
    let console = try console()
    try console.pressApart("L", "Down", "Enter")
    try console.wait(for: "done")
    let screen = try console.screen()
    #expect(screen.contains { $0.contains("got agent=a-1; id") })
    #expect(screen.contains { $0.contains("^[[31mred") })
    #expect(screen.contains { $0.contains("PATH=") })
    #expect(!screen.contains { $0.contains("hunter2") || $0.contains("VIGIA_REDIS") })
    try console.press("Escape")
    try console.wait { screen in !screen.contains { $0.contains("got agent") } }
    // What follows an Esc at once belongs to it.
    try console.press("Down")
    try console.press("q")
    try console.wait(for: "ended with 0")
  }

  @Test func linkGoesToTheBrowser() throws {
    let console = try console("BROWSER=\(folder.file("browser.sh"))")
    try console.pressApart("L", "Enter")
    try console.wait(for: "opened: https://logs.internal/a-1%3B%20id")
    try server.wait { TemporaryFolder.text(of: folder.file("opened")) == "https://logs.internal/a-1%3B%20id\n" }
    #expect(!TemporaryFolder.text(of: folder.file("env")).contains("VIGIA_REDIS"))
  }

  @Test func handlerSaysThatNoticesCarryNoLinks() throws {
    let file = try folder.write("[[links]]\nname = 'Logs'\nurl = 'https://h/{agent}'\n", to: "handler.toml")
    chmod(file, 0o666)
    let handler = try Program(
      ["--id", "h1", "--runbook", "/dev/null", "--config", file], on: server.endpoint, name: "vigia-handler")
    try server.wait { handler.errorsSoFar.contains("notices carry no links") }
    #expect(handler.errorsSoFar.contains("handler.toml may be written by others"))
    handler.child.end()
  }

  @Test func fileThatOthersMayWriteTurnsBothOff() throws {
    chmod(folder.file("vigia.toml"), 0o666)
    let console = try console()
    try console.press("L")
    try console.wait(for: "links and commands are off: ")
  }
}
