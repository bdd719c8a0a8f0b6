import FleetModel
import Redis

/// Runs the same random commands and scripts in the model and in a real server, and compares all answers and then all
/// that both hold.
package struct ModelComparison {
  package typealias RealServer = ([Bytes]) throws -> Reply

  private let real: RealServer
  private var model: RedisModel
  private var commands: RandomCommands
  private var random: SeededRandom
  private var denied: String?

  /// - Parameter real: runs a command on a server that nobody else uses.
  package init(seed: UInt64, real: @escaping RealServer) throws {
    self.real = real
    random = SeededRandom(seed: seed)
    commands = RandomCommands(seed: seed, scripts: try Self.scripts())
    model = RedisModel()
  }

  /// The scripts as a handler sends them.
  private static func scripts() throws -> [KnownScript: Bytes] {
    var scenario = try Scenario(seed: 1, isCalm: true)
    try scenario.run()
    var found: [KnownScript: Bytes] = [:]
    for script in KnownScript.allCases { found[script] = scenario.world.server.model.source(of: script) }
    return found
  }

  /// - Returns: how many answers were compared.
  package mutating func run(_ count: Int) throws -> Int {
    for number in 0..<count {
      if number % 200 == 0 { try begin() }
      if number % 50 == 49 { try denyAnother() }
      try compare(commands.next())
      if number % 100 == 99 { try compareAll() }
    }
    try allow()
    return count
  }

  /// Both begin empty, with a fence.
  private mutating func begin() throws {
    try allow()
    _ = try real(["FLUSHALL".bytes])
    model.flush()
    try compare(["SET".bytes, RandomCommands.fence, "7".bytes])
  }

  private mutating func allow() throws {
    guard let denied else { return }
    _ = try real(["ACL", "SETUSER", "default", "+\(denied.lowercased())"].map(\.bytes))
    model.denials = []
    self.denied = nil
  }

  private mutating func denyAnother() throws {
    try allow()
    guard Int.random(in: 0...2, using: &random) == 0 else { return }
    let name = ["XADD", "HSET", "SET", "ZADD", "HGET", "XACK"][Int.random(in: 0...5, using: &random)]
    _ = try real(["ACL", "SETUSER", "default", "-\(name.lowercased())"].map(\.bytes))
    model.denials = [Denial(name)]
    denied = name
  }

  private mutating func compare(_ words: [Bytes]) throws {
    let time = try real(["TIME".bytes]).elements ?? []
    model.microseconds = (time.first?.integer ?? 0) * 1_000_000 + (time.last?.integer ?? 0)
    let expected = try real(words)
    let found = Self.aligned(model.run(words), expected)
    let name = words[0].text
    guard Self.canonical(found, of: name) == Self.canonical(expected, of: name) else {
      throw Violation(
        "\(words.map { $0.count > 200 ? "…" : $0.text })\n  the server: \(Self.text(expected))\n  the model:  \(Self.text(found))"
      )
    }
  }

  private mutating func compareAll() throws {
    try allow()
    let names = try real(["KEYS".bytes, "*".bytes]).elements?.compactMap(\.bytes).sorted { $0.precedes($1) } ?? []
    guard names == model.names else {
      throw Violation("the server holds \(names.map(\.text)), the model \(model.names.map(\.text))")
    }
    for name in names {
      switch model[name] {
      case .string: try compare(["GET".bytes, name])
      case .hash: try compare(["HGETALL".bytes, name])
      case .set: try compare(["SMEMBERS".bytes, name])
      case .sortedSet: try compare(["ZRANGEBYSCORE", name.text, "-inf", "+inf", "WITHSCORES"].map(\.bytes))
      case .stream:
        try compare(["XRANGE".bytes, name, "-".bytes, "+".bytes])
        try compare(["XINFO".bytes, "STREAM".bytes, name])
        try compare(["XINFO".bytes, "GROUPS".bytes, name])
      case nil: break
      }
      try compare(["PTTL".bytes, name])
    }
  }

  // MARK: What is equal

  /// What is left of a span may differ by as long as a busy machine takes between both.
  private static func aligned(_ found: Reply, _ expected: Reply) -> Reply {
    switch (found, expected) {
    case (.integer(let left), .integer(let right)) where min(left, right) > 10_000 && abs(left - right) < 5000:
      return expected
    case (.array(let left), .array(let right))
    where (2...3).contains(left.count) && left.count == right.count && left[0] == right[0]:
      return .array([left[0], aligned(left[1], right[1])] + left.dropFirst(2))
    default: return found
    }
  }

  /// What of a reply must be equal: not the order of what has none, nor milliseconds that passed between both.
  private static func canonical(_ reply: Reply, of name: String) -> Reply {
    if let error = reply.error {
      // Ours end with what they are about, and are compared whole; of the server's own the kind counts.
      return .error(ServerError(error.text.hasSuffix(")") ? error.text : String(error.code)))
    }
    guard let elements = reply.elements else {
      return reply
    }
    switch name {
    case "HGETALL":
      return .array(reply.pairs.map { .array([.string($0.name), .string($0.value)]) }.sorted(by: isBefore))
    case "HKEYS", "SMEMBERS": return .array(elements.sorted(by: isBefore))
    case "XPENDING": return .array(elements.map(withoutIdleTime))
    case "XINFO":
      return .array(
        elements.first?.elements == nil ? fields(elements) : elements.map { .array(fields($0.elements ?? [])) })
    default: return reply
    }
  }

  private static func isBefore(_ left: Reply, _ right: Reply) -> Bool { left.encoded.precedes(right.encoded) }

  private static func withoutIdleTime(_ line: Reply) -> Reply {
    guard var parts = line.elements, parts.count == 4 else { return line }
    parts[2] = .integer(0)
    return .array(parts)
  }

  private static let comparedFields = [
    "length", "last-generated-id", "max-deleted-entry-id", "entries-added", "groups", "first-entry", "last-entry",
    "name",
    "consumers", "pending", "last-delivered-id", "entries-read",
  ]

  private static func fields(_ elements: [Reply]) -> [Reply] {
    comparedFields.compactMap { name in
      Reply.array(elements).field(name).map { .array([.string(name.bytes), $0]) }
    }
  }

  private static func text(_ reply: Reply) -> String {
    switch reply {
    case .null: "null"
    case .integer(let number): "\(number)"
    case .status(let text): "+\(text)"
    case .string(let bytes): "\"\(bytes.text)\""
    case .array(let elements): "[\(elements.map(text).joined(separator: ", "))]"
    case .error(let error): "error \(error.text)"
    }
  }
}
