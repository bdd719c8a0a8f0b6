import CLinux
import Glibc
import Loop
import TestSupport

/// The real `vigia console` on a terminal of the benchmark's own, which takes what is written to it at once.
///
/// A class, since it owns a process and a terminal.
final class ConsoleChild {
  let pid: pid_t
  /// How many bytes it has written.
  private(set) var bytes = 0
  /// When something was last read of it.
  private(set) var wroteAt = MonotonicTime.now
  /// What it has written since `forget`.
  private(set) var output: [UInt8] = []
  /// Just before the process was made.
  let startedAt: MonotonicTime
  private let loop: Loop
  private let pty: Pty

  init(_ arguments: [String] = [], port: UInt16, rows: Int, columns: Int, loop: Loop) throws {
    self.loop = loop
    pty = Pty(rows: UInt16(rows), columns: UInt16(columns))
    let program = try Programs.path("vigia")
    let values = ["TERM=xterm-256color", "LANG=C.UTF-8", "VIGIA_REDIS=redis://127.0.0.1:\(port)"]
    var argv = ([program, "console"] + arguments).map { strdup($0) } + [nil]
    var envp = values.map { strdup($0) } + [nil]
    defer { for pointer in argv + envp { free(pointer) } }
    startedAt = .now
    pid = vigia_spawn_on_terminal(program, &argv, &envp, pty.path)
    guard pid > 0 else { throw SystemError("start", program) }
    loop.watch(pty.master, .readable) { [unowned self] _ in take() }
  }

  deinit {
    loop.unwatch(pty.master)
    kill(pid, SIGKILL)
    waitpid(pid, nil, 0)
  }

  var probe: ProcessProbe { ProcessProbe(pid: pid) }

  func type(_ text: String) { pty.type(text) }

  func forget() { output.removeAll(keepingCapacity: true) }

  /// Whether a text was written in one piece since `forget`.
  func wrote(_ text: String) -> Bool { output.firstRange(of: Array(text.utf8)) != nil }

  /// Waits for that.
  func wait(for text: String) throws { try wait("write \(text)") { wrote(text) } }

  func wait(_ what: String, _ condition: () -> Bool) throws {
    do {
      try loop.wait(condition)
    } catch {
      let end = String(decoding: output.suffix(500), as: UTF8.self).debugDescription
      throw Mismatch("the console did not \(what); it wrote \(end)")
    }
  }

  /// Waits until it has read the history: its status line changes from `reading history` to `live`.
  func waitUntilLive() throws { try wait(for: "live") }

  private func take() {
    let piece = pty.take()
    wroteAt = .now
    bytes += piece.count
    // Of a long run nobody asks for what was long ago.
    if output.count > 1 << 20 { output.removeFirst(1 << 19) }
    output += piece
  }
}

extension Loop {
  /// Turns for a while.
  func turn(forMilliseconds span: Int64) {
    let end = MonotonicTime.now.adding(milliseconds: span)
    while case let rest = end.milliseconds(since: .now), rest > 0 { turn(atMostMilliseconds: Int32(rest.rounded(.up))) }
  }
}
