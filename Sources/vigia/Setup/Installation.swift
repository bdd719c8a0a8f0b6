import Redis
import Wire

/// What a command works on: a Redis, and the prefix of its keys there.
struct Installation: CustomStringConvertible {
  var endpoint: Endpoint
  var prefix = KeyPrefix.default

  var keys: Keys { Keys(prefix) }

  /// The place without the password, and the prefix if it is not the usual one.
  var description: String { prefix == .default ? "\(endpoint)" : "\(endpoint) \(prefix)" }
}
