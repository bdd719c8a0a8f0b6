import CLinux
import Glibc
import Loop
import Redis
import TestSupport

/// `vigia` as a login's program on a pseudo-terminal: every byte that it sends is kept, and the test types.
final class PtyProgram {
  let pty: Pty
  /// The terminal's modes before the program began.
  let modesBefore: [UInt8]
  let pid: pid_t
  private(set) var output: [UInt8] = []
  private let answersModes: Bool
  private var hasAnswered = false
  private var ended: Ended?

  /// How it ended, and how long it had a processor.
  struct Ended {
    /// As `waitpid` gives it.
    var status: Int32
    var milliseconds: Int

    var exitCode: Int32? { status & 0x7F == 0 ? status >> 8 & 0xFF : nil }
    var signal: Int32? { status & 0x7F == 0 ? nil : status & 0x7F }
  }

  /// - Parameters:
  ///   - endpoint: the server; where there is none, an address at which nobody listens.
  ///   - answersModes: whether the terminal says that it knows synchronized output, and that it is one that knows links.
  init(
    _ arguments: [String] = [], on endpoint: Endpoint? = nil, rows: UInt16 = 24, columns: UInt16 = 80,
    environment: [String: String] = [:], answersModes: Bool = false
  ) throws {
    pty = Pty(rows: rows, columns: columns)
    modesBefore = pty.modes
    self.answersModes = answersModes
    var values = ["PATH": "/usr/bin:/bin", "TERM": "xterm-256color", "LANG": "C.UTF-8"]
    values["VIGIA_REDIS"] = "redis://127.0.0.1:1"
    if let endpoint, case .tcp(let host, let port) = endpoint.address {
      values["VIGIA_REDIS"] = "redis://\(host):\(port)"
    }
    values.merge(environment) { $1 }
    let program = Program.folder + "/vigia"
    var argv = ([program] + arguments).map { strdup($0) } + [nil]
    var envp = values.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for pointer in argv + envp { free(pointer) } }
    pid = vigia_spawn_on_terminal(program, &argv, &envp, pty.path)
    guard pid > 0 else { throw SystemError("start", program) }
  }

  deinit {
    guard ended == nil else { return }
    kill(pid, SIGKILL)
    waitpid(pid, nil, 0)
  }

  var text: String { String(decoding: output, as: UTF8.self) }

  func type(_ text: String) { type(Array(text.utf8)) }

  func type(_ bytes: [UInt8]) { _ = Glibc.write(pty.master, bytes, bytes.count) }

  func signal(_ signal: Int32) { kill(pid, signal) }

  func resize(rows: UInt16, columns: UInt16) { pty.resize(rows: rows, columns: columns) }

  /// Takes what comes within a moment.
  func pump() {
    var entry = pollfd(fd: pty.master, events: Int16(POLLIN), revents: 0)
    _ = poll(&entry, 1, 20)
    output += pty.take()
    guard answersModes, !hasAnswered, output.firstRange(of: Array("\u{1B}[?2026$p".utf8)) != nil else { return }
    hasAnswered = true
    type("\u{1B}[?2026;2$y\u{1B}P>|kitty(0.35.2)\u{1B}\\")
  }

  /// Takes output until something holds; throws with the end of it within a limit that no healthy run comes near.
  ///
  /// - Returns: how long it took in milliseconds, as a `Stopwatch` counts.
  @discardableResult
  func wait(seconds: Int64 = 30, _ condition: () throws -> Bool) throws -> Double {
    var watch = Stopwatch()
    while try !condition() {
      guard watch.look() < Double(seconds) * 1000 else {
        throw NeverShown(screen: text.suffix(4000).debugDescription)
      }
      pump()
    }
    return watch.look()
  }

  /// Waits for text in the output from some place on.
  @discardableResult
  func wait(for text: String, from start: Int = 0) throws -> Double {
    let bytes = Array(text.utf8)
    return try wait { output[min(start, output.count)...].firstRange(of: bytes) != nil }
  }

  /// Waits until the first frame has been sent: by then signals and keys are watched.
  func waitForFrame() throws { try wait(for: "Z") }

  /// Has everything painted anew and waits for the end of it: the clock at the end of the last line.
  @discardableResult
  func redraw() throws -> [UInt8] {
    let start = output.count
    signal(SIGWINCH)
    try wait {
      guard
        let clear = output[start...].firstRange(of: Array("\u{1B}[J".utf8))
          ?? output[start...].firstRange(of: Array("\u{1B}[2J".utf8))
      else { return false }
      return PtyProgram.holdsClock(output[clear.upperBound...])
    }
    return Array(output[start...])
  }

  /// Waits until it has ended, taking its output.
  func finish() throws -> Ended {
    try wait {
      var status: Int32 = 0
      var usage = rusage()
      guard wait4(pid, &status, WNOHANG, &usage) == pid else { return false }
      let time =
        (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec)
        / 1000
      ended = Ended(status: status, milliseconds: time)
      return true
    }
    if pty.master >= 0 { output += pty.take() }
    return ended!
  }

  /// Waits until a signal has stopped it.
  func waitUntilStopped() throws {
    try wait {
      var status: Int32 = 0
      return waitpid(pid, &status, WNOHANG | WUNTRACED) == pid && status & 0xFF == 0x7F
    }
  }

  /// Digits, colons and a Z as `08:00:00Z`, in one piece or in the end of a changed clock.
  private static func holdsClock(_ bytes: ArraySlice<UInt8>) -> Bool {
    var run = 0
    for byte in bytes {
      if byte == UInt8(ascii: "Z"), run >= 8 { return true }
      run = (0x30...0x3A).contains(byte) ? run + 1 : 0
    }
    return false
  }
}
