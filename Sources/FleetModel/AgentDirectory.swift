/// Finds agents by the bytes of their id: open addressing, linear probing, no allocation to look one up.
///
/// ```
/// slots   [ hash, position ]  →  position of the agent in the fleet's array
/// ids     the bytes of all ids, end to end; `extents[position]` says where one's are
/// ```
package struct AgentDirectory: Sendable {
  private struct Slot {
    var hash: UInt32
    /// -1: never used; -2: the agent that stood here has left.
    var position: Int32
  }

  private static let empty: Int32 = -1
  private static let left: Int32 = -2

  private var slots: [Slot]
  private var extents: [(start: Int, length: Int)] = []
  private var ids: [UInt8] = []
  private var usedSlots = 0
  private let seed: UInt64

  /// - Parameter seed: something random, so that nobody can choose ids that collide.
  package init(seed: UInt64) {
    self.seed = seed
    slots = Array(repeating: Slot(hash: 0, position: Self.empty), count: 64)
  }

  /// The position of an agent; nil where it is unknown.
  package func position(of id: UnsafeRawBufferPointer) -> Int? {
    let hash = hash(id)
    let mask = slots.count - 1
    var index = Int(hash) & mask
    while slots[index].position != Self.empty {
      if slots[index].hash == hash, slots[index].position >= 0, holds(Int(slots[index].position), id) {
        return Int(slots[index].position)
      }
      index = (index + 1) & mask
    }
    return nil
  }

  /// Enters an agent that is not in it.
  package mutating func insert(_ id: UnsafeRawBufferPointer, at position: Int) {
    if usedSlots * 2 >= slots.count { rebuild(capacity: max(64, (liveCount + 1) * 4)) }
    while extents.count <= position { extents.append((0, -1)) }
    extents[position] = (ids.count, id.count)
    ids.append(contentsOf: id)
    place(position, hash: hash(id))
  }

  /// Takes an agent out; its position may be given to another afterwards.
  package mutating func remove(_ id: UnsafeRawBufferPointer) {
    let hash = hash(id)
    let mask = slots.count - 1
    var index = Int(hash) & mask
    while slots[index].position != Self.empty {
      let position = Int(slots[index].position)
      if slots[index].hash == hash, position >= 0, holds(position, id) {
        slots[index].position = Self.left
        extents[position].length = -1
        return
      }
      index = (index + 1) & mask
    }
  }

  /// Bytes of ids that it holds, of those who have left included.
  package var byteCount: Int { ids.count }

  /// Forgets the bytes of those who have left.
  package mutating func compact() { rebuild(capacity: slots.count) }

  private var liveCount: Int { slots.count { $0.position >= 0 } }

  private func holds(_ position: Int, _ id: UnsafeRawBufferPointer) -> Bool {
    let extent = extents[position]
    guard extent.length == id.count else { return false }
    return ids.withUnsafeBytes { ids in
      var offset = 0
      while offset + 8 <= id.count {
        let word = ids.loadUnaligned(fromByteOffset: extent.start + offset, as: UInt64.self)
        guard word == id.loadUnaligned(fromByteOffset: offset, as: UInt64.self) else { return false }
        offset += 8
      }
      while offset < id.count {
        guard ids[extent.start + offset] == id[offset] else { return false }
        offset += 1
      }
      return true
    }
  }

  private mutating func place(_ position: Int, hash: UInt32) {
    let mask = slots.count - 1
    var index = Int(hash) & mask
    while slots[index].position != Self.empty { index = (index + 1) & mask }
    slots[index] = Slot(hash: hash, position: Int32(position))
    usedSlots += 1
  }

  /// Makes room, and drops the marks and bytes of those who left.
  private mutating func rebuild(capacity: Int) {
    var size = 64
    while size < capacity { size *= 2 }
    let live = slots.filter { $0.position >= 0 }
    var kept: [UInt8] = []
    for slot in live {
      let extent = extents[Int(slot.position)]
      extents[Int(slot.position)].start = kept.count
      kept += ids[extent.start..<extent.start + extent.length]
    }
    ids = kept
    slots = Array(repeating: Slot(hash: 0, position: Self.empty), count: size)
    usedSlots = 0
    for slot in live { place(Int(slot.position), hash: slot.hash) }
  }

  /// Eight bytes a step, multiplied and folded; seeded.
  private func hash(_ id: UnsafeRawBufferPointer) -> UInt32 {
    var state = seed ^ UInt64(truncatingIfNeeded: id.count)
    var offset = 0
    while offset + 8 <= id.count {
      state = Self.mix(state ^ id.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      offset += 8
    }
    var rest: UInt64 = 0
    while offset < id.count {
      rest = rest << 8 | UInt64(id[offset])
      offset += 1
    }
    state = Self.mix(state ^ rest)
    return UInt32(truncatingIfNeeded: state ^ state >> 32)
  }

  private static func mix(_ value: UInt64) -> UInt64 {
    let product = value.multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
    return product.high ^ product.low
  }
}
