import Glibc
import Loop
import Redis

/// A program on a real terminal: in a tmux of the test's own, typed at and read.
package final class TmuxConsole {
  private let socket: String
  private static let environment = [
    "PATH": "/usr/bin:/usr/local/bin:/bin", "LANG": "C.UTF-8", "TERM": "xterm-256color",
  ]

  /// Starts `vigia` with these arguments on a screen of this size.
  package init(_ arguments: String, on endpoint: Endpoint?, columns: Int, rows: Int, environment: String = "") throws {
    socket = "vigia-test-\(getpid())-\(UInt32.random(in: .min ... .max))"
    var url = ""
    if let endpoint, case .tcp(let host, let port) = endpoint.address { url = "VIGIA_REDIS=redis://\(host):\(port)" }
    let command =
      "env LANG=C.UTF-8 \(url) \(environment) \(BuildFolder.path)/vigia \(arguments); echo ended with $?; cat"
    _ = try tmux("new-session", "-d", "-x", "\(columns)", "-y", "\(rows)", command)
  }

  /// Starts an interactive shell in place of a program.
  package init(shellOfColumns columns: Int, rows: Int) throws {
    socket = "vigia-test-\(getpid())-\(UInt32.random(in: .min ... .max))"
    _ = try tmux(
      "new-session", "-d", "-x", "\(columns)", "-y", "\(rows)", "env PS1='ready> ' bash --norc --noprofile -i")
  }

  deinit { _ = try? tmux("kill-server") }

  /// What the screen shows, a line a row.
  package func screen() throws -> [String] {
    try tmux("capture-pane", "-p").split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  /// Presses keys by tmux's names for them, one after the other.
  package func press(_ keys: String...) throws {
    for key in keys { _ = try tmux("send-keys", key) }
  }

  /// Presses keys, each once the screen shows something new: those that come at once are taken for pasted text.
  package func pressApart(_ keys: String...) throws {
    for (index, key) in keys.enumerated() {
      let before = try screen()
      try press(key)
      if index < keys.count - 1 { try wait { $0 != before } }
    }
  }

  /// Types a line.
  package func type(_ line: String) throws {
    _ = try tmux("send-keys", "-l", line)
    try press("Enter")
  }

  package func resize(columns: Int, rows: Int) throws {
    _ = try tmux("resize-window", "-x", "\(columns)", "-y", "\(rows)")
  }

  /// Waits until the screen satisfies a condition; throws with the screen where it does not within a limit that no
  /// healthy run comes near.
  package func wait(
    fileID: StaticString = #fileID, line: UInt = #line, _ condition: ([String]) -> Bool
  ) throws {
    var watch = Stopwatch()
    var last: [String] = []
    while watch.look() < 120_000 {
      last = try screen()
      if condition(last) { return }
      // tmux tells nobody that a screen has changed.
      usleep(20_000)
    }
    throw NeverShown(screen: last.joined(separator: "\n"), fileID: fileID, line: line)
  }

  /// Waits until some row holds a text.
  package func wait(for text: String, fileID: StaticString = #fileID, line: UInt = #line) throws {
    try wait(fileID: fileID, line: line) { screen in screen.contains { $0.contains(text) } }
  }

  private func tmux(_ arguments: String...) throws -> String {
    let output = tmpfile()!
    defer { fclose(output) }
    let child = try Child(
      "/usr/bin/tmux", ["-L", socket, "-f", "/dev/null"] + arguments, environment: Self.environment,
      output: fileno(output), error: fileno(output))
    _ = child.wait()
    return Self.text(output)
  }

  private static func text(_ file: UnsafeMutablePointer<FILE>) -> String {
    var (bytes, chunk) = ([UInt8](), [UInt8](repeating: 0, count: 65_536))
    while case let length = pread(fileno(file), &chunk, chunk.count, off_t(bytes.count)), length > 0 {
      bytes += chunk[..<length]
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// The screen never showed what was waited for.
package struct NeverShown: Error, CustomStringConvertible {
  package let screen: String
  /// Where it waited: the test is reported by its first line only.
  package let fileID: StaticString
  package let line: UInt

  package init(screen: String, fileID: StaticString = #fileID, line: UInt = #line) {
    (self.screen, self.fileID, self.line) = (screen, fileID, line)
  }

  package var description: String { "what \(fileID):\(line) waits for was never shown; the screen was:\n\(screen)" }
}
