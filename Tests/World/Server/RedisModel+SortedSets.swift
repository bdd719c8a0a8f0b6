import Redis

extension RedisModel {
  static var sortedSets: [String: Command] {
    [
      "ZADD": onKey(4) { (model, words) throws(Failure) in try model.addScores(words) },
      "ZREM": onKey(3) { (model, words) throws(Failure) in
        let names = words.dropFirst(2)
        return try model.removeMembers(words[1]) { set in set.members.filter { names.contains($0.name) } }
      },
      "ZSCORE": onKey(3) { (model, words) throws(Failure) in
        try model.sortedSet(words[1]).score(of: words[2]).map { .string(SortedSet.text(of: $0).bytes) } ?? .null
      },
      "ZCARD": onKey(2) { (model, words) throws(Failure) in .integer(Int64(try model.sortedSet(words[1]).count)) },
      "ZCOUNT": onKey(4) { (model, words) throws(Failure) in
        .integer(Int64(try model.members(words[1], words[2], words[3]).count))
      },
      "ZRANGEBYSCORE": onKey(4) { (model, words) throws(Failure) in try model.rangeByScore(words) },
      "ZREMRANGEBYSCORE": onKey(4) { (model, words) throws(Failure) in
        let leaving = try model.members(words[1], words[2], words[3])
        return try model.removeMembers(words[1]) { _ in leaving }
      },
      "ZREMRANGEBYRANK": onKey(4) { (model, words) throws(Failure) in
        guard let first = words[2].wholeNumber, let last = words[3].wholeNumber else { throw .notInteger }
        return try model.removeMembers(words[1]) { set in
          let count = Int64(set.count)
          let low = max(0, first < 0 ? first + count : first)
          let high = min(count - 1, last < 0 ? last + count : last)
          return low <= high ? Array(set.members[Int(low)...Int(high)]) : []
        }
      },
    ]
  }

  func sortedSet(_ key: Bytes) throws(Failure) -> SortedSet {
    switch self[key] {
    case .sortedSet(let set): return set
    case nil: return SortedSet()
    case .string, .hash, .set, .stream: throw .wrongType
    }
  }

  private func members(_ key: Bytes, _ low: Bytes, _ high: Bytes) throws(Failure) -> [SortedSet.Member] {
    guard let low = ScoreBound(low), let high = ScoreBound(high) else {
      throw Failure(text: "ERR min or max is not a float")
    }
    return try sortedSet(key).members.filter { low.isBelow($0.score) && high.isAbove($0.score) }
  }

  private mutating func removeMembers(
    _ key: Bytes, _ leaving: (SortedSet) -> [SortedSet.Member]
  ) throws(Failure) -> Reply {
    var set = try sortedSet(key)
    guard set.count > 0 else { return .integer(0) }
    let leaving = leaving(set)
    for member in leaving { set.remove(member.name) }
    self[key] = .sortedSet(set)
    return .integer(Int64(leaving.count))
  }

  /// ZADD key [GT] score member …
  private mutating func addScores(_ words: [Bytes]) throws(Failure) -> Reply {
    var rest = words.dropFirst(2)
    let onlyGreater = rest.first?.text.uppercased() == "GT"
    if onlyGreater { rest = rest.dropFirst() }
    let pairs = Array(rest)
    guard !pairs.isEmpty, pairs.count % 2 == 0 else { throw .syntax }
    var scores: [Double] = []
    for place in stride(from: 0, to: pairs.count, by: 2) {
      guard let score = ScoreBound.score(pairs[place]) else { throw Failure(text: "ERR value is not a valid float") }
      scores.append(score)
    }
    var set = try sortedSet(words[1])
    var added: Int64 = 0
    for (place, score) in scores.enumerated() {
      let name = pairs[2 * place + 1]
      if onlyGreater, let old = set.score(of: name), old >= score { continue }
      if set.set(name, score) { added += 1 }
    }
    self[words[1]] = .sortedSet(set)
    return .integer(added)
  }

  /// ZRANGEBYSCORE key min max [WITHSCORES] [LIMIT offset count]
  private func rangeByScore(_ words: [Bytes]) throws(Failure) -> Reply {
    var found = try members(words[1], words[2], words[3])
    var withScores = false
    var options = words.dropFirst(4)
    while let option = options.popFirst() {
      switch option.text.uppercased() {
      case "WITHSCORES": withScores = true
      case "LIMIT":
        guard let offset = options.popFirst()?.wholeNumber, let count = options.popFirst()?.wholeNumber else {
          throw .syntax
        }
        found = Array(found.dropFirst(Int(max(0, offset))))
        if count >= 0 { found = Array(found.prefix(Int(count))) }
      default: throw .syntax
      }
    }
    return .array(
      found.flatMap { member -> [Reply] in
        withScores ? [.string(member.name), .string(SortedSet.text(of: member.score).bytes)] : [.string(member.name)]
      })
  }
}
