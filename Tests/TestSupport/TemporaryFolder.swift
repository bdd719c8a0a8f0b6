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

  /// What a file holds; empty if it cannot be read.
  package static func text(of path: String) -> String {
    guard let file = fopen(path, "r") else { return "" }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
    return String(decoding: bytes, as: UTF8.self)
  }

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
