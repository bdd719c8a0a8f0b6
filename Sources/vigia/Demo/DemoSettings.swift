import CLinux
import Glibc
import Loop

/// The settings of the demo's handler, in a file in memory: nothing is left of it, however this process ends.
///
/// A class, since it owns a file.
final class DemoSettings {
  private let descriptor: Int32

  init(_ text: String) throws {
    descriptor = vigia_memory_file("vigia-demo")
    guard descriptor >= 0 else { throw Exit.failed.saying("make a file: \(SystemError("make").description)") }
    // A handler that acts for others reads no settings that anybody may write.
    fchmod(descriptor, S_IRUSR | S_IWUSR)
    let bytes = Array(text.utf8)
    guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
      throw Exit.failed.saying("write the settings: \(SystemError("write").description)")
    }
  }

  deinit { close(descriptor) }

  /// Where a child of this process finds it, for as long as this object lives.
  var path: String { "/proc/\(getpid())/fd/\(descriptor)" }
}
