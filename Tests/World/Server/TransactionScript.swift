import Redis

/// The twin of the fenced script that every transaction of the handler runs: checks first, then changes, all or none.
///
/// ```
/// KEYS   fence, then each key once
/// ARGV   fence, number of checks, number of changes, checks …, changes …, optional changes …
/// ```
struct TransactionScript {
  private struct Call {
    var name: String
    var key: Bytes?
    var arguments: [Bytes]

    var words: [Bytes] { [name.bytes] + (key.map { [$0] } ?? []) + arguments }
  }

  private let keys: [Bytes]
  private let arguments: [Bytes]
  private var at = 3

  init(keys: [Bytes], arguments: [Bytes]) {
    (self.keys, self.arguments) = (keys, arguments)
  }

  private mutating func take() -> Call {
    let place = Int(arguments[at + 1].wholeNumber ?? 0)
    let count = Int(arguments[at + 2].wholeNumber ?? 0)
    let call = Call(
      name: arguments[at].text, key: place > 0 ? keys[place - 1] : nil,
      arguments: Array(arguments[(at + 3)..<(at + 3 + count)]))
    at += 3 + count
    return call
  }

  func run(_ model: inout RedisModel) -> Reply {
    var script = self
    return script.perform(&model)
  }

  private mutating func perform(_ model: inout RedisModel) -> Reply {
    let stored = model.run(["GET".bytes, keys[0]])
    if let error = stored.error { return .error(error) }
    guard stored.bytes == arguments[0] else { return Self.error("FENCED \(stored.text ?? "no fence")") }
    for check in 0..<(arguments[1].wholeNumber ?? 0) {
      let call = take()
      let reply = model.run(call.words)
      if let error = reply.error { return Self.error(Self.words(error, call)) }
      let found = Self.found(reply)
      guard found == arguments[at] else { return .array([.integer(check + 1), .string(found)]) }
      at += 1
    }
    var changes: [Call] = []
    for _ in 0..<(arguments[2].wholeNumber ?? 0) { changes.append(take()) }
    if let refusal = refusal(of: changes, &model) { return refusal }
    if let error = write(changes, &model) { return error }
    return writeOptional(&model)
  }

  /// What Lua makes of a reply that a check compares.
  private static func found(_ reply: Reply) -> Bytes {
    switch reply {
    case .null, .status: return []
    case .integer(let number): return "\(number)".bytes
    case .string(let bytes): return bytes
    case .error(let error): return error.text.bytes
    case .array(let elements):
      return elements.prefix(2).first { !$0.isNull }.map(found) ?? []
    }
  }

  /// Looks for what could stop the changes half-way.
  private func refusal(of changes: [Call], _ model: inout RedisModel) -> Reply? {
    for change in changes {
      let key = change.key ?? []
      guard model.denial(of: change.name, [key]) == nil else {
        return Self.error("NOPERM no permission (\(change.name) \(key.text))")
      }
      guard let kind = Self.kind(change.name) else { continue }
      let reply = model.run(["TYPE".bytes, key])
      if let error = reply.error { return Self.error(Self.words(error, Call(name: "TYPE", key: key, arguments: []))) }
      guard let found = reply.text, found == kind || found == "none" else {
        return Self.error("WRONGTYPE the key holds a \(reply.text ?? "") (\(change.name) \(key.text))")
      }
    }
    return nil
  }

  private static func kind(_ name: String) -> String? {
    switch name {
    case "SADD", "SREM": return "set"
    default:
      switch name.first {
      case "H": return "hash"
      case "Z": return "zset"
      case "X": return "stream"
      default: return nil
      }
    }
  }

  private func write(_ changes: [Call], _ model: inout RedisModel) -> Reply? {
    var added: [(key: Bytes, id: Bytes)] = []
    for change in changes {
      let reply = model.run(change.words)
      if let error = reply.error {
        if change.name == "XADD" {
          for entry in added { _ = model.run(["XDEL".bytes, entry.key, entry.id]) }
        }
        return Self.error(Self.words(error, change))
      }
      if change.name == "XADD", let key = change.key, let id = reply.bytes { added.append((key, id)) }
    }
    return nil
  }

  private mutating func writeOptional(_ model: inout RedisModel) -> Reply {
    var answer: [Reply] = [.integer(0)]
    while at < arguments.count {
      let call = take()
      if let error = model.run(call.words).error { answer.append(.string(Self.words(error, call).bytes)) }
    }
    return .array(answer)
  }

  private static func error(_ text: String) -> Reply { .error(ServerError(text)) }

  private static func words(_ error: ServerError, _ call: Call) -> String {
    var text = error.text
    if text.contains("The user executing") {
      text = "NOPERM " + (text.hasPrefix("ERR ") ? String(text.dropFirst(4)) : text)
    }
    return "\(text) (\(call.name) \((call.key ?? call.arguments.first ?? []).text))"
  }
}
