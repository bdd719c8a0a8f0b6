import CLinux
import Glibc

/// What the kernel tells of another process.
struct ProcessProbe {
  let pid: pid_t

  /// Seconds of processor that it has had; all its threads together.
  var cpuSeconds: Double {
    var clock = clockid_t()
    var time = timespec()
    guard clock_getcpuclockid(pid, &clock) == 0, clock_gettime(clock, &time) == 0 else { return .nan }
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// MiB of memory that it holds.
  var residentMebibytes: Double {
    let words = contents("statm").split(separator: " ")
    guard words.count > 1, let pages = Double(words[1]) else { return .nan }
    return pages * Double(sysconf(Int32(_SC_PAGESIZE))) / 1_048_576
  }

  /// How often it has gone to sleep by itself, and so was woken.
  var wakeUps: Int {
    let line = contents("status").split(separator: "\n").first { $0.hasPrefix("voluntary_ctxt_switches:") }
    return line.flatMap { $0.split(separator: "\t").last }.flatMap { Int($0) } ?? 0
  }

  private func contents(_ name: String) -> String {
    guard let file = fopen("/proc/\(pid)/\(name)", "r") else { return "" }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 8192)
    let length = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes.prefix(length), as: UTF8.self)
  }
}
