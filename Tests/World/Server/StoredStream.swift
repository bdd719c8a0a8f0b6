import Wire

/// A stream: its entries and its consumer groups.
struct StoredStream: Equatable {
  struct Entry: Equatable {
    var id: StreamID
    /// Names and values in turn.
    var fields: [Bytes]
  }

  /// What was delivered to a consumer and not acknowledged.
  struct Pending: Equatable {
    var id: StreamID
    var consumer: Bytes
    /// Milliseconds of the server's clock.
    var deliveredAt: Int64
    var deliveries: Int64
  }

  struct Group: Equatable {
    var name: Bytes
    var lastDelivered: StreamID
    var entriesRead: Int64?
    /// By id.
    var pending: [Pending] = []
    var consumers: [Bytes] = []

    /// Redis 7.0 knows a consumer once something was delivered to it.
    mutating func add(_ consumer: Bytes) {
      if !consumers.contains(consumer) { consumers.append(consumer) }
    }
  }

  var entries: [Entry] = []
  var lastID = StreamID.zero
  var maxDeletedID = StreamID.zero
  var entriesAdded: Int64 = 0
  var groups: [Group] = []

  /// Where entries from `id` on begin.
  func index(from id: StreamID) -> Int {
    var (low, high) = (0, entries.count)
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].id < id { low = middle + 1 } else { high = middle }
    }
    return low
  }

  func entry(_ id: StreamID) -> Entry? {
    let place = index(from: id)
    return place < entries.count && entries[place].id == id ? entries[place] : nil
  }

  func entries(after id: StreamID, count: Int?) -> ArraySlice<Entry> {
    guard id < StreamID(milliseconds: .max, sequence: .max) else { return [] }
    let rest = entries[index(from: id.next())...]
    return count.map { rest.prefix($0) } ?? rest
  }

  mutating func append(_ id: StreamID, _ fields: [Bytes]) {
    entries.append(Entry(id: id, fields: fields))
    lastID = id
    entriesAdded += 1
  }

  mutating func delete(_ id: StreamID) -> Bool {
    guard entry(id) != nil else { return false }
    entries.remove(at: index(from: id))
    maxDeletedID = max(maxDeletedID, id)
    return true
  }

  /// Whether an entry after `id` was deleted out of the middle.
  func hasGap(from id: StreamID) -> Bool {
    !entries.isEmpty && maxDeletedID != .zero && (id...max(id, lastID)).contains(maxDeletedID)
  }

  /// How many entries were added up to `id`, as far as Redis 7.0 tells it.
  func distance(to id: StreamID) -> Int64? {
    if id == lastID { return entriesAdded }
    guard let first = entries.first?.id, maxDeletedID == .zero || maxDeletedID < first else { return nil }
    if id < first { return entriesAdded - Int64(entries.count) }
    return id == first ? entriesAdded - Int64(entries.count) + 1 : nil
  }

  /// Lets go of the first `count` entries.
  mutating func trim(_ count: Int) { entries.removeFirst(count) }
}
