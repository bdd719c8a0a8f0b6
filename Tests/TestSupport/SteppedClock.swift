import Glibc
import Loop

/// The wall clock of a server, which a test can step; its monotonic clock goes on as ever.
package final class SteppedClock {
  private let path: String
  private let step: UnsafeMutablePointer<Int64>
  private let library: String

  /// - Parameter folder: where the built libraries are.
  package init(folder: String) throws {
    library = "\(folder)/libClockStep.so"
    guard access(library, R_OK) == 0 else { throw SystemError("find", library) }
    var template = Array("/tmp/vigia-clock-XXXXXX".utf8CString)
    let file = mkstemp(&template)
    path = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let size = MemoryLayout<Int64>.size
    guard file >= 0, ftruncate(file, size) == 0,
      let map = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), map != MAP_FAILED
    else { throw SystemError("map", path) }
    close(file)
    step = map.assumingMemoryBound(to: Int64.self)
  }

  deinit {
    munmap(step, MemoryLayout<Int64>.size)
    unlink(path)
  }

  /// What the server is started with.
  package var variables: [String: String] { ["LD_PRELOAD": library, "CLOCK_STEP_FILE": path] }

  /// Sets how far the server's clock is from the machine's.
  package func set(seconds: Int64) { step.pointee = seconds * 1_000_000 }
}
