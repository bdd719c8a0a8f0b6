import Redis

/// A script of the handler, told by a phrase that no other one holds. Each has a twin in Swift below, and a test compares
/// both on random inputs.
package enum KnownScript: String, CaseIterable, Sendable {
  case transaction = "local kinds = {H = 'hash'"
  case take = "Longer than any lease"
  case renew = "return redis.call('TIME')"
  case release = "local ended = redis.call('DEL', KEYS[1])"
  case record = "'*', 'channel', ARGV[place]"
  case trimStream = "redis.call('XTRIM', KEYS[2]"
  case removeKeys = "for at = 2, #KEYS do count = count + redis.call('DEL', KEYS[at]) end"
  case rights = "pcall(redis.acl_check_cmd, unpack(words(command, key)))"

  init?(_ source: Bytes) {
    guard let found = Self.allCases.first(where: { Self.holds(source, $0.rawValue.bytes) }) else { return nil }
    self = found
  }

  private static func holds(_ source: Bytes, _ phrase: Bytes) -> Bool {
    source.withUnsafeBufferPointer { source in
      source.indices.contains { source[$0] == phrase[0] && source[$0...].starts(with: phrase) }
    }
  }
}

/// A script as it was sent, and which one it is; nil if the model has no twin of it.
struct LoadedScript {
  let source: Bytes
  let known: KnownScript?

  init(_ source: Bytes) {
    self.source = source
    known = KnownScript(source)
  }
}

extension RedisModel {
  /// The source of a script that was run here.
  package func source(of script: KnownScript) -> Bytes? {
    scripts.values.first { $0.known == script }?.source
  }

  mutating func evaluate(_ script: LoadedScript, _ words: [Bytes]) throws(Failure) -> Reply {
    let keys = Self.scriptKeys(words)
    let arguments = Array(words.dropFirst(3 + keys.count))
    guard let script = script.known else {
      unknownScripts.append(script.source.text)
      throw Failure(text: "ERR the model has no twin of this script")
    }
    isInScript = true
    defer { isInScript = false }
    switch script {
    case .transaction: return TransactionScript(keys: keys, arguments: arguments).run(&self)
    case .take: return try take(keys, arguments)
    case .renew:
      try requireFence(keys[1], arguments)
      _ = try call("SET", keys[0], arguments[1], "PX".bytes, arguments[2])
      return try call("TIME")
    case .release: return try release(keys, arguments)
    case .record:
      try requireFence(keys[0], arguments)
      for place in stride(from: 1, to: arguments.count - 1, by: 2) {
        _ = try call(
          "XADD", keys[1], "*".bytes, "channel".bytes, arguments[place], "__data__".bytes, arguments[place + 1])
      }
      return .array([.integer(0)])
    case .trimStream:
      try requireFence(keys[0], arguments)
      return try call(["XTRIM".bytes, keys[1]] + arguments.dropFirst())
    case .removeKeys:
      try requireFence(keys[0], arguments)
      var count: Int64 = 0
      for key in keys.dropFirst() { count += try call("DEL", key).integer ?? 0 }
      return .integer(count)
    case .rights: return rights(arguments)
    }
  }

  /// A command as a script calls it: an error ends the script.
  private mutating func call(_ name: String, _ arguments: Bytes...) throws(Failure) -> Reply {
    try call([name.bytes] + arguments)
  }

  private mutating func call(_ words: [Bytes]) throws(Failure) -> Reply {
    let reply = run(words)
    if let error = reply.error { throw Failure(text: error.text) }
    return reply
  }

  private mutating func requireFence(_ key: Bytes, _ arguments: [Bytes]) throws(Failure) {
    let stored = try call("GET", key).bytes
    guard stored == arguments.first else { throw Failure(text: "FENCED \(stored?.text ?? "no fence")") }
  }

  // MARK: The lease

  /// See `LeaseScripts.take`.
  private mutating func take(_ keys: [Bytes], _ arguments: [Bytes]) throws(Failure) -> Reply {
    let held = try call("GET", keys[0]).bytes
    let stored = try call("GET", keys[1]).bytes
    let digits = stored.flatMap(Self.digits)
    let isBeyond = digits.map { $0.count > 16 || ($0.count == 16 && $0 > "9007199254740990") } ?? false
    if let held, held != arguments[3] {
      var left = try call("PTTL", keys[0]).integer ?? 0
      let most = arguments[2].wholeNumber ?? 0
      if left < 0 || left > most {
        left = most
        _ = try call("PEXPIRE", keys[0], "\(left)".bytes)
      }
      return .array([.integer(0), .integer(left), .integer(isBeyond ? 0 : digits.flatMap { Int64($0) } ?? 0)])
    }
    if isBeyond {
      _ = try call("SET", keys[0], arguments[4], "PX".bytes, arguments[2])
      return .array([.integer(-2), .integer(0)])
    }
    if let digits, let number = Int64(digits), number >= arguments[0].wholeNumber ?? 0 {
      return .array([.integer(-1), .integer(number)])
    }
    _ = try call("SET", keys[1], arguments[0])
    _ = try call("SET", keys[0], arguments[1], "PX".bytes, arguments[2])
    return .array([.integer(1), .integer(digits == nil && stored != nil ? 1 : 0)])
  }

  /// What `^0*(%d+)$` finds.
  private static func digits(_ bytes: Bytes) -> String? {
    guard !bytes.isEmpty, bytes.allSatisfy({ (48...57).contains($0) }) else { return nil }
    let rest = bytes.drop { $0 == 48 }
    return rest.isEmpty ? "0" : String(decoding: rest, as: UTF8.self)
  }

  private mutating func release(_ keys: [Bytes], _ arguments: [Bytes]) throws(Failure) -> Reply {
    guard try call("GET", keys[1]).bytes == arguments[0] else { return .integer(0) }
    let ended = try call("DEL", keys[0])
    _ = try call("PUBLISH", arguments[1], arguments[2])
    return ended
  }

  // MARK: Rights

  private func rights(_ arguments: [Bytes]) -> Reply {
    var missing: [Reply] = []
    for place in stride(from: 1, to: arguments.count - 1, by: 2) {
      let name = arguments[place + 1].split(separator: UInt8(ascii: " ")).first.map { Array($0).text } ?? ""
      let isKnown = Self.commands[name] != nil
      if !isKnown || denial(of: name, [arguments[place]]) != nil { missing.append(.integer(Int64((place + 1) / 2))) }
    }
    return .array(missing)
  }
}
