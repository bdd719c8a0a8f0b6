import Redis
import Wire

extension RedisModel {
  static var streams: [String: Command] {
    [
      "XADD": onKey(5) { (model, words) throws(Failure) in try model.addEntry(words) },
      "XDEL": onKey(3) { (model, words) throws(Failure) in
        guard var stream = try model.stream(words[1]) else { return .integer(0) }
        var count: Int64 = 0
        for word in words.dropFirst(2) where stream.delete(try entryID(word, missing: 0)) { count += 1 }
        model[words[1]] = .stream(stream)
        return .integer(count)
      },
      "XLEN": onKey(2) { (model, words) throws(Failure) in
        .integer(Int64(try model.stream(words[1])?.entries.count ?? 0))
      },
      "XRANGE": onKey(4) { (model, words) throws(Failure) in try model.range(words, from: words[2], to: words[3]) },
      "XREVRANGE": onKey(4) { (model, words) throws(Failure) in
        try model.range(words, from: words[3], to: words[2], isReversed: true)
      },
      "XREAD": Command(least: 4, keys: streamKeys) { (model, words) throws(Failure) in try model.read(words) },
      "XTRIM": onKey(4) { (model, words) throws(Failure) in try model.trim(words) },
      "XINFO": Command(least: 3, keys: { [$0[2]] }) { (model, words) throws(Failure) in try model.info(words) },
    ]
  }

  func stream(_ key: Bytes) throws(Failure) -> StoredStream? {
    switch self[key] {
    case .stream(let stream): return stream
    case nil: return nil
    case .string, .hash, .set, .sortedSet: throw .wrongType
    }
  }

  static func reply(_ entry: StoredStream.Entry) -> Reply {
    .array([.string(entry.id.description.bytes), .array(entry.fields.map { .string($0) })])
  }

  /// An id that is written as `ms-seq`, or as `ms` alone.
  static func entryID(_ word: Bytes, missing: UInt64) throws(Failure) -> StreamID {
    guard var id = StreamID(word) else { throw .invalidID }
    if !word.contains(UInt8(ascii: "-")) { id.sequence = missing }
    return id
  }

  // MARK: Writing

  /// XADD key * | id field value …
  private mutating func addEntry(_ words: [Bytes]) throws(Failure) -> Reply {
    guard words.count % 2 == 1 else { throw .arity("xadd") }
    var stream = try stream(words[1]) ?? StoredStream()
    let id: StreamID
    if words[2] == "*".bytes {
      let fresh = StreamID(milliseconds: UInt64(milliseconds))
      id = fresh > stream.lastID ? fresh : stream.lastID.next()
      guard id > stream.lastID else { throw .exhausted }
    } else {
      id = try Self.entryID(words[2], missing: 0)
      guard id > .zero else { throw Failure(text: "ERR The ID specified in XADD must be greater than 0-0") }
      guard stream.lastID < StreamID(milliseconds: .max, sequence: .max) else { throw .exhausted }
      guard id > stream.lastID else {
        throw Failure(text: "ERR The ID specified in XADD is equal or smaller than the target stream top item")
      }
    }
    stream.append(id, Array(words.dropFirst(3)))
    self[words[1]] = .stream(stream)
    return .string(id.description.bytes)
  }

  /// XTRIM key MAXLEN | MINID [= | ~] threshold [LIMIT count]. An inexact trim may let nothing go, and here never does.
  private mutating func trim(_ words: [Bytes]) throws(Failure) -> Reply {
    var rest = words.dropFirst(3)
    let isInexact = rest.first == "~".bytes
    if isInexact || rest.first == "=".bytes { rest = rest.dropFirst() }
    guard let threshold = rest.first else { throw .syntax }
    guard var stream = try stream(words[1]) else { return .integer(0) }
    let leaving: Int
    switch words[2].text.uppercased() {
    case "MAXLEN":
      guard let length = threshold.wholeNumber else { throw .notInteger }
      leaving = max(0, stream.entries.count - Int(length))
    case "MINID": leaving = stream.index(from: try Self.entryID(threshold, missing: 0))
    default: throw .syntax
    }
    guard !isInexact, leaving > 0 else { return .integer(0) }
    stream.trim(leaving)
    self[words[1]] = .stream(stream)
    return .integer(Int64(leaving))
  }

  // MARK: Reading

