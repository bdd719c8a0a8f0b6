import Glibc

/// What this process takes of its machine.
struct ProcessFacts: Equatable {
  /// Seconds since the epoch.
  var startedAt = 0.0
  var processorSeconds = 0.0
  var residentBytes = 0

  /// When this process was first asked for it: a moment after its start.
  private static let start = Double(time(nil))

  init() {}

  /// Takes note of when the process began.
  static func noteStart() { _ = start }

  static var now: ProcessFacts {
    var facts = ProcessFacts()
    facts.startedAt = start
    var clock = timespec()
    if clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &clock) == 0 {
      facts.processorSeconds = Double(clock.tv_sec) + Double(clock.tv_nsec) / 1e9
    }
    facts.residentBytes = residentPages * sysconf(Int32(_SC_PAGESIZE))
    return facts
  }

  /// The second number of `/proc/self/statm`; 0 if it cannot be read.
  private static var residentPages: Int {
    let file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return 0 }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 128)
    let length = read(file, &bytes, bytes.count)
    let words = bytes.prefix(max(0, length)).split(separator: 0x20)
    return words.count > 1 ? Int(String(decoding: words[1], as: UTF8.self)) ?? 0 : 0
  }
}
