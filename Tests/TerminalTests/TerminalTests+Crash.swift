import CLinux
import Glibc
import Terminal
import TestSupport
import Testing

extension TerminalTests {
  @Test(arguments: [SIGSEGV, SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGTRAP])
  func crashLeavesTheTerminalAsFound(_ signal: Int32) throws {
    let pty = Pty()
    let before = pty.modes
    let terminal = try pty.terminal()
    terminal.present(grid(["agents"]))
    _ = pty.take()
    let child = forkProcess()
    if child == 0 {
      var limit = rlimit(rlim_cur: 0, rlim_max: 0)
      setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
      // The threads of a test keep SIGABRT out.
      var none = sigset_t()
      sigprocmask(SIG_SETMASK, &none, nil)
      Terminal.installCrashRestore()
      raise(signal)
      _exit(0)
    }
    var status: Int32 = 0
    #expect(waitpid(child, &status, 0) == child)
    #expect(status & 0x7F == signal, "the signal still ends the process")
    #expect(pty.modes == before)
    let text = pty.takeText()
    for sequence in ["\u{1B}[?2004l", "\u{1B}[?1049l", "\u{1B}[?25h", "\u{1B}[m"] {
      #expect(text.contains(sequence), "\(sequence.dropFirst())")
    }
    terminal.close()
  }
}

/// Swift hides fork, since a child of several threads may do next to nothing: this one only raises a signal.
@_silgen_name("fork") private func forkProcess() -> pid_t
