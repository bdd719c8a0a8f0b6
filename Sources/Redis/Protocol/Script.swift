import Loop

/// A Lua script that runs on the server, by its digest, and is loaded if the server does not know it.
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
  ///   - arguments: ARGV.
  package func run(
    on connection: Connection, keys: [[UInt8]], arguments: EncodedArguments,
    _ completion: @escaping Connection.Completion
  ) {
    guard let digest else { return load(on: connection, keys, arguments, completion) }
    connection.send(call("EVALSHA", digest, keys, arguments)) { [weak self, weak connection] result in
      guard let self, let connection, case .success(.error(let error)) = result, error.code == "NOSCRIPT" else {
        return completion(result)
      }
      load(on: connection, keys, arguments, completion)
    }
  }

  private func load(
    on connection: Connection, _ keys: [[UInt8]], _ arguments: EncodedArguments,
    _ completion: @escaping Connection.Completion
  ) {
    // EVAL runs it and leaves it in the server's cache, in one round trip and in order with what was sent before.
    connection.send(Request("SCRIPT", "LOAD", source)) { [weak self] result in
      if case .success(let reply) = result { self?.digest = reply.bytes }
    }
    connection.send(call("EVAL", source, keys, arguments), completion)
  }

  private func call(
    _ command: String, _ script: any RequestArgument, _ keys: [[UInt8]], _ arguments: EncodedArguments
  ) -> Request {
    var request = Request(command, script, keys.count)
    for key in keys { request.append(key) }
    request.append(arguments)
    return request
  }
}
