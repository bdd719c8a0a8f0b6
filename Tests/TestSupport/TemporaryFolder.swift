import Glibc
import Loop

/// A folder of a test's own, which goes with it.
package final class TemporaryFolder {
  package let path: String

  package init() throws {
    var template = Array("/tmp/vigia-test-XXXXXX".utf8CString)
    guard let folder = mkdtemp(&template) else { throw SystemError("make a folder in", "/tmp") }
    path = String(cString: folder)
  }

  deinit { _ = try? Child("/bin/rm", ["-rf", path], environment: [:]).wait() }

  package func file(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes a file anew, and gives its path.
  @discardableResult
  package func write(_ text: String, to name: String) throws -> String {
    guard let file = fopen(file(name), "w") else { throw SystemError("write", self.file(name)) }
    fputs(text, file)
    fclose(file)
    return self.file(name)
  }
}
