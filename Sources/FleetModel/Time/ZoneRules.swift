/// The changes of a zone's local time, as its file lists them (TZif, RFC 9636).
///
/// ```text
///   header: TZif version(1) unused(15)  six counts of four bytes: isut isstd leap time type char
///   data:   times (4 bytes each in the first block, 8 in the second), a type for each, types (offset 4, dst 1, name 1),
///           names, leap seconds, isstd, isut
///   footer: \n rule \n    for what comes after the last time
/// ```
/// A file of version 2 or later has a second header and block, and the footer.
struct ZoneRules: Equatable, Sendable {
  /// When local time changes, in seconds since the epoch, and how far it is from UTC from then on.
  private var changes: [(at: Int64, offset: Int64)] = []
  /// Before the first of them.
  private var first: Int64
  /// After the last of them; nil if it goes on as it was.
  private var rule: YearlyRule?

  /// No local time is further from UTC, in seconds.
  static let farthest: Int64 = 26 * 3600

  init(offset: Int64) { first = offset }

  init(_ rule: YearlyRule) {
    self.init(offset: rule.standard)
    self.rule = rule
  }

  /// Nil for what is no such file, and for one that counts leap seconds.
  init?(file: [UInt8]) {
    guard let head = Header(file[...]) else { return nil }
    guard head.version >= UInt8(ascii: "2") else {
      self.init(head, file[...], width: 4)
      return
    }
    let rest = file.dropFirst(head.length(width: 4))
    guard let second = Header(rest) else { return nil }
    self.init(second, rest, width: 8)
    let footer = rest.dropFirst(second.length(width: 8))
    guard footer.first == 0x0A, let end = footer.dropFirst().firstIndex(of: 0x0A) else { return nil }
    let text = String(decoding: footer[(footer.startIndex + 1)..<end], as: UTF8.self)
    guard !text.isEmpty else { return }
    guard let rule = YearlyRule(text) else { return nil }
    self.rule = rule
  }

  private init?(_ head: Header, _ bytes: ArraySlice<UInt8>, width: Int) {
    let start = bytes.startIndex + Header.size
    guard bytes.count >= head.length(width: width), head.types > 0, head.leaps == 0 else { return nil }
    let (kinds, types) = (start + head.times * width, start + head.times * (width + 1))
    let offsets = (0..<head.types).map { Self.number(bytes, at: types + $0 * 6, width: 4) }
    guard offsets.allSatisfy({ abs($0) < Self.farthest }) else { return nil }
    first = offsets[0]
    for place in 0..<head.times {
      let (at, kind) = (Self.number(bytes, at: start + place * width, width: width), Int(bytes[kinds + place]))
      guard kind < offsets.count, changes.last.map({ $0.at < at }) != false else { return nil }
      changes.append((at, offsets[kind]))
    }
  }

  /// The greatest distance from UTC of all, in seconds.
  var greatest: Int64 { max(first, rule?.greatest ?? first, changes.lazy.map(\.offset).max() ?? first) }

  /// How far local time is from UTC at a moment, in seconds.
  func offset(at second: Int64) -> Int64 {
    guard let last = changes.last else { return rule?.offset(at: second) ?? first }
    if second >= last.at { return rule?.offset(at: second) ?? last.offset }
    var (low, high) = (0, changes.count)
    while low < high {
      let middle = (low + high) / 2
      if changes[middle].at <= second { low = middle + 1 } else { high = middle }
    }
    return low == 0 ? first : changes[low - 1].offset
  }

  /// A signed number, the most significant byte first.
  private static func number(_ bytes: ArraySlice<UInt8>, at index: Int, width: Int) -> Int64 {
    let bits = bytes[index..<index + width].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return width == 4 ? Int64(Int32(truncatingIfNeeded: bits)) : Int64(bitPattern: bits)
  }

  static func == (left: ZoneRules, right: ZoneRules) -> Bool {
    left.first == right.first && left.rule == right.rule && left.changes.elementsEqual(right.changes, by: ==)
  }

  private struct Header {
    static let size = 44

    let version: UInt8
    private let flags: Int
    let leaps: Int
    let times: Int
    let types: Int
    private let names: Int

    init?(_ bytes: ArraySlice<UInt8>) {
      guard bytes.count >= Self.size, bytes.starts(with: "TZif".utf8) else { return nil }
      let start = bytes.startIndex
      let counts = (0..<6).map { Int(ZoneRules.number(bytes, at: start + 20 + $0 * 4, width: 4)) }
      guard counts.allSatisfy({ (0...100_000).contains($0) }) else { return nil }
      version = bytes[start + 4]
      (flags, leaps, times, types, names) = (counts[0] + counts[1], counts[2], counts[3], counts[4], counts[5])
    }

    /// Of the header and its block.
    func length(width: Int) -> Int {
      Self.size + times * (width + 1) + types * 6 + names + leaps * (width + 4) + flags
    }
  }
}
