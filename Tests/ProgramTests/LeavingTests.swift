import CLinux
import Glibc
import Loop
import TestSupport
import TestThreads
import Testing

/// The terminal is as it was found, however the console ends.
@Suite(.threaded) struct LeavingTests {
  /// A console with its first frame on the screen.
  private func console() throws -> (program: PtyProgram, modes: [UInt8]) {
    let program = try PtyProgram()
    let before = program.modesBefore
    try program.waitForFrame()
    #expect(program.pty.modes != before)
    #expect(TerminalState(after: program.output).modes[1049] == true)
    return (program, before)
  }

  private func expectAsFound(_ program: PtyProgram, _ modes: [UInt8], sourceLocation: SourceLocation = #_sourceLocation)
  {
    let state = TerminalState(after: program.output)
    #expect(program.pty.modes == modes, sourceLocation: sourceLocation)
    #expect(state.modes[1049] == false && state.modes[25] == true, sourceLocation: sourceLocation)
    #expect(state.isAsFound, "\(program.text.suffix(200).debugDescription)", sourceLocation: sourceLocation)
  }

  @Test(arguments: ["q", "\u{3}"])
  func keyEndsIt(_ key: String) throws {
    let (program, before) = try console()
    program.type(key)
    #expect(try program.finish().exitCode == 0)
    expectAsFound(program, before)
  }

  @Test(arguments: [SIGTERM, SIGHUP, SIGINT, SIGQUIT])
  func signalEndsIt(_ signal: Int32) throws {
    let (program, before) = try console()
    program.signal(signal)
    #expect(try program.finish().exitCode == 0)
    expectAsFound(program, before)
  }

  @Test(arguments: [
    SIGSEGV, SIGABRT, SIGILL, SIGBUS, SIGFPE, SIGTRAP, SIGSYS, SIGXCPU, SIGXFSZ, SIGUSR1, SIGUSR2, SIGALRM, SIGPROF,
  ])
  func crashEndsIt(_ signal: Int32) throws {
    let (program, before) = try console()
    program.signal(signal)
    #expect(try program.finish().signal == signal, "the signal still ends the process")
    expectAsFound(program, before)
    #expect(!program.text.contains("Press") && !program.text.contains("Backtrace"), "nothing asks on the terminal")
  }

  @Test func brokenPipeIsNoEnd() throws {
    let (program, before) = try console()
    program.signal(SIGPIPE)
    program.type("q")
    #expect(try program.finish().exitCode == 0)
    expectAsFound(program, before)
  }

  @Test(arguments: [false, true])
  func closedTerminalEndsItAtOnce(isStopped: Bool) throws {
    let (program, _) = try console()
    if isStopped {
      program.signal(SIGTSTP)
      try program.waitUntilStopped()
    }
    program.pty.hangUp()
    let ended = try program.finish()
    #expect(ended.exitCode == 0 || ended.signal == SIGHUP)
    #expect(ended.milliseconds < 2000, "nothing turned for nothing")
  }

  /// Without a session of its own there is no SIGHUP: reading alone tells.
  @Test func closedTerminalIsNoticedWithoutASignal() throws {
    let pty = Pty()
    let slave = pty.open()
    let environment = [
      "PATH": "/usr/bin", "TERM": "xterm", "LANG": "C.UTF-8", "VIGIA_REDIS": "redis://127.0.0.1:1",
    ]
    let child = try Child(
      Program.folder + "/vigia", [], environment: environment, input: slave, output: slave, error: slave)
    Glibc.close(slave)
    var watch = Stopwatch()
    var output: [UInt8] = []
    while watch.look() < 30_000, output.isEmpty {
      var entry = pollfd(fd: pty.master, events: Int16(POLLIN), revents: 0)
      _ = poll(&entry, 1, 100)
      output += pty.take()
    }
    #expect(!output.isEmpty)
    pty.hangUp()
    #expect(child.wait() == 0)
  }

  @Test func suspendGivesTheTerminalBackAndContinueTakesIt() throws {
    let (program, before) = try console()
    let raw = program.pty.modes
    for way in 0..<3 {
      if way == 0 { program.type("\u{1A}") } else { program.signal(SIGTSTP) }
      try program.waitUntilStopped()
      program.pump()
      expectAsFound(program, before)
      let start = program.output.count
      program.signal(SIGCONT)
      try program.wait { TerminalState(after: Array(program.output[start...])).modes[1049] == true }
      try program.wait(for: "\u{1B}[?2026$p", from: start)
      #expect(program.pty.modes == raw)
    }
    program.type("q")
    #expect(try program.finish().exitCode == 0)
    expectAsFound(program, before)
  }

  @Test func stopWithoutNoticeIsRepairedByContinue() throws {
    let (program, before) = try console()
    let raw = program.pty.modes
    program.signal(SIGSTOP)
    try program.waitUntilStopped()
    program.pty.setSane()
    #expect(program.pty.modes != raw)
    let start = program.output.count
    program.signal(SIGCONT)
    try program.wait { TerminalState(after: Array(program.output[start...])).modes[1049] == true }
    try program.wait(for: "\u{1B}[?2004h", from: start)
    #expect(program.pty.modes == raw)
    program.signal(SIGTERM)
    #expect(try program.finish().exitCode == 0)
    expectAsFound(program, before)
  }

  @Test func whatLibrariesPrintComesAfterTheScreenIsGone() throws {
    let (program, before) = try console()
    let stderr = try borrowed(STDERR_FILENO, of: program)
    let shown = program.output.count
    let words = "Fatal error: \u{1B}[2J of a library\n"
    #expect(Glibc.write(stderr, words, words.utf8.count) == words.utf8.count)
    try program.redraw()
    #expect(!program.text.dropFirst(shown).contains("library"))
    program.type("q")
    #expect(try program.finish().exitCode == 0)
    expectAsFound(program, before)
    #expect(program.text.contains("Fatal error: ^[[2J of a library\r\n"))
  }

  @Test func crashTellsWhatTheRuntimeSaid() throws {
    let (program, before) = try console()
    let stderr = try borrowed(STDERR_FILENO, of: program)
    let words = "Fatal error: \u{1B}[2Jout of range\n"
    _ = Glibc.write(stderr, words, words.utf8.count)
    program.signal(SIGTRAP)
    #expect(try program.finish().signal == SIGTRAP)
    expectAsFound(program, before)
    #expect(program.text.hasSuffix("Fatal error: ?[2Jout of range\r\n"))
  }

  @Test func endlessPrintingIsBounded() throws {
    let (program, before) = try console()
    let stderr = try borrowed(STDERR_FILENO, of: program)
    let block = Array(repeating: UInt8(ascii: "x"), count: 100_000)
    for _ in 0..<5 { _ = Glibc.write(stderr, block, block.count) }
    program.type("q")
    #expect(try program.finish().exitCode == 0)
    expectAsFound(program, before)
    #expect(program.text.filter { $0 == "x" }.count < 70_000)
  }

  /// What the program's own writes to a descriptor would go to.
  private func borrowed(_ descriptor: Int32, of program: PtyProgram) throws -> Int32 {
    let handle = vigia_pidfd_open(program.pid)
    defer { Glibc.close(handle) }
    let copy = vigia_borrow_descriptor(handle, descriptor)
    guard copy >= 0 else { throw SystemError("borrow a descriptor") }
    return copy
  }
}
