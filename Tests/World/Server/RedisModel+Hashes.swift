import Redis

extension RedisModel {
  static var hashes: [String: Command] {
    [
      "HGET": onKey(3) { (model, words) throws(Failure) in
        try model.hash(words[1])[words[2]].map { .string($0) } ?? .null
      },
      "HMGET": onKey(3) { (model, words) throws(Failure) in
        let table = try model.hash(words[1])
        return .array(words.dropFirst(2).map { table[$0].map { .string($0) } ?? .null })
      },
      "HGETALL": onKey(2) { (model, words) throws(Failure) in .array(model.pairs(try model.hash(words[1]))) },
      "HKEYS": onKey(2) { (model, words) throws(Failure) in
        .array(try model.hash(words[1]).fields.map { .string($0) })
      },
      "HLEN": onKey(2) { (model, words) throws(Failure) in .integer(Int64(try model.hash(words[1]).count)) },
      "HSCAN": onKey(3) { (model, words) throws(Failure) in
        .array([.string("0".bytes), .array(model.pairs(try model.hash(words[1])))])
      },
      "HSET": onKey(4) { (model, words) throws(Failure) in try model.setFields(words) },
      "HDEL": onKey(3) { (model, words) throws(Failure) in
        var table = try model.hash(words[1])
        let before = table.count
        for field in words.dropFirst(2) { table[field] = nil }
        let removed = before - table.count
        if before > 0 { model[words[1]] = .hash(table) }
        return .integer(Int64(removed))
      },
      "HINCRBY": onKey(4) { (model, words) throws(Failure) in try model.increment(words) },
    ]
  }

  func hash(_ key: Bytes) throws(Failure) -> Table {
    switch self[key] {
    case .hash(let table): return table
    case nil: return Table()
    case .string, .set, .sortedSet, .stream: throw .wrongType
    }
  }

  private func pairs(_ table: Table) -> [Reply] {
    table.fields.flatMap { [.string($0), .string(table[$0] ?? [])] }
  }

  private mutating func setFields(_ words: [Bytes]) throws(Failure) -> Reply {
    guard words.count % 2 == 0 else { throw .arity("hset") }
    var table = try hash(words[1])
    let before = table.count
    for place in stride(from: 2, to: words.count, by: 2) { table[words[place]] = words[place + 1] }
    self[words[1]] = .hash(table)
    return .integer(Int64(table.count - before))
  }

  private mutating func increment(_ words: [Bytes]) throws(Failure) -> Reply {
    guard let step = words[3].wholeNumber else { throw .notInteger }
    var table = try hash(words[1])
    guard let value = (table[words[2]] ?? "0".bytes).wholeNumber else {
      throw Failure(text: "ERR hash value is not an integer")
    }
    let (sum, isOver) = value.addingReportingOverflow(step)
    guard !isOver else { throw Failure(text: "ERR increment or decrement would overflow") }
    table[words[2]] = "\(sum)".bytes
    self[words[1]] = .hash(table)
    return .integer(sum)
  }
}
