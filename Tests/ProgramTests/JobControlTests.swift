import TestSupport
import TestThreads
import Testing

/// The console as a job of an interactive shell.
@Suite(.threaded) struct JobControlTests {
  @Test func shellAndConsoleTakeTurns() throws {
    let shell = try TmuxConsole(shellOfColumns: 100, rows: 30)
    try shell.wait(for: "ready>")
    try shell.type("stty -g > /tmp/$$.before")
    try shell.type("LANG=C.UTF-8 VIGIA_REDIS=redis://127.0.0.1:1 \(Program.folder)/vigia")
    try shell.wait(for: "NO LINK")
    try shell.press("C-z")
    try shell.wait { $0.contains { $0.contains("Stopped") } && !$0.contains { $0.contains("NO LINK") } }
    // Continued in the background it waits for the fore again.
    try shell.type("bg")
    try shell.wait {
      try? shell.type("clear; jobs")
      return $0.contains { $0.hasPrefix("[1]+  Stopped") } && !$0.contains { $0.contains("bg") }
    }
    try shell.type("fg")
    try shell.wait(for: "NO LINK")
    try shell.press("?")
    try shell.wait(for: "pause for a while")
    try shell.press("Escape")
    try shell.wait { !$0.contains { $0.contains("pause for a while") } }
    try shell.press("C-c")
    try shell.wait { !$0.contains { $0.contains("NO LINK") } }
    try shell.type(
      "stty -g > /tmp/$$.after; cmp /tmp/$$.before /tmp/$$.after && echo same' 'modes; rm /tmp/$$.before /tmp/$$.after")
    try shell.wait(for: "same modes")
  }

  @Test func consoleStartedInTheBackgroundWaitsForTheFore() throws {
    let shell = try TmuxConsole(shellOfColumns: 100, rows: 30)
    try shell.wait(for: "ready>")
    try shell.type("LANG=C.UTF-8 VIGIA_REDIS=redis://127.0.0.1:1 \(Program.folder)/vigia &")
    try shell.wait {
      try? shell.type("jobs")
      return $0.contains { $0.contains("Stopped") }
    }
    try shell.type("fg")
    try shell.wait(for: "NO LINK")
    try shell.press("q")
    try shell.wait { !$0.contains { $0.contains("NO LINK") } }
  }
}
