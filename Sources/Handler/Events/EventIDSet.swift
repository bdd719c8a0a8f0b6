/// Ids of events, by a 64-bit hash: however long an id is, it takes the same room.
struct EventIDSet {
  private var hashes: Set<UInt64> = []

  /// Enters an id; false if it is there already.
  @discardableResult
  mutating func insert(_ id: UnsafeRawBufferPointer) -> Bool {
    var hasher = Hasher()
    hasher.combine(bytes: id)
    return hashes.insert(UInt64(bitPattern: Int64(hasher.finalize()))).inserted
  }
}
