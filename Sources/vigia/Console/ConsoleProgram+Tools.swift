import Console
import FleetModel
import Glibc
import Loop
import Redis

/// What the program does for links and commands of the operator's own.
extension ConsoleProgram {
  /// So much of a command's output is kept, the last of it.
  private static let keptBytes = 128 << 10
  private static let browserMilliseconds: Int64 = 10_000

  /// What a command finds in its environment: nothing that could be a secret.
  private static let environmentNames = ["PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TZ"]

  /// Opens a link in `$BROWSER`; without one it is copied.
  func open(link address: String) {
    guard let browser = browser, let setsid = PrivateServer.find("setsid", path: Self.systemPath) else {
      return copy(address)
    }
    let null = Glibc.open("/dev/null", O_RDWR | O_CLOEXEC)
    defer { if null >= 0 { close(null) } }
    do {
      // A browser outlives the console: it is no part of its group.
      let child = try Child(
        setsid, ["--fork", browser, address], environment: Self.desktopEnvironment, input: null, output: null,
        error: null)
      opener = child
      child.watch(on: loop) { [unowned self] status in
        opener = nil
        update(.note(status == 0 ? "opened: \(address)" : "the browser could not be started; \(address)"))
      }
    } catch {
      copy(address)
    }
  }

  private static let systemPath = "/usr/bin:/bin"

  /// A browser and tmux need what the desktop and the session say, and not how Redis is reached.
  private static var desktopEnvironment: [String: String] {
    Child.inheritedEnvironment.filter { !$0.key.hasPrefix("VIGIA_") }
  }

  /// The first of `$BROWSER`, if it is a program.
  private var browser: String? {
    guard let name = Environment["BROWSER"]?.split(separator: ":").first.map(String.init), !name.contains(" ") else {
      return nil
    }
    if name.hasPrefix("/") { return access(name, X_OK) == 0 ? name : nil }
    return PrivateServer.find(name, path: Environment["PATH"] ?? Self.systemPath)
  }

  /// Copies a link by the terminal (OSC 52), in tmux by tmux, which does not pass that on.
  private func copy(_ address: String) {
    if Environment["TMUX"] != nil, let tmux = PrivateServer.find("tmux", path: Environment["PATH"] ?? Self.systemPath) {
      opener = try? Child(
        tmux, ["set-buffer", "-w", "--", address], environment: Self.desktopEnvironment, input: -1)
      opener?.watch(on: loop) { [unowned self] status in
        opener = nil
        update(.note(status == 0 ? "copied: \(address)" : "could not be copied: \(address)"))
      }
      if opener != nil { return }
    }
    terminal.copy(Array(address.utf8))
    update(.note("sent to the clipboard: \(address)"))
  }

  /// Runs a command; what it came to is told later.
  func run(_ arguments: [String], limit: TimeSpan) {
    let environment = Child.inheritedEnvironment.filter { Self.environmentNames.contains($0.key) }
    command = ChildRun(
      on: loop, arguments, environment: environment, limit: limit.milliseconds, keeping: Self.keptBytes
    ) { [unowned self] result in
      command = nil
      update(Self.message(of: result, limit))
    }
  }

  private static func message(of result: ChildResult, _ limit: TimeSpan) -> Message {
    func message(_ output: [UInt8], _ words: String, isGood: Bool = false) -> Message {
      .commandEnded(output, isCut: output.count >= keptBytes, words, isGood: isGood)
    }
    return switch result {
    case .exited(0, let output): message(output, "done", isGood: true)
    case .exited(let status, let output): message(output, "failed with status \(status)")
    case .signaled(let signal, let output): message(output, "ended by signal \(signal)")
    case .timedOut(let output): message(output, "ended: it took longer than \(limit)")
    case .notStarted(let reason): message([], "not started: \(reason)")
    }
  }
}
