import ArgumentParser
import Glibc
import Loop
import Redis

/// `vigia tmux`: the standard session, made or attached to.
struct TmuxCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tmux", abstract: "Open a tmux session with the fleet, a shell for commands, and the tail.",
    discussion: "If the session is there already it is attached to. Inside tmux the client switches to it.")

  @OptionGroup var redis: RedisOptions
  @Option(help: .init("The session's name.", valueName: "name")) var session = "vigia"

  func validate() throws {
    let isPlain = session.utf8.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"): true
      default: false
      }
    }
    guard isPlain, !session.isEmpty else { throw ValidationError("--session has letters, digits, \"-\" and \"_\"") }
  }

  func run() throws {
    guard let tmux = PrivateServer.find("tmux", path: Environment["PATH"] ?? "") else {
      throw Exit.failed.saying("tmux is not installed, or not in $PATH")
    }
    guard let program = HandlerCommand.ownPath else { throw Exit.failed.saying("cannot tell where this program lies") }
    let installation = try redis.wholeInstallation()
    let shows = "\(installation)"
    let target = "=\(session)"
    if try call(tmux, ["has-session", "-t", target]).status == 0 {
      // Else a screen would show another fleet than was asked for.
      let told = try call(tmux, ["show-environment", "-t", target, TmuxSession.showsVariable]).output
      guard told == "\(TmuxSession.showsVariable)=\(shows)\n" else {
        let words = "the session \(session) is not one of \(shows): name another one with --session"
        throw Exit.failed.saying(words.shown)
      }
    } else {
      let variables = redis.environment(for: installation)
      guard !variables.contains(where: { $0.value.utf8.contains { $0 < 0x20 } }) else {
        throw ValidationError("the address of Redis, its password or a path has a control character")
      }
      let script = TmuxSession(name: session, program: program, variables: variables, shows: shows).script
      let made = try call(tmux, ["start-server", ";", "source-file", "-"], input: script)
      guard made.status == 0 else { throw Exit.failed.saying("tmux did not open the session \(session)") }
    }
    try become(tmux, Environment["TMUX"] == nil ? ["attach-session", "-t", target] : ["switch-client", "-t", target])
  }

  /// Runs tmux to its end. What it says on stderr is seen, but for the question whether a session exists.
  private func call(_ tmux: String, _ arguments: [String], input: String = "") throws -> (status: Int32, output: String)
  {
    guard let source = tmpfile(), let answer = tmpfile() else { throw SystemError("make", "a temporary file") }
    defer {
      fclose(source)
      fclose(answer)
    }
    fputs(input, source)
    rewind(source)
    let null = input.isEmpty ? open("/dev/null", O_WRONLY | O_CLOEXEC) : -1
    defer { if null >= 0 { close(null) } }
    let child = try Child(
      tmux, arguments, environment: Child.inheritedEnvironment, input: fileno(source), output: fileno(answer),
      error: null, newGroup: false)
    let status = child.wait()
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = pread(fileno(answer), &bytes, bytes.count, 0)
    return (status, String(decoding: bytes.prefix(max(0, count)), as: UTF8.self))
  }

  /// Goes on as tmux.
  private func become(_ tmux: String, _ arguments: [String]) throws {
    var argv = ([tmux] + arguments).map { strdup($0) } + [nil]
    execv(tmux, &argv)
    throw Exit.failed.saying("start \(tmux): \(String(cString: strerror(errno)))")
  }
}
