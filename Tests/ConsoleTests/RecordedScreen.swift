import Glibc
import Screen
import Testing

/// Compares a screen, text and roles, with `Screens/<name>.txt`.
///
/// With `RECORD_SCREENS=1` the file is written anew, and the test fails: a recording is to be read, not passed.
func expectScreen(_ grid: Grid, _ name: String, sourceLocation: SourceLocation = #_sourceLocation) {
  let screen = RecordedScreen(name: name)
  let shown = RecordedScreen.text(of: grid)
  if getenv("RECORD_SCREENS").map({ String(cString: $0) }) == "1" {
    let outcome = screen.write(shown) ? "recorded" : "cannot write"
    Issue.record("\(outcome) \(screen.path)", sourceLocation: sourceLocation)
    return
  }
  guard let recorded = screen.read() else {
    Issue.record("no \(screen.path); RECORD_SCREENS=1 makes it", sourceLocation: sourceLocation)
    return
  }
  guard shown != recorded else { return }
  let changes = RecordedScreen.changes(from: recorded, to: shown)
  Issue.record("\(name) differs from \(screen.path):\n\(changes)", sourceLocation: sourceLocation)
}

/// A screen in a file.
private struct RecordedScreen {
  let name: String

  var path: String {
    let folder = #filePath.split(separator: "/").dropLast().joined(separator: "/")
    return "/\(folder)/Screens/\(name).txt"
  }

  /// The size, then each row as text behind a bar, then each row's roles by their letters.
  static func text(of grid: Grid) -> String {
    let head = "\(grid.size.columns)x\(grid.size.rows)"
    return ([head] + grid.lines().map { "|\($0)" } + ["roles"] + grid.roleLines().map { "|\($0)" })
      .joined(separator: "\n") + "\n"
  }

  /// The lines that differ: what was recorded, and what is shown.
  static func changes(from recorded: String, to shown: String) -> String {
    let old = recorded.split(separator: "\n", omittingEmptySubsequences: false)
    let new = shown.split(separator: "\n", omittingEmptySubsequences: false)
    let lines = (0..<max(old.count, new.count)).flatMap { index -> [String] in
      let (before, after) = (
        old.indices.contains(index) ? old[index] : "", new.indices.contains(index) ? new[index] : ""
      )
      return before == after ? [] : ["\(index)- \(before)", "\(index)+ \(after)"]
    }
    return lines.joined(separator: "\n")
  }

  func read() -> String? {
    guard let file = fopen(path, "rb") else { return nil }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    bytes.removeLast(bytes.count - fread(&bytes, 1, bytes.count, file))
    return String(decoding: bytes, as: UTF8.self)
  }

  func write(_ text: String) -> Bool {
    guard let file = fopen(path, "wb") else { return false }
    defer { fclose(file) }
    let bytes = Array(text.utf8)
    return fwrite(bytes, 1, bytes.count, file) == bytes.count
  }
}
