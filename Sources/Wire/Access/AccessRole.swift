/// What somebody does with an installation, by which Redis lets its user do so much and no more (its ACL).
package enum AccessRole: Equatable, Sendable {
  /// Looks on: the console with `--read-only`, and every tool that only reads.
  case viewer
  /// Looks on, and gives commands.
  case `operator`(String)
  /// An operator who may also put dead letters back, or drop them.
  case maintainer(String)
  case handler
  /// A service that publishes events.
  case publisher
  /// What runs agents: it obeys control messages, and publishes how its agents are.
  case runtime(readsAsGroup: Bool)
  /// Looks at the server as a whole: `vigia doctor`.
  case doctor

  /// What roles are called on a command line.
  package static let names = ["viewer", "operator", "maintainer", "handler", "publisher", "runtime", "doctor"]

  package var name: String {
    switch self {
    case .viewer: "viewer"
    case .operator: "operator"
    case .maintainer: "maintainer"
    case .handler: "handler"
    case .publisher: "publisher"
    case .runtime: "runtime"
    case .doctor: "doctor"
    }
  }

  /// What its user is called where nobody says otherwise.
  package var user: String {
    switch self {
    case .operator(let name), .maintainer(let name): name
    case .viewer, .handler, .publisher, .runtime, .doctor: name
    }
  }
}

/// How a server writes rights.
package enum AccessDialect: Sendable, CaseIterable {
  /// 6.2: a pattern of keys is for reading and writing alike, and all of a user's commands are for all of its keys.
  case redis6
  /// 7.0: `%R~` for keys that are only read, and further sets of rights in parentheses (selectors).
  case redis7
  /// 7.2 on, and Valkey: clients also tell the names of their libraries, by `CLIENT SETINFO`.
  case redis72

  /// Nil for servers before 6.2.
  package init?(major: Int, minor: Int) {
    switch (major, minor) {
    case (8..., _), (7, 2...): self = .redis72
    case (7, _): self = .redis7
    case (6, 2...): self = .redis6
    default: return nil
    }
  }
}

/// Commands, and the keys and channels that they may be used on: the whole of a user's rights, or one selector.
package struct AccessGrant: Equatable, Sendable {
  /// As the ACL names them: `get`, `xinfo|stream`.
  package var commands: [String]
  /// Patterns of keys that are read alone.
  package var reads: [[UInt8]]
  /// Patterns of keys that are read and written.
  package var keys: [[UInt8]]
  package var channels: [[UInt8]]

  package init(_ commands: [String], reads: [[UInt8]] = [], keys: [[UInt8]] = [], channels: [[UInt8]] = []) {
    (self.commands, self.reads, self.keys, self.channels) = (commands, reads, keys, channels)
  }

  /// The rules, in the order in which they are read best: keys, channels, commands.
  package func rules(in dialect: AccessDialect) -> [String] {
    func text(_ mark: String, _ patterns: [[UInt8]]) -> [String] {
      patterns.map { mark + String(decoding: $0, as: UTF8.self) }
    }
    return text(dialect == .redis6 ? "~" : "%R~", reads) + text("~", keys) + text("&", channels)
      + commands.map { "+\($0)" }
  }
}
