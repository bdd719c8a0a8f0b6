import FleetModel

/// What each role needs of a Redis: the one source for `vigia acl print`, for what `vigia doctor` and a handler try
/// before they rely on it, and for the manual.
package struct AccessTable: Sendable {
  /// Commands on one key, or one pattern of keys.
  package struct Row: Sendable {
    /// Empty for commands that are on no key.
    package var key: [UInt8]
    /// Each with `@` where its key stands, so that it can be tried.
    package var commands: [String]
    /// Whether the role does without, and says so.
    package var isOptional: Bool

    package init(_ key: [UInt8], _ commands: [String], isOptional: Bool = false) {
      (self.key, self.commands, self.isOptional) = (key, commands, isOptional)
    }
  }

  package let role: AccessRole
  package let keys: Keys
  /// What is done on keys. A handler's are those that its scripts and readers use.
  package let rows: [Row]
  /// What a connection needs by itself, and what is on channels: as the ACL names it.
  package let others: [String]
  /// What is published and listened to.
  package let channels: [[UInt8]]
  /// Further keys and channels that are read: streams of other services, and patterns that a console was told.
  private let extraReads: [[UInt8]]

  /// - Parameters:
  ///   - reads: further streams that are read: `[[queues]]` of a handler, `--stream` of a console.
  ///   - listens: further patterns of channels that a console listens to.
  ///   - usesDatabase: whether the address names another database than 0.
  package init(
    _ role: AccessRole, _ keys: Keys, reads: [[UInt8]] = [], listens: [[UInt8]] = [], usesDatabase: Bool = false
  ) {
    (self.role, self.keys, extraReads) = (role, keys, reads)
    rows = Self.rows(role, keys) + Self.rows(role, reading: reads)
    others = Self.unique(
      Self.connection + (usesDatabase ? ["select"] : []) + Self.others(role)
        + (keys.prefix.hashTag == nil ? [] : Self.inCluster))
    channels = Self.channels(role, keys) + listens
  }

  // MARK: Rights

  /// The rights in a server's words: the user's own, then its selectors.
  package func grants(in dialect: AccessDialect) -> [AccessGrant] {
    let own = rows.flatMap { $0.commands.map(Self.ruleName) }
    let all = Self.unique(others + own + (dialect == .redis72 ? librarians : []))
    let prefix = keys.prefixPattern
    switch role {
    case .viewer, .doctor: return [AccessGrant(all, reads: [prefix] + extraReads, channels: channels)]
    case .handler: return [AccessGrant(all, reads: extraReads, keys: [prefix], channels: channels)]
    case .operator(let name): return [operatorGrant(all, name, dialect)]
    case .maintainer(let name): return maintainerGrants(all, name, dialect)
    case .publisher: return [AccessGrant(all, keys: [keys.events], channels: channels)]
    case .runtime(let readsAsGroup): return runtimeGrants(readsAsGroup, dialect)
    }
  }

  /// What the server's version leaves open, or takes away, in sentences.
  package func remarks(in dialect: AccessDialect) -> [String] {
    guard dialect == .redis6 else { return [] }
    switch role {
    case .viewer, .doctor, .publisher: return []
    case .handler:
      return extraReads.isEmpty
        ? [] : ["Redis before 7.0 cannot let keys be read only: the handler could also write the queues' streams"]
    case .operator, .maintainer:
      return [
        "Redis before 7.0 cannot let keys be read only: this user could also add entries to every stream that it reads, "
          + "and so forge events and audit lines. It can neither read nor write the control stream"
      ]
    case .runtime:
      return [
        "Redis before 7.0 has no selectors: this runtime reads the control stream, may not listen on control channels "
          + "(it could speak there too), and publishes on channels only (it could add to the control stream too)"
      ]
    }
  }

  /// The rules of `ACL SETUSER` behind name and password.
  package func rules(in dialect: AccessDialect) -> [String] {
    let grants = grants(in: dialect)
    let selectors = grants.dropFirst().map { "(\($0.rules(in: dialect).joined(separator: " ")))" }
    return grants[0].rules(in: dialect) + selectors
  }

  private func operatorGrant(_ commands: [String], _ name: String, _ dialect: AccessDialect) -> AccessGrant {
    let own = [keys.commands, keys.commands(of: name)]
    // Whatever it may read it could add to, where reading is not told apart: then no more than it needs.
    let reads = dialect == .redis6 ? Self.unique(rows.map(\.key)).filter { !$0.isEmpty && !own.contains($0) } : []
    return AccessGrant(
      commands, reads: reads.isEmpty ? [keys.prefixPattern] + extraReads : reads, keys: own, channels: channels)
  }

  private func maintainerGrants(_ commands: [String], _ name: String, _ dialect: AccessDialect) -> [AccessGrant] {
    let scripts = ["eval", "evalsha", "script|load"]
    let mending = ["xdel", "xtrim"]
    let reading = commands.filter { !(scripts + mending).contains($0) }
    var root = operatorGrant(dialect == .redis6 ? commands : reading, name, dialect)
    guard dialect != .redis6 else { return [root] }
    root.commands.removeAll { $0 == "xadd" }
    let targets = [keys.events, keys.commands, keys.commands(of: name)]
    return [
      root, AccessGrant(["xadd"], keys: targets), AccessGrant(mending, keys: [keys.dead]),
      AccessGrant(scripts, keys: [keys.dead] + targets),
    ]
  }

  /// A channel that may be listened to may be spoken on, and so control channels stand in a selector of their own.
  private func runtimeGrants(_ readsAsGroup: Bool, _ dialect: AccessDialect) -> [AccessGrant] {
    let group = readsAsGroup ? ["xgroup|create", "xreadgroup", "xack"] : []
    let reading = ["xread", "xrange", "xinfo|stream"] + group
    let control = [keys.control]
    var root = AccessGrant(
      others + (dialect == .redis72 ? librarians : []) + reading, channels: Keys.recordedPatterns.map { Array($0.utf8) }
    )
    if readsAsGroup || dialect == .redis6 { root.keys = control } else { root.reads = control }
    guard dialect != .redis6 else { return [root] }
    return [
      root, AccessGrant(["xadd"], keys: [keys.events]),
      AccessGrant(["subscribe", "unsubscribe", "psubscribe", "punsubscribe"], channels: [controlChannels]),
    ]
  }

  private var controlChannels: [UInt8] { Self.controlChannels(keys) }

  private static func controlChannels(_ keys: Keys) -> [UInt8] {
    Array("\(keys.prefix.channels).control.*".utf8)
  }

  /// Clients of other makers tell the server which library they are.
  private var librarians: [String] {
    switch role {
    case .publisher, .runtime: ["client|setinfo"]
    case .viewer, .operator, .maintainer, .handler, .doctor: []
    }
  }

  private static let connection = ["ping", "client|setname"]

  private static func others(_ role: AccessRole) -> [String] {
    switch role {
    case .viewer, .operator: ["time", "subscribe", "psubscribe"]
    case .maintainer: ["time", "subscribe", "psubscribe", "eval", "evalsha", "script|load"]
    case .handler: ["time", "subscribe", "psubscribe", "publish", "eval", "evalsha", "script|load", "role", "wait"]
    case .publisher: ["publish"]
    case .runtime: ["time", "publish"]
    case .doctor: ["time", "info", "acl|whoami", "acl|dryrun", "cluster|slots", "cluster|myid"]
    }
  }

  /// How a program finds the node that has its keys, where a prefix keeps them together.
  private static let inCluster = ["cluster|slots", "cluster|myid", "cluster|info"]

  private static func channels(_ role: AccessRole, _ keys: Keys) -> [[UInt8]] {
    let recorded = Keys.recordedPatterns.map { Array($0.utf8) }
    switch role {
    case .viewer, .operator, .maintainer: return recorded + [keys.recorderChannel]
    case .handler: return recorded + [keys.recorderChannel, controlChannels(keys)]
    case .publisher: return recorded
    case .runtime: return recorded + [controlChannels(keys)]
    case .doctor: return []
    }
  }

  // MARK: Words

  private static let containers: Set<Substring> = ["XGROUP", "XINFO", "MEMORY", "ACL", "CLIENT", "SCRIPT"]

  /// `XINFO STREAM @` as the ACL names it: `xinfo|stream`.
  package static func ruleName(_ command: String) -> String {
    let words = command.split(separator: " ")
    guard let first = words.first else { return "" }
    guard containers.contains(first), words.count > 1 else { return first.lowercased() }
    return "\(first)|\(words[1])".lowercased()
  }

  /// A right in words, such as `XINFO STREAM agentos:events`.
  package static func words(_ command: String, on key: [UInt8]) -> String {
    let name = ruleName(command).uppercased().split(separator: "|").joined(separator: " ")
    return key.isEmpty ? name : "\(name) \(String(decoding: key, as: UTF8.self))"
  }

  package static func unique<Element: Hashable>(_ elements: [Element]) -> [Element] {
    var seen: Set<Element> = []
    return elements.filter { seen.insert($0).inserted }
  }
}
