import CLinux
import Glibc
import Screen

/// What libraries and the runtime print while the console has the screen: kept in memory, shown afterwards.
///
/// ```
///  stdout ─┐ if it is a terminal
///  stderr ─┴─▶ a file in memory of a fixed size ─▶ the terminal, once it is the shell's again
/// ```
struct StrayOutput: ~Copyable {
  /// The file; its offset is how much there is.
  let memory: Int32
  private var saved: [(descriptor: Int32, copy: Int32)] = []

  /// More than this is dropped.
  private static let bytes = 64 * 1024

  init() {
    memory = vigia_bounded_memory_file("vigia-stray-output", off_t(Self.bytes))
    guard memory >= 0 else { return }
    Terminal.crashTells(memory)
    for descriptor in [STDOUT_FILENO, STDERR_FILENO] where isatty(descriptor) == 1 {
      let copy = vigia_duplicate(descriptor)
      guard copy >= 0 else { continue }
      dup2(memory, descriptor)
      saved.append((descriptor, copy))
    }
  }

  deinit {
    if memory >= 0 { Glibc.close(memory) }
  }

  /// Puts the descriptors back and shows what was kept.
  mutating func release() {
    fflush(nil)
    let text = kept
    for (descriptor, copy) in saved {
      dup2(copy, descriptor)
      Glibc.close(copy)
    }
    saved = []
    guard !text.isEmpty else { return }
    let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map {
      Array(Scrubber.display($0).utf8)
    }
    let shown = Array(lines.joined(separator: [UInt8(ascii: "\n")]))
    _ = Glibc.write(STDERR_FILENO, shown, shown.count)
  }

  private var kept: [UInt8] {
    let length = min(lseek(memory, 0, SEEK_CUR), off_t(Self.bytes))
    guard length > 0 else { return [] }
    return [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
      count = max(0, pread(memory, buffer.baseAddress, length, 0))
    }
  }
}
