/// Finds agents by the bytes of their id: open addressing, linear probing, no allocation to look one up.
///
/// ```
/// slots    ┌ 10 bits of the hash ┬ 22 bits: position + 2 ┐     0: never used; 1: the agent that stood here has left
/// names    three words of the id, its length, and where in `ids` all of it stands
/// ids      the bytes of all ids of more than 24 bytes, end to end
/// ```
/// Small, so that it stays in the processor's cache while agents by the ten thousand take turns. The words are those of
/// an id's beginning and end, which are the whole of it if it has at most 24 bytes.
package struct AgentDirectory: Sendable {
  private typealias Words = (UInt64, UInt64, UInt64)

  private struct Name {
    var words: Words = (0, 0, 0)
    var length: Int32 = 0
    /// Where its bytes stand in `ids`, if it is long.
    var start: Int32 = 0
    var isLong: Bool { length > 24 }
  }

  private static let empty: UInt32 = 0
  private static let left: UInt32 = 1
  private static let positionBits: UInt32 = (1 << 22) - 1
  /// Positions are less than this.
  static let mostPositions = 1 << 21

  private var slots: [UInt32]
  private var names: [Name] = []
  private var ids: [UInt8] = []
  private var usedSlots = 0
  private let seed: UInt64
  /// Bytes of the ids that it holds, of those who have left included.
  package private(set) var byteCount = 0

  /// - Parameter seed: something random, so that nobody can choose ids that collide.
  package init(seed: UInt64) {
    self.seed = seed
    slots = Array(repeating: Self.empty, count: 64)
  }

  /// The position of an agent; nil if it is unknown.
  package func position(of id: UnsafeRawBufferPointer) -> Int? {
    find(id).map { Int(slots[$0] & Self.positionBits) - 2 }
  }

  /// Enters an agent that is not in it.
  package mutating func insert(_ id: UnsafeRawBufferPointer, at position: Int) {
    if usedSlots * 2 >= slots.count { rebuild(capacity: max(64, (liveCount + 1) * 3)) }
    while names.count <= position { names.append(Name()) }
    let words = Self.words(of: id)
    names[position] = Name(words: words, length: Int32(id.count), start: Int32(ids.count))
    if names[position].isLong { ids.append(contentsOf: id) }
    byteCount += id.count
    place(position, hash: hash(words, id.count, id))
  }

  /// Takes an agent out; its position may be given to another afterwards.
  package mutating func remove(_ id: UnsafeRawBufferPointer) {
    if let slot = find(id) { slots[slot] = Self.left }
  }

  /// Forgets the bytes of those who have left.
  package mutating func compact() { rebuild(capacity: slots.count) }

  private var liveCount: Int { slots.count { $0 > Self.left } }

  /// The slot in which an id stands.
  private func find(_ id: UnsafeRawBufferPointer) -> Int? {
    let words = Self.words(of: id)
    let hash = hash(words, id.count, id)
    let mark = hash & ~Self.positionBits
    let mask = slots.count - 1
    var index = Int(hash) & mask
    while slots[index] != Self.empty {
      let slot = slots[index]
      if slot & ~Self.positionBits == mark, slot > Self.left, holds(slot, words, id) { return index }
      index = (index + 1) & mask
    }
    return nil
  }

  @inline(__always)
  private func holds(_ slot: UInt32, _ words: Words, _ id: UnsafeRawBufferPointer) -> Bool {
    let position = Int(slot & Self.positionBits) - 2
    guard names[position].length == id.count, names[position].words == words else { return false }
    return id.count <= 24 || holdsLong(position, id)
  }

  @inline(never)
  private func holdsLong(_ position: Int, _ id: UnsafeRawBufferPointer) -> Bool {
    let start = Int(names[position].start)
    return ids[start..<start + id.count].elementsEqual(id)
  }

  private mutating func place(_ position: Int, hash: UInt32) {
    let mask = slots.count - 1
    var index = Int(hash) & mask
    while slots[index] != Self.empty { index = (index + 1) & mask }
    slots[index] = hash & ~Self.positionBits | UInt32(position + 2)
    usedSlots += 1
  }

  /// Makes room, and drops the marks and bytes of those who left.
  private mutating func rebuild(capacity: Int) {
    var size = 64
    while size < capacity { size *= 2 }
    let live = slots.filter { $0 > Self.left }.map { Int($0 & Self.positionBits) - 2 }
    var kept: [UInt8] = []
    byteCount = 0
    slots = Array(repeating: Self.empty, count: size)
    usedSlots = 0
    for position in live {
      let name = names[position]
      byteCount += Int(name.length)
      let bytes = name.isLong ? ids[Int(name.start)..<Int(name.start) + Int(name.length)] : []
      if name.isLong { names[position].start = Int32(kept.count) }
      kept += bytes
      place(position, hash: bytes.withUnsafeBytes { hash(name.words, Int(name.length), $0) })
    }
    ids = kept
  }

  /// The first sixteen bytes and the last eight; if there are fewer than 24 they overlap, or are zero.
  @inline(__always)
  private static func words(of id: UnsafeRawBufferPointer) -> Words {
    guard id.count >= 8 else {
      var word: UInt64 = 0
      for index in 0..<id.count { word |= UInt64(id[index]) << UInt64(index * 8) }
      return (word, 0, 0)
    }
    let first = id.loadUnaligned(as: UInt64.self)
    let last = id.loadUnaligned(fromByteOffset: id.count - 8, as: UInt64.self)
    if id.count <= 16 { return (first, last, 0) }
    return (first, id.loadUnaligned(fromByteOffset: 8, as: UInt64.self), last)
  }

  /// Eight bytes a step, multiplied and folded; seeded. The id itself is looked at only if it is long.
  @inline(__always)
  private func hash(_ words: Words, _ length: Int, _ id: UnsafeRawBufferPointer) -> UInt32 {
    var state = Self.mix(seed ^ UInt64(truncatingIfNeeded: length) ^ words.0)
    state = Self.mix(state ^ words.1)
    state = Self.mix(state ^ words.2)
    if length > 24 { state = rest(state, id) }
    return UInt32(truncatingIfNeeded: state ^ state >> 32)
  }

  /// What a long id has between its beginning and its end.
  @inline(never)
  private func rest(_ state: UInt64, _ id: UnsafeRawBufferPointer) -> UInt64 {
    var state = state
    for offset in stride(from: 16, to: id.count - 8, by: 8) {
      state = Self.mix(state ^ id.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
    return state
  }

  private static func mix(_ value: UInt64) -> UInt64 {
    let product = value.multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
    return product.high ^ product.low
  }
}
