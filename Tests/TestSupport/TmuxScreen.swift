import Glibc
import Loop

/// A screen of tmux's own, without a terminal of the test's.
package struct TmuxScreen {
  private let rows: Int
  private let columns: Int

  package init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
  }

  /// The rows that are on the screen after these bytes, blanks at their ends left out.
  ///
  /// - Parameter hasAttributes: whether the sequences that set attributes stand among the letters.
  package func show(_ bytes: [UInt8], hasAttributes: Bool = false) throws -> [String] {
    let name = "vigia-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
    let path = "/tmp/\(name).bytes"
    guard let file = fopen(path, "w") else { throw SystemError("write", path) }
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
    defer { unlink(path) }
    let tmux = "tmux -u -f /dev/null -L \(name)"
    let inside = "stty raw -echo; cat \(path); tmux wait-for -S drawn; sleep 60"
    try run("LC_ALL=C.UTF-8 \(tmux) new-session -d -x \(columns) -y \(rows) '\(inside)' \\; set -g status off")
    defer { _ = try? run("\(tmux) kill-server") }
    try run("\(tmux) wait-for drawn")
    let captured = try run("\(tmux) capture-pane -p\(hasAttributes ? "e" : "")")
    let lines = captured.split(separator: "\n", omittingEmptySubsequences: false)
    return (0..<rows).map { row in
      var line = row < lines.count ? lines[row] : ""
      while line.last == " " { line.removeLast() }
      return String(line)
    }
  }

  @discardableResult
  private func run(_ command: String) throws -> String {
    guard let pipe = popen(command, "r") else { throw SystemError("run", command) }
    var output: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = fread(&buffer, 1, buffer.count, pipe)
      guard count > 0 else { break }
      output += buffer[..<count]
    }
    guard pclose(pipe) == 0 else { throw SystemError("run", command, code: ECHILD) }
    return String(decoding: output, as: UTF8.self)
  }
}
