import FleetModel

/// How queues stand, as the key `agentos:queues` holds it:
///
/// ```json
/// {"at":"2026-11-22T08:00:00.000Z","left_out":2,"queues":[
///   {"stream":"orders","group":"workers","seen":"…","length":1200,"waits":true,"lag":300,"oldest_waiting":"…",
///    "pending":4,"oldest_pending":"…","deliveries":1,"consumers":2,"last_read":"…",
///    "readers":[{"name":"w1","pending":4,"idle":1500}],
///    "trouble":{"kind":"queue.nobody_reads","since":"…","told":["pager"],
///      "hand":{"by":"ana","at":"…","note":"on it"}}},
///   {"stream":"gone","seen":"…","fault":"no such stream"}]}
/// ```
/// What is not known is left out.
package enum QueueCoding {
  /// A longer value is neither written nor read.
  package static let mostBytes = 1 << 20

  package static func encode(_ report: QueueReport) -> [UInt8] { json(report).encoded }

  package static func json(_ report: QueueReport) -> JSONValue {
    [
      "at": report.at.json, "left_out": report.leftOut == 0 ? nil : .integer(Int64(report.leftOut)),
      "queues": .array(report.queues.map(json)),
    ]
  }

  package static func json(_ queue: QueueStanding) -> JSONValue {
    [
      "stream": .string(queue.stream), "group": queue.group.map { .string($0) }, "seen": queue.seenSince.json,
      "fault": queue.fault.map { .string($0) }, "length": queue.length.map { .integer(Int64($0)) },
      "waits": queue.waits.map { .bool($0) }, "lag": lag(queue.waiting),
      "oldest_waiting": queue.oldestWaiting?.json, "pending": queue.pending.map { .integer(Int64($0)) },
      "oldest_pending": queue.oldestPending?.json, "deliveries": queue.deliveries.map { .integer(Int64($0)) },
      "consumers": queue.consumers.map { .integer(Int64($0)) }, "last_read": queue.lastRead?.json,
      "readers": queue.readers.isEmpty ? nil : .array(queue.readers.map(json)),
      "hides_readers": queue.hidesReaders ? true : nil, "trouble": queue.trouble.map(json),
    ]
  }

  private static func lag(_ waiting: QueueStanding.Waiting) -> JSONValue? {
    switch waiting {
    case .nothing: 0
    case .entries(let count): .integer(Int64(count))
    case .some, .unknown: nil
    }
  }

  private static func json(_ reader: QueueStanding.Reader) -> JSONValue {
    [
      "name": .string(reader.name), "pending": .integer(Int64(reader.pending)),
      "idle": .integer(reader.idle.milliseconds),
    ]
  }

  private static func json(_ trouble: QueueTrouble) -> JSONValue {
    [
      "kind": .string(trouble.kind.rawValue), "since": trouble.since.json,
      "told": trouble.told.isEmpty ? nil : .array(trouble.told.map { .string($0) }), "hand": trouble.hand.map(json),
    ]
  }

  private static func json(_ hand: QueueTrouble.Hand) -> JSONValue {
    ["by": .string(hand.by), "at": hand.at.json, "note": hand.note.isEmpty ? nil : .string(hand.note)]
  }

  package static func encode(_ hand: QueueTrouble.Hand) -> [UInt8] { json(hand).encoded }

  // MARK: Reading

  /// Reads what ``encode(_:)`` wrote; nil for what is no such object. Queues that are malformed are left out.
  package static func decode(_ payload: [UInt8]) -> QueueReport? {
    guard payload.count <= mostBytes, let json = try? JSONValue.parse(payload),
      let at = instant(json["at"]), let queues = json["queues"]?.list
    else { return nil }
    var report = QueueReport(at: at, queues: Array(queues.lazy.compactMap(queue).prefix(QueueReport.most)))
    report.leftOut = count(json["left_out"]) ?? 0
    return report
  }

  private static func queue(_ json: JSONValue) -> QueueStanding? {
    guard let stream = name(json["stream"]), let seen = instant(json["seen"]) else { return nil }
    var queue = QueueStanding(stream: stream, group: name(json["group"]), seenSince: seen)
    queue.fault = json["fault"]?.text?.clipped(toBytes: TextBound.words)
    queue.length = count(json["length"])
    queue.waiting = waiting(json["waits"]?.bool, count(json["lag"]))
    queue.oldestWaiting = instant(json["oldest_waiting"])
    queue.pending = count(json["pending"])
    queue.oldestPending = instant(json["oldest_pending"])
    queue.deliveries = count(json["deliveries"])
    queue.consumers = count(json["consumers"])
    queue.lastRead = instant(json["last_read"])
    queue.readers = Array((json["readers"]?.list ?? []).lazy.compactMap(reader).prefix(QueueStanding.mostReaders))
    queue.hidesReaders = json["hides_readers"]?.bool ?? false
    queue.trouble = json["trouble"].flatMap(trouble)
    return queue
  }

  private static func waiting(_ waits: Bool?, _ lag: Int?) -> QueueStanding.Waiting {
    switch (waits, lag) {
    case (false?, _): .nothing
    case (true?, let lag?): .entries(max(1, lag))
    case (true?, nil): .some
    case (nil, _): .unknown
    }
  }

  private static func reader(_ json: JSONValue) -> QueueStanding.Reader? {
    guard let name = name(json["name"]), let pending = count(json["pending"]), let idle = count(json["idle"]) else {
      return nil
    }
    return QueueStanding.Reader(name: name, pending: pending, idle: .milliseconds(Int64(idle)))
  }

  private static func trouble(_ json: JSONValue) -> QueueTrouble? {
    guard let kind = json["kind"]?.text.flatMap({ QueueTrouble.Kind(rawValue: $0) }), let since = instant(json["since"])
    else { return nil }
    var trouble = QueueTrouble(kind, since: since)
    trouble.told = (json["told"]?.list ?? []).lazy.compactMap { $0.text?.clipped(toBytes: TextBound.title) }.prefix(64)
      .map(\.self)
    trouble.hand = json["hand"].flatMap(hand)
    return trouble
  }

  /// Nil for what is no such object.
  package static func decodeHand(_ payload: [UInt8]) -> QueueTrouble.Hand? {
    payload.count <= mostBytes ? (try? JSONValue.parse(payload)).flatMap(hand) : nil
  }

  private static func hand(_ json: JSONValue) -> QueueTrouble.Hand? {
    guard let by = json["by"]?.text, let at = instant(json["at"]) else { return nil }
    return QueueTrouble.Hand(
      by: by.clipped(toBytes: TextBound.title), at: at,
      note: (json["note"]?.text ?? "").clipped(toBytes: TextBound.words))
  }

  private static func name(_ json: JSONValue?) -> String? { json?.text?.clipped(toBytes: QueueSettings.longestName) }

  private static func count(_ json: JSONValue?) -> Int? { json?.int.map { max(0, Bounded.int(Int64($0))) } }

  private static func instant(_ json: JSONValue?) -> Instant? { json.flatMap { Instant(json: $0) } }
}
