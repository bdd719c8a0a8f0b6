import CLinux
import Glibc

extension Loop {
  /// Takes signals out of their asynchronous delivery and hands them to `handler` as they come, one call each.
  ///
  /// They are blocked for the whole process from here on: call it before any thread starts.
  package func watchSignals(_ signals: [Int32], _ handler: @escaping (Int32) -> Void) throws(SystemError) {
    var set = sigset_t()
    sigemptyset(&set)
    for signal in signals { sigaddset(&set, signal) }
    guard sigprocmask(SIG_BLOCK, &set, nil) == 0 else { throw SystemError("block signals") }
    let descriptor = signalfd(-1, &set, Int32(SFD_NONBLOCK | SFD_CLOEXEC))
    guard descriptor >= 0 else { throw SystemError("watch signals") }
    watch(descriptor, .readable) { _ in
      var info = signalfd_siginfo()
      while read(descriptor, &info, MemoryLayout<signalfd_siginfo>.size) == MemoryLayout<signalfd_siginfo>.size {
        handler(Int32(info.ssi_signo))
      }
    }
  }
}
