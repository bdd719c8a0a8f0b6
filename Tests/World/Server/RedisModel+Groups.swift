import Redis
import Wire

extension RedisModel {
  static var groups: [String: Command] {
    [
      "XGROUP": Command(least: 5, keys: { [$0[2]] }) { (model, words) throws(Failure) in try model.createGroup(words) },
      "XREADGROUP": Command(least: 7, keys: streamKeys) { (model, words) throws(Failure) in try model.readGroup(words)
      },
      "XACK": onKey(4) { (model, words) throws(Failure) in
        guard var stream = try model.stream(words[1]),
          let at = stream.groups.firstIndex(where: { $0.name == words[2] })
        else { return .integer(0) }
        var ids: [StreamID] = []
        for word in words.dropFirst(3) { ids.append(try entryID(word, missing: 0)) }
        let before = stream.groups[at].pending.count
        stream.groups[at].pending.removeAll { ids.contains($0.id) }
        model[words[1]] = .stream(stream)
        return .integer(Int64(before - stream.groups[at].pending.count))
      },
      "XPENDING": onKey(3) { (model, words) throws(Failure) in try model.pending(words) },
      "XCLAIM": onKey(6) { (model, words) throws(Failure) in try model.claim(words) },
    ]
  }

  private func group(_ name: Bytes, of key: Bytes, for command: String) throws(Failure) -> (StoredStream, Int) {
    guard let stream = try stream(key), let at = stream.groups.firstIndex(where: { $0.name == name }) else {
      let suffix = command == "XREADGROUP" ? " in XREADGROUP with GROUP option" : ""
      throw Failure(text: "NOGROUP No such key '\(key.text)' or consumer group '\(name.text)'\(suffix)")
    }
    return (stream, at)
  }

  /// XGROUP CREATE key group id MKSTREAM
  private mutating func createGroup(_ words: [Bytes]) throws(Failure) -> Reply {
    guard words[1].text.uppercased() == "CREATE" else { throw .syntax }
    let makesStream = words.dropFirst(5).contains { $0.text.uppercased() == "MKSTREAM" }
    guard var stream = try stream(words[2]) ?? (makesStream ? StoredStream() : nil) else {
      throw Failure(
        text: "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the "
          + "MKSTREAM option to create an empty stream automatically.")
    }
    guard !stream.groups.contains(where: { $0.name == words[3] }) else {
      throw Failure(text: "BUSYGROUP Consumer Group name already exists")
    }
    let start = words[4] == "$".bytes ? stream.lastID : try Self.entryID(words[4], missing: 0)
    stream.groups.append(StoredStream.Group(name: words[3], lastDelivered: start, entriesRead: nil))
    stream.groups.sort { $0.name.precedes($1.name) }
    self[words[2]] = .stream(stream)
    return .status("OK")
  }

  /// XREADGROUP GROUP group consumer [COUNT n] [BLOCK ms] STREAMS key … > …
  private mutating func readGroup(_ words: [Bytes]) throws(Failure) -> Reply {
    var found: [Reply] = []
    let (name, consumer) = (words[2], words[3])
    let keys = Self.streamKeys(words)
    for key in keys { _ = try group(name, of: key, for: "XREADGROUP") }
    for key in keys {
      var (stream, at) = try group(name, of: key, for: "XREADGROUP")
      let entries = stream.entries(after: stream.groups[at].lastDelivered, count: Self.count(words))
      guard !entries.isEmpty else { continue }
      stream.groups[at].add(consumer)
      for entry in entries { deliver(entry, to: consumer, &stream, at) }
      self[key] = .stream(stream)
      found.append(.array([.string(key), .array(entries.map(Self.reply))]))
    }
    return found.isEmpty ? .null : .array(found)
  }

  private func deliver(
    _ entry: StoredStream.Entry, to consumer: Bytes, _ stream: inout StoredStream, _ group: Int
  ) {
    if let read = stream.groups[group].entriesRead, !stream.hasGap(from: entry.id) {
      stream.groups[group].entriesRead = read + 1
    } else {
      stream.groups[group].entriesRead = stream.distance(to: entry.id)
    }
    stream.groups[group].lastDelivered = entry.id
    stream.groups[group].pending.append(
      StoredStream.Pending(id: entry.id, consumer: consumer, deliveredAt: milliseconds, deliveries: 1))
  }

  /// XPENDING key group [[IDLE ms] start end count]
  private func pending(_ words: [Bytes]) throws(Failure) -> Reply {
    let (stream, at) = try group(words[2], of: words[1], for: "XPENDING")
    let all = stream.groups[at].pending
    guard words.count > 3 else { return summary(all) }
    var rest = words.dropFirst(3)
    var idle: Int64 = 0
    if rest.first?.text.uppercased() == "IDLE" {
      rest = rest.dropFirst()
      guard let number = rest.popFirst()?.wholeNumber else { throw .notInteger }
      idle = number
    }
    let bounds = Array(rest)
    guard bounds.count == 3, let count = bounds[2].wholeNumber else { throw .syntax }
    let (first, last) = (try bound(bounds[0], isLow: true), try bound(bounds[1], isLow: false))
    let found = all.filter { $0.id >= first && $0.id <= last && (idle == 0 || milliseconds - $0.deliveredAt >= idle) }
    return .array(
      found.prefix(Int(max(0, count))).map { item in
        .array([
          .string(item.id.description.bytes), .string(item.consumer),
          .integer(max(0, milliseconds - item.deliveredAt)), .integer(item.deliveries),
        ])
      })
  }

  private func summary(_ all: [StoredStream.Pending]) -> Reply {
    guard let first = all.first, let last = all.last else { return .array([.integer(0), .null, .null, .null]) }
    let consumers = Set(all.map(\.consumer)).sorted { $0.precedes($1) }
    return .array([
      .integer(Int64(all.count)), .string(first.id.description.bytes), .string(last.id.description.bytes),
      .array(
        consumers.map { name in .array([.string(name), .string("\(all.count { $0.consumer == name })".bytes)]) }),
    ])
  }

  /// XCLAIM key group consumer min-idle id … [RETRYCOUNT count]: what was trimmed leaves the list.
  private mutating func claim(_ words: [Bytes]) throws(Failure) -> Reply {
    var (stream, at) = try group(words[2], of: words[1], for: "XCLAIM")
    guard let idle = words[4].wholeNumber else { throw .notInteger }
    var (ids, count) = (words[5...], Int64?.none)
    if let at = ids.firstIndex(of: "RETRYCOUNT".bytes) {
      guard at + 2 == ids.endIndex, let number = ids[at + 1].wholeNumber else { throw .syntax }
      (ids, count) = (ids[..<at], max(0, number))
    }
    var found: [Reply] = []
    for word in ids {
      let id = try Self.entryID(word, missing: 0)
      guard let place = stream.groups[at].pending.firstIndex(where: { $0.id == id }) else { continue }
      guard let entry = stream.entry(id) else {
        stream.groups[at].pending.remove(at: place)
        continue
      }
      // Without a limit nobody asks for the time: the clock may have been stepped back.
      guard idle == 0 || milliseconds - stream.groups[at].pending[place].deliveredAt >= idle else { continue }
      stream.groups[at].add(words[3])
      stream.groups[at].pending[place].consumer = words[3]
      stream.groups[at].pending[place].deliveredAt = milliseconds
      stream.groups[at].pending[place].deliveries = count ?? stream.groups[at].pending[place].deliveries + 1
      found.append(Self.reply(entry))
    }
    self[words[1]] = .stream(stream)
    return .array(found)
  }
}
