import CLinux
import Glibc

/// A child process that dies with this one, `kill -9` included.
///
/// It owns the process: letting go of it ends the child.
package final class Child {
  package let pid: pid_t
  /// Readable once it has ended.
  let pidDescriptor: Int32
  private var ending: Ending?

  /// How a process ended.
  package enum Ending: Equatable, Sendable {
    case exited(status: Int32)
    case signaled(Int32)

    /// As a shell reports it.
    var status: Int32 {
      switch self {
      case .exited(let status): status
      case .signaled(let signal): 128 + signal
      }
    }

    fileprivate init(raw: Int32) {
      let signal = raw & 0x7F
      self = signal == 0 ? .exited(status: raw >> 8 & 0xFF) : .signaled(signal)
    }
  }

  /// Starts a program.
  ///
  /// - Parameters:
  ///   - path: the program's file.
  ///   - arguments: those after its name.
  ///   - environment: names and values; nothing else is handed on.
  ///   - input: a descriptor for its stdin; negative for none.
  ///   - output, error: descriptors for its stdout and stderr; negative to share this process's own.
  package init(
    _ path: String, _ arguments: [String], environment: [String: String], input: Int32 = -1, output: Int32 = -1,
    error: Int32 = -1, newGroup: Bool = true
  ) throws(SystemError) {
    var argv = ([path] + arguments).map { strdup($0) } + [nil]
    var envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for pointer in argv + envp { free(pointer) } }
    pid = vigia_spawn(path, &argv, &envp, input, output, error, SIGKILL, newGroup ? 1 : 0)
    guard pid > 0 else { throw SystemError("start", path) }
    pidDescriptor = vigia_pidfd_open(pid)
    guard pidDescriptor >= 0 else { throw SystemError("watch", path) }
  }

  /// This process's own environment, for a child that is to have all of it.
  package static var inheritedEnvironment: [String: String] {
    var found: [String: String] = [:]
    var next = environ
    while let entry = next.pointee {
      let parts = String(cString: entry).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { found[String(parts[0])] = String(parts[1]) }
      next += 1
    }
    return found
  }

  deinit {
    end(SIGKILL)
    close(pidDescriptor)
  }

  /// Calls `handler` with the exit status, as a shell reports it (128 + the signal's number for a signal), when the
  /// child has ended.
  package func watch(on loop: Loop, _ handler: @escaping (Int32) -> Void) {
    loop.watch(pidDescriptor, .readable) { [unowned self, unowned loop] _ in
      loop.unwatch(pidDescriptor)
      handler(wait())
    }
  }

  /// Whether it still runs.
  package var isRunning: Bool {
    guard ending == nil else { return false }
    var raw: Int32 = 0
    guard waitpid(pid, &raw, WNOHANG) == pid else { return true }
    ending = Ending(raw: raw)
    return false
  }

  package func signal(_ signal: Int32) {
    if isRunning { kill(pid, signal) }
  }

  /// Signals its process group, itself included. Nothing is sent once its end has been waited for: until then the group's
  /// number is its own, also if only others of the group are left.
  func signalGroup(_ signal: Int32) {
    if ending == nil { kill(-pid, signal) }
  }

  /// Sends a signal and waits for the end.
  package func end(_ signal: Int32 = SIGTERM) {
    guard isRunning else { return }
    kill(pid, signal)
    _ = wait()
  }

  /// Waits for the end; the status as a shell reports it.
  @discardableResult
  package func wait() -> Int32 { waitForEnding().status }

  func waitForEnding() -> Ending {
    if let ending { return ending }
    var raw: Int32 = 0
    while waitpid(pid, &raw, 0) < 0, errno == EINTR {}
    let result = Ending(raw: raw)
    ending = result
    return result
  }
}
