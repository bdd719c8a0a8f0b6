/// Finds what a short name stands for by its bytes: a hash table of names that are known beforehand.
///
/// A name of up to 24 bytes is told by its length and three words, the last of which overlaps the one before:
/// ```
///  len < 8     ├ word 0, rest zero ┤
///  8 … 16      ├ word 0 ──┤├ word 1 ends with the name ┤
///  17 … 24     ├ word 0 ──┤├ word 1 ──┤├ word 2 ends with the name ┤
/// ```
/// Longer names are few, and seldom come: they stand in a list of their own.
struct FieldNameTable<Target>: ~Copyable {
  private struct Name {
    var words: (UInt64, UInt64, UInt64)
    /// 0 in a slot that is free.
    var length: Int

    var hash: Int {
      let mixed = words.0 ^ words.1 &* 0x9E37_79B9_7F4A_7C15 ^ words.2 &* 0xC2B2_AE3D_27D4_EB4F ^ UInt64(length)
      return Int(truncatingIfNeeded: (mixed &* 0xD6E8_FEB8_6659_FD93) &>> 56)
    }
  }

  private struct Slot {
    var name: Name
    var target: Target?
  }

  /// 256 for some 60 names, so that hardly two meet.
  private let slots: UnsafeMutablePointer<Slot>
  private let long: [(name: [UInt8], target: Target)]

  /// No more names are taken: each look-up ends at a slot that is free.
  private static var mostNames: Int { 192 }

  /// A table of names that are not empty. Of two entries with one name the first counts.
  init(_ entries: [(name: String, target: Target)]) {
    long = entries.filter { $0.name.utf8.count > 24 }.map { (Array($0.name.utf8), $0.target) }
    slots = .allocate(capacity: 256)
    slots.initialize(repeating: Slot(name: Name(words: (0, 0, 0), length: 0), target: nil), count: 256)
    for entry in entries.prefix(Self.mostNames) {
      let bytes = Array(entry.name.utf8)
      let name = bytes.withUnsafeBytes { buffer in
        buffer.baseAddress.flatMap { Self.name($0, buffer.count, end: $0 + buffer.count) }
      }
      guard let name else { continue }
      var index = name.hash
      while slots[index].name.length != 0 { index = (index + 1) & 255 }
      slots[index] = Slot(name: name, target: entry.target)
    }
  }

  deinit {
    slots.deinitialize(count: 256)
    slots.deallocate()
  }

  /// What the name of `length` bytes at `start` stands for; bytes up to `end` may be read.
  @inline(__always)
  func find(_ start: UnsafeRawPointer, _ length: Int, end: UnsafeRawPointer) -> Target? {
    guard let name = Self.name(start, length, end: end) else { return findLong(start, length) }
    var index = name.hash
    while true {
      let slot = slots + index
      if slot.pointee.name.length == length, slot.pointee.name.words == name.words { return slot.pointee.target }
      if slot.pointee.name.length == 0 { return nil }
      index = (index + 1) & 255
    }
  }

  @inline(never)
  private func findLong(_ start: UnsafeRawPointer, _ length: Int) -> Target? {
    let bytes = UnsafeRawBufferPointer(start: start, count: length)
    return long.first { $0.name.count == length && bytes.elementsEqual($0.name) }?.target
  }

  /// What a name held in an array stands for.
  @inline(never)
  func find(_ bytes: [UInt8]) -> Target? {
    bytes.withUnsafeBytes { buffer in
      buffer.baseAddress.flatMap { find($0, buffer.count, end: $0 + buffer.count) }
    }
  }

  @inline(__always)
  private static func name(_ start: UnsafeRawPointer, _ length: Int, end: UnsafeRawPointer) -> Name? {
    guard length > 0, length <= 24 else { return nil }
    if length < 8 { return Name(words: (short(start, length, end: end), 0, 0), length: length) }
    let first = start.loadUnaligned(as: UInt64.self)
    let last = start.loadUnaligned(fromByteOffset: length &- 8, as: UInt64.self)
    if length <= 16 { return Name(words: (first, last, 0), length: length) }
    return Name(words: (first, start.loadUnaligned(fromByteOffset: 8, as: UInt64.self), last), length: length)
  }

  /// Fewer than eight bytes as a word.
  @inline(__always)
  private static func short(_ start: UnsafeRawPointer, _ length: Int, end: UnsafeRawPointer) -> UInt64 {
    if end - start >= 8 {
      let word = UInt64(littleEndian: start.loadUnaligned(as: UInt64.self))
      return word & ((1 &<< UInt64(length &* 8)) &- 1)
    }
    var word: UInt64 = 0
    for index in 0..<length { word |= UInt64(start.load(fromByteOffset: index, as: UInt8.self)) << UInt64(index * 8) }
    return word
  }
}
