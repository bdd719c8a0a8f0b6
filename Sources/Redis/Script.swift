import Loop

/// A Lua script that runs on the server, by its digest, and is loaded where the server does not know it.
///
/// A restart or a flush of the server's script cache forgets it: the answer NOSCRIPT loads it again, and the same call
/// goes out once more.
package final class Script {
  private let source: String
  private var digest: [UInt8]?

  package init(_ source: String) {
    self.source = source
  }

  /// Runs it.
  ///
  /// - Parameters:
  ///   - keys: KEYS.
  ///   - arguments: ARGV, up to those that are encoded.
  package func run(
    on connection: Connection, keys: [[UInt8]], arguments: [any RequestArgument],
    followedBy encoded: EncodedArguments = .none, _ completion: @escaping Connection.Completion
  ) {
    let rest = [keys.count] + keys.map { $0 as any RequestArgument } + arguments
    guard let digest else { return load(on: connection, rest, encoded, completion) }
    let request = Request(["EVALSHA", digest] + rest, followedBy: encoded)
    connection.send(request) { [weak self, weak connection] result in
      guard let self, let connection, case .success(.error(let error)) = result, error.code == "NOSCRIPT" else {
        return completion(result)
      }
      load(on: connection, rest, encoded, completion)
    }
  }

  private func load(
    on connection: Connection, _ rest: [any RequestArgument], _ encoded: EncodedArguments,
    _ completion: @escaping Connection.Completion
  ) {
    // EVAL runs it and leaves it in the server's cache, in one round trip and in order with what was sent before.
    connection.send(Request("SCRIPT", "LOAD", source)) { [weak self] result in
      if case .success(let reply) = result { self?.digest = reply.bytes }
    }
    connection.send(Request(["EVAL", source] + rest, followedBy: encoded), completion)
  }
}
