import Redis

extension RedisModel {
  static var strings: [String: Command] {
    [
      "GET": onKey(2) { (model, words) throws(Failure) in try model.string(words[1]).map { .string($0) } ?? .null },
      "SET": onKey(3) { (model, words) throws(Failure) in try model.set(words) },
      "MGET": Command(least: 2, keys: { Array($0.dropFirst()) }) { (model, words) in
        .array(words.dropFirst().map { if case .string(let value) = model[$0] { .string(value) } else { .null } })
      },
      "DEL": Command(least: 2, keys: { Array($0.dropFirst()) }) { (model, words) in
        .integer(model.delete(words.dropFirst()))
      },
      "PTTL": onKey(2) { (model, words) in
        guard model[words[1]] != nil else { return .integer(-2) }
        return .integer(model.expiry(of: words[1]).map { $0 - model.milliseconds } ?? -1)
      },
      "PEXPIRE": onKey(3) { (model, words) throws(Failure) in
        guard let span = words[2].wholeNumber else { throw .notInteger }
        guard model[words[1]] != nil else { return .integer(0) }
        model.setExpiry(of: words[1], model.milliseconds + span)
        return .integer(1)
      },
      "TYPE": onKey(2) { (model, words) in .status(model[words[1]]?.kind ?? "none") },
    ]
  }

  func string(_ key: Bytes) throws(Failure) -> Bytes? {
    switch self[key] {
    case .string(let value): return value
    case nil: return nil
    case .hash, .set, .sortedSet, .stream: throw .wrongType
    }
  }

  private mutating func delete(_ keys: ArraySlice<Bytes>) -> Int64 {
    var count: Int64 = 0
    for key in keys where self[key] != nil {
      self[key] = nil
      count += 1
    }
    return count
  }

  /// SET key value [PX milliseconds | KEEPTTL]
  private mutating func set(_ words: [Bytes]) throws(Failure) -> Reply {
    var expiry: Int64?
    var options = words.dropFirst(3)
    while let option = options.popFirst() {
      switch option.text.uppercased() {
      case "KEEPTTL": expiry = self[words[1]] == nil ? nil : self.expiry(of: words[1])
      case "PX":
        guard let word = options.popFirst() else { throw .syntax }
        guard let span = word.wholeNumber else { throw .notInteger }
        guard span > 0 else { throw Failure(text: "ERR invalid expire time in 'set' command") }
        expiry = milliseconds + span
      default: throw .syntax
      }
    }
    self[words[1]] = nil
    self[words[1]] = .string(words[2])
    setExpiry(of: words[1], expiry)
    return .status("OK")
  }
}