  private func range(
    _ words: [Bytes], from low: Bytes, to high: Bytes, isReversed: Bool = false
  ) throws(Failure) -> Reply {
    var count: Int64 = -1
    if words.count > 4 {
      guard words.count == 6, words[4].text.uppercased() == "COUNT" else { throw .syntax }
      guard let number = words[5].wholeNumber else { throw .notInteger }
      count = number
    }
    guard let stream = try stream(words[1]) else { return .array([]) }
    guard count != 0 else { return .null }
    let (first, last) = (try bound(low, isLow: true), try bound(high, isLow: false))
    var found = Array(stream.entries[stream.index(from: first)...].prefix { $0.id <= last })
    if isReversed { found.reverse() }
    return .array((count > 0 ? Array(found.prefix(Int(count))) : found).map(Self.reply))
  }

  /// An end of a range: `-`, `+`, an id, or `(` and an id.
  func bound(_ word: Bytes, isLow: Bool) throws(Failure) -> StreamID {
    switch word.first {
    case UInt8(ascii: "-") where word.count == 1: return .zero
    case UInt8(ascii: "+") where word.count == 1: return StreamID(milliseconds: .max, sequence: .max)
    case UInt8(ascii: "("):
      let id = try Self.entryID(Array(word.dropFirst()), missing: isLow ? 0 : .max)
      if isLow { return id.next() }
      let isFirst = id.sequence == 0
      return StreamID(
        milliseconds: isFirst ? id.milliseconds &- 1 : id.milliseconds, sequence: isFirst ? .max : id.sequence - 1)
    default: return try Self.entryID(word, missing: isLow ? 0 : .max)
    }
  }

  /// The words of XREAD and XREADGROUP behind STREAMS: keys, then as many ids.
  static func streamKeys(_ words: [Bytes]) -> [Bytes] {
    guard let at = words.firstIndex(where: { $0.text.uppercased() == "STREAMS" }) else { return [] }
    let rest = words[(at + 1)...]
    return Array(rest.prefix(rest.count / 2))
  }

  static func count(_ words: [Bytes]) -> Int? {
    guard let at = words.firstIndex(where: { $0.text.uppercased() == "COUNT" }), at + 1 < words.count else {
      return nil
    }
    return words[at + 1].wholeNumber.flatMap { $0 > 0 ? Int($0) : nil }
  }

  /// XREAD [COUNT n] [BLOCK ms] STREAMS key … id …; null if there is nothing, whether it may block or not.
  private func read(_ words: [Bytes]) throws(Failure) -> Reply {
    let keys = Self.streamKeys(words)
    var found: [Reply] = []
    for (key, word) in zip(keys, words.suffix(keys.count)) {
      let id = try Self.entryID(word, missing: 0)
      guard let stream = try stream(key) else { continue }
      let entries = stream.entries(after: id, count: Self.count(words))
      if !entries.isEmpty { found.append(.array([.string(key), .array(entries.map(Self.reply))])) }
    }
    return found.isEmpty ? .null : .array(found)
  }

  // MARK: What is known of a stream

  private func info(_ words: [Bytes]) throws(Failure) -> Reply {
    guard let stream = try stream(words[2]) else { throw Failure(text: "ERR no such key") }
    switch words[1].text.uppercased() {
    case "STREAM":
      return .array([
        .string("length".bytes), .integer(Int64(stream.entries.count)),
        .string("last-generated-id".bytes), .string(stream.lastID.description.bytes),
        .string("max-deleted-entry-id".bytes), .string(stream.maxDeletedID.description.bytes),
        .string("entries-added".bytes), .integer(stream.entriesAdded),
        .string("groups".bytes), .integer(Int64(stream.groups.count)),
        .string("first-entry".bytes), stream.entries.first.map(Self.reply) ?? .null,
        .string("last-entry".bytes), stream.entries.last.map(Self.reply) ?? .null,
      ])
    case "GROUPS":
      return .array(
        stream.groups.map { group in
          .array([
            .string("name".bytes), .string(group.name),
            .string("consumers".bytes), .integer(Int64(group.consumers.count)),
            .string("pending".bytes), .integer(Int64(group.pending.count)),
            .string("last-delivered-id".bytes), .string(group.lastDelivered.description.bytes),
            .string("entries-read".bytes), group.entriesRead.map { .integer($0) } ?? .null,
          ])
        })
    default: throw .syntax
    }
  }
}

extension RedisModel.Failure {
  static let invalidID = Self(text: "ERR Invalid stream ID specified as stream command argument")
  static let exhausted = Self(
    text: "ERR The stream has exhausted the last possible ID, unable to add more items")
}
