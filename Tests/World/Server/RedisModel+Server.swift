import Redis

extension RedisModel {
  static var server: [String: Command] {
    [
      "PING": Command(least: 1, keys: { _ in [] }) { _, _ in .status("PONG") },
      "SELECT": Command(least: 2, keys: { _ in [] }) { _, _ in .status("OK") },
      "CLIENT": Command(least: 2, keys: { _ in [] }) { _, _ in .status("OK") },
      "TIME": Command(least: 1, keys: { _ in [] }) { (model, _) in
        .array([
          .string("\(model.microseconds / 1_000_000)".bytes), .string("\(model.microseconds % 1_000_000)".bytes),
        ])
      },
      "DBSIZE": Command(least: 1, keys: { _ in [] }) { (model, _) in .integer(Int64(model.names.count)) },
      "INFO": Command(least: 1, keys: { _ in [] }) { (model, words) in .string(model.info(words).bytes) },
      "MEMORY": Command(least: 3, keys: { [$0[2]] }) { (model, words) in
        // Only its order of magnitude matters to anybody.
        model[words[2]].map { _ in .integer(200) } ?? .null
      },
      "SCAN": Command(least: 2, keys: { _ in [] }) { (model, words) in .array([.string("0".bytes), model.scan(words)])
      },
      "PUBLISH": Command(least: 3, keys: { _ in [] }) { (model, words) in
        model.published.append((words[1], words[2]))
        return .integer(0)
      },
      "SCRIPT": Command(least: 3, keys: { _ in [] }) { (model, words) in .string(model.load(words[2])) },
      "EVAL": Command(least: 3, keys: scriptKeys) { (model, words) throws(Failure) in
        try model.evaluate(LoadedScript(words[1]), words)
      },
      "EVALSHA": Command(least: 3, keys: scriptKeys) { (model, words) throws(Failure) in
        guard let script = model.scripts[Name(words[1])] else {
          throw Failure(text: "NOSCRIPT No matching script. Please use EVAL.")
        }
        return try model.evaluate(script, words)
      },
    ]
  }

  /// INFO of a section; that of the memory if it is not told apart.
  private func info(_ words: [Bytes]) -> String {
    switch words.dropFirst().first?.text.lowercased() {
    case "server": return "# Server\r\nrun_id:run\(runs)\r\n"
    case "replication":
      let lines = (0..<replicas).map { "slave\($0):ip=10.0.0.\($0),port=6379,state=online,offset=1,lag=0\r\n" }
      return "# Replication\r\nrole:master\r\nconnected_slaves:\(replicas)\r\n" + lines.joined()
    default: return "# Memory\r\nused_memory:1000000\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\n"
    }
  }

  /// SCAN 0 [MATCH pattern] [COUNT n] [TYPE kind]: all at once.
  private func scan(_ words: [Bytes]) -> Reply {
    var (pattern, kind) = (Bytes?.none, String?.none)
    for place in stride(from: 2, to: words.count - 1, by: 2) {
      switch words[place].text.uppercased() {
      case "MATCH": pattern = words[place + 1]
      case "TYPE": kind = words[place + 1].text
      default: break
      }
    }
    let found = names.filter { name in
      (pattern.map { Pattern.matches($0, name) } ?? true) && (kind.map { self[name]?.kind == $0 } ?? true)
    }
    return .array(found.map { .string($0) })
  }

  static func scriptKeys(_ words: [Bytes]) -> [Bytes] {
    let count = Int(words[2].wholeNumber ?? 0)
    return Array(words.dropFirst(3).prefix(max(0, count)))
  }

  /// Keeps a script. Any digest will do that only this text has, after a restart too: FNV-1a, 64 bits.
  private mutating func load(_ source: Bytes) -> Bytes {
    let hash = source.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    let digest = String(hash, radix: 16).bytes
    scripts[Name(digest)] = LoadedScript(source)
    return digest
  }
}

/// Patterns of keys and channels: `*`, and `\` before a byte that stands for itself.
enum Pattern {
  static func matches(_ pattern: Bytes, _ name: Bytes) -> Bool { matches(pattern[...], name[...]) }

  private static func matches(_ pattern: ArraySlice<UInt8>, _ name: ArraySlice<UInt8>) -> Bool {
    guard let first = pattern.first else { return name.isEmpty }
    let rest = pattern.dropFirst()
    switch first {
    case UInt8(ascii: "*"):
      return name.indices.contains { matches(rest, name[$0...]) } || matches(rest, [])
    case UInt8(ascii: "\\") where !rest.isEmpty:
      return name.first == rest.first && matches(rest.dropFirst(), name.dropFirst())
    default: return name.first == first && matches(rest, name.dropFirst())
    }
  }
}
