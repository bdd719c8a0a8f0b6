import Wire

/// What XINFO STREAM says of a stream, as far as it tells the truth: its `lag` and `max-deleted-entry-id` lie after a
/// trim.
package struct StreamInfo: Equatable, Sendable {
  package var length: Int
  /// How many entries were ever added; nil before Redis 7.
  package var added: Int?
  package var lastID: StreamID
  package var firstID: StreamID?

  package init(length: Int, added: Int?, lastID: StreamID, firstID: StreamID?) {
    self.length = length
    self.added = added
    self.lastID = lastID
    self.firstID = firstID
  }

  package init?(_ reply: Reply) {
    guard let length = reply.field("length")?.integer,
      let lastID = reply.field("last-generated-id")?.bytes.flatMap({ StreamID($0) })
    else { return nil }
    self.init(
      length: Int(length), added: reply.field("entries-added")?.integer.map { Int($0) }, lastID: lastID,
      firstID: reply.field("first-entry")?.elements?.first?.bytes.flatMap { StreamID($0) })
  }
}

/// How far one stream has been read, and what can be told of entries that were never seen.
///
/// Redis counts the entries ever added. Where our place in that count is known, what is missing between two places is
/// known exactly:
/// ```
/// added   1 2 3 4 5 6 7 8 9        read up to 3; then length 2, added 9
/// stream                8 9        9 - 2 - 3 = 4 entries were trimmed unread
/// ```
/// The count of our own place is learned where XINFO's last id is met in the stream.
package struct StreamPlace: Equatable, Sendable {
  /// What was found out about entries that were not read.
  package enum Finding: Equatable, Sendable {
    /// So many, or an unknown number, between two ids.
    case missed(Int?, after: StreamID, before: StreamID)
    /// The stream ends before what was read of it.
    case lostWrites(after: StreamID, before: StreamID)
    /// The stream is no more.
    case gone(after: StreamID)
  }

  package let key: [UInt8]
  /// The last entry read, or the place before the first one to read.
  package private(set) var last: StreamID
  /// Why the server does not let it be read.
  package var refusal: ServerError?
  /// How many entries were ever added, up to and including `last`.
  private var index: Int?
  /// Where `index` was last found to be right.
  private var anchor: StreamID
  /// An id ahead, and its count.
  private var checkpoint: (id: StreamID, index: Int)?
  /// Whether `last` is an entry that was read.
  private var hasRead = false

  package init(key: [UInt8], after last: StreamID) {
    self.key = key
    self.last = last
    anchor = last
  }

  /// A place that was reached before, and kept.
  ///
  /// - Parameter count: as ``count`` was.
  package init(key: [UInt8], reached last: StreamID, count: Int?) {
    self.init(key: key, after: last)
    index = count
    hasRead = true
  }

  /// How many entries were ever added, up to and including the last one read; nil if that is not known.
  package var count: Int? { index }

  /// Takes an entry.
  package mutating func read(_ id: StreamID) -> Finding? {
    last = id
    hasRead = true
    index = index.map { $0 + 1 }
    guard let checkpoint, id >= checkpoint.id else { return nil }
    self.checkpoint = nil
    let place = id == checkpoint.id ? checkpoint.index : checkpoint.index + 1
    return settle(place)
  }

  /// Takes the server's count of the place reached.
  private mutating func settle(_ place: Int?) -> Finding? {
    defer {
      index = place
      anchor = last
    }
    guard let index, let place, place != index else { return nil }
    return place > index
      ? .missed(place - index, after: anchor, before: last) : .lostWrites(after: anchor, before: last)
  }

  /// Takes what the server says of the stream, while no entry is on its way; nil if it does not exist.
  package mutating func inspect(_ info: StreamInfo?) -> Finding? {
    checkpoint = nil
    guard let info else { return vanish() }
    guard info.lastID > last else {
      if info.lastID == last { return settle(info.added) }
      defer { index = info.added }
      guard hasRead else { return nil }
      let previous = last
      last = info.lastID
      anchor = last
      return .lostWrites(after: previous, before: last)
    }
    checkpoint = info.added.map { (info.lastID, $0) }
    return trimmed(info)
  }

  private mutating func vanish() -> Finding? {
    defer {
      index = 0
      hasRead = false
    }
    guard hasRead else { return nil }
    let previous = last
    last = .zero
    return .gone(after: previous)
  }

  /// More is ahead: whether what follows `last` is still there.
  private mutating func trimmed(_ info: StreamInfo) -> Finding? {
    let next = info.length == 0 ? info.lastID : info.firstID ?? info.lastID
    let previous = last
    guard next > last, hasRead || index != nil else { return nil }
    if info.length == 0 { last = info.lastID }
    guard let added = info.added, let known = index else { return .missed(nil, after: previous, before: next) }
    let missed = added - info.length - known
    guard missed > 0 else { return nil }
    index = known + missed
    anchor = next
    return .missed(missed, after: previous, before: next)
  }

  package static func == (left: StreamPlace, right: StreamPlace) -> Bool {
    left.key == right.key && left.last == right.last && left.index == right.index
  }
}
