import FleetModel
import Redis
import Wire

/// Which rights a user has of those that a role needs.
struct RightsAnswers {
  var role = AccessRole.viewer
  /// The user that was tried, if it is another than the connection's.
  var triedUser: String?
  var tried = 0
  /// What is denied: `XADD agentos:commands`.
  var needed: [String] = []
  /// What is denied and the role does without.
  var optional: [String] = []
  /// What no harmless request tells.
  var untried: [String] = []
  /// Why nothing could be tried.
  var failure: String?
}

/// A right as a request that only tries it.
struct RightAttempt: Equatable {
  /// In words, for people.
  var name: String
  var arguments: [[UInt8]]
  var isOptional = false
}

extension AccessTable {
  /// All rights, as `ACL DRYRUN` tries them: nothing is done.
  var attempts: [RightAttempt] {
    let onKeys = rows.flatMap { row in
      row.commands.map { command in
        RightAttempt(
          name: Self.words(command, on: row.key), arguments: Self.arguments(command, row.key),
          isOptional: row.isOptional)
      }
    }
    return others.flatMap(attempts(of:)) + onKeys
  }

  private static func arguments(_ command: String, _ key: [UInt8]) -> [[UInt8]] {
    command.split(separator: " ").map { $0 == "@" ? key : Array($0.utf8) }
  }

  /// What is no matter of keys: for channels each channel that the role uses the command on.
  private func attempts(of command: String) -> [RightAttempt] {
    let name = command.uppercased().split(separator: "|").joined(separator: " ")
    func attempt(_ words: String..., on channel: [UInt8]? = nil, optional: Bool = false) -> RightAttempt {
      let place = channel.map { " \(String(decoding: $0, as: UTF8.self))" } ?? ""
      return RightAttempt(
        name: name + place, arguments: words.map { Array($0.utf8) } + (channel.map { [$0] } ?? []),
        isOptional: optional)
    }
    let recorder = keys.recorderChannel
    switch command {
    // A connection does without both.
    case "ping": return [attempt("PING", optional: true)]
    case "client|setname": return [attempt("CLIENT", "SETNAME", "vigia", optional: true)]
    case "subscribe": return [attempt("SUBSCRIBE", on: recorder)]
    case "psubscribe": return patterns.map { attempt("PSUBSCRIBE", on: $0) }
    case "publish":
      return publishedChannels.map { channel in
        var attempt = attempt("PUBLISH", on: channel, optional: role == .handler)
        attempt.arguments.append(Array("x".utf8))
        return attempt
      }
    case "eval": return [attempt("EVAL", "return 0", "0")]
    case "evalsha": return [attempt("EVALSHA", String(repeating: "0", count: 40), "0")]
    case "script|load": return [attempt("SCRIPT", "LOAD", "return 0", optional: true)]
    // Only of use where there are replicas.
    case "wait": return [attempt("WAIT", "0", "0", optional: true)]
    case "role": return [attempt("ROLE", optional: true)]
    case "select": return [attempt("SELECT", "0")]
    case "acl|dryrun": return [attempt("ACL", "DRYRUN", "default", "PING", optional: true)]
    default: return [RightAttempt(name: name, arguments: name.split(separator: " ").map { Array($0.utf8) })]
    }
  }

  private var patterns: [[UInt8]] { channels.filter { $0.contains(UInt8(ascii: "*")) && !isOwn($0) } }

  private var publishedChannels: [[UInt8]] {
    role == .handler
      ? [keys.recorderChannel, keys.controlChannel(.action(.pause))]
      : Keys.recordedPatterns.map { Array($0.utf8.dropLast()) + "status".utf8 }
  }

  /// Whether it is one of vigia's own channels.
  private func isOwn(_ channel: [UInt8]) -> Bool { channel.starts(with: "\(keys.prefix.channels).".utf8) }
}
