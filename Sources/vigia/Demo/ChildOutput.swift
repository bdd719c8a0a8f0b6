import CLinux
import Glibc
import Loop

/// The lines that a child prints.
///
/// A class, since it owns a pipe.
final class ChildOutput {
  private let readEnd: Int32
  private(set) var writeEnd: Int32
  private var buffer: [UInt8] = []

  /// How long a child may take to its first line.
  private static let patienceMilliseconds: Int32 = 15_000

  init() throws {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw Exit.failed.saying("\(SystemError("open a pipe"))") }
    for end in ends { vigia_set_close_on_exec(end) }
    vigia_set_nonblocking(ends[0])
    (readEnd, writeEnd) = (ends[0], ends[1])
  }

  deinit {
    close(readEnd)
    closeWriteEnd()
  }

  /// The child has its own; with ours closed its end is seen.
  func closeWriteEnd() {
    if writeEnd >= 0 { close(writeEnd) }
    writeEnd = -1
  }

  /// Waits for the first line.
  func waitForLine() throws {
    var descriptor = pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0)
    guard poll(&descriptor, 1, Self.patienceMilliseconds) > 0, !read().lines.isEmpty else {
      throw Exit.failed.saying("the simulator did not start")
    }
  }

  /// Hands each line to `handler` as it comes, and nil at the end.
  func watch(on loop: Loop, _ handler: @escaping ([UInt8]?) -> Void) {
    loop.watch(readEnd, .readable) { [unowned self, unowned loop] _ in
      let (lines, isAtEnd) = read()
      for line in lines { handler(line) }
      guard isAtEnd else { return }
      loop.unwatch(readEnd)
      handler(nil)
    }
  }

  private func read() -> (lines: [[UInt8]], isAtEnd: Bool) {
    var chunk = [UInt8](repeating: 0, count: 4096)
    var length = 0
    repeat {
      length = Glibc.read(readEnd, &chunk, chunk.count)
      if length > 0 { buffer += chunk[..<length] }
    } while length > 0 || (length < 0 && errno == EINTR)
    let isAtEnd = length == 0
    var lines: [[UInt8]] = []
    while let end = buffer.firstIndex(of: 10) {
      lines.append(Array(buffer[..<end]))
      buffer.removeFirst(end + 1)
    }
    return (lines, isAtEnd)
  }
}
