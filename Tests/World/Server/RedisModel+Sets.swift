import Redis

extension RedisModel {
  static var sets: [String: Command] {
    [
      "SADD": onKey(3) { (model, words) throws(Failure) in
        var table = try model.set(words[1])
        let before = table.count
        for member in words.dropFirst(2) { table[member] = [] }
        model[words[1]] = .set(table)
        return .integer(Int64(table.count - before))
      },
      "SREM": onKey(3) { (model, words) throws(Failure) in
        var table = try model.set(words[1])
        let before = table.count
        for member in words.dropFirst(2) { table[member] = nil }
        if before > 0 { model[words[1]] = .set(table) }
        return .integer(Int64(before - table.count))
      },
      "SCARD": onKey(2) { (model, words) throws(Failure) in .integer(Int64(try model.set(words[1]).count)) },
      "SMEMBERS": onKey(2) { (model, words) throws(Failure) in
        .array(try model.set(words[1]).fields.map { .string($0) })
      },
      "SISMEMBER": onKey(3) { (model, words) throws(Failure) in
        .integer(try model.set(words[1])[words[2]] == nil ? 0 : 1)
      },
    ]
  }

  func set(_ key: Bytes) throws(Failure) -> Table {
    switch self[key] {
    case .set(let table): return table
    case nil: return Table()
    case .string, .hash, .sortedSet, .stream: throw .wrongType
    }
  }
}
