import ArgumentParser
import Glibc
import Loop
import Redis

/// One run of a tool: its loop, what ends it, and how.
///
/// A class, since the handlers of a loop share it.
final class Session {
  let loop: Loop
  /// What it ended with; the first word is the last.
  private var outcome: Exit?

  init() throws {
    loop = try Loop()
  }

  /// Turns the loop until `end`; throws unless all went well.
  func run() throws {
    // What failed at once, such as a socket that is not there, has ended it before it began.
    if outcome == nil { loop.run() }
    if let outcome, outcome != .done { throw outcome.code }
  }

  /// Ends the run.
  func end(_ outcome: Exit = .done) {
    if self.outcome == nil { self.outcome = outcome }
    loop.stop()
  }

  /// Ends it with a reason on stderr.
  func fail(_ outcome: Exit, _ reason: String) {
    guard self.outcome == nil else { return }
    Output.error("vigia: \(reason)")
    end(outcome)
  }

  /// Calls `handler` when the user or the system asks the program to end.
  func onInterrupt(_ handler: @escaping () -> Void) throws {
    try loop.watchSignals([SIGINT, SIGTERM, SIGHUP]) { _ in handler() }
  }

  /// What to say of a Redis that cannot be reached.
  static func unreachable(_ endpoint: Endpoint, _ failure: ConnectionFailure) -> String {
    "Redis at \(endpoint) cannot be reached: \(failure)".shown
  }

  /// The same of one that has a shard.
  static func unreachable(_ installation: Installation, _ failure: ConnectionFailure) -> String {
    "Redis at \(installation.shardPlace) cannot be reached: \(failure)".shown
  }
}
