import Wire

/// Rows as ClickHouse reads them, one JSON object a line, put together in one piece of memory that is used again.
///
/// ClickHouse takes the bytes of a JSON string as they are, so that texts which are no UTF-8 keep their bytes: only quotes,
/// backslashes and control bytes need an escape.
/// ```
/// {"stream":"agentos:events","ms":1795334137846,"seq":0,"agent":"a-1"}\n
/// ```
/// A class, since it owns that memory.
final class RowBuffer {
  private var memory: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  private(set) var count = 0
  /// Where each row begins.
  private(set) var starts: [Int] = []
  private var isFirst = true

  private static let firstCapacity = 64 << 10

  init() {
    capacity = Self.firstCapacity
    memory = .allocate(capacity: capacity)
  }

  deinit { memory.deallocate() }

  /// Forgets all rows, and keeps the memory if the next ones are likely to need it.
  func removeAll() {
    let isMostlyUnused = count < capacity / 4
    (count, starts) = (0, [])
    guard isMostlyUnused, capacity > Self.firstCapacity else { return }
    memory.deallocate()
    capacity = Self.firstCapacity
    memory = .allocate(capacity: capacity)
  }

  func beginRow() {
    starts.append(count)
    append(UInt8(ascii: "{"))
    isFirst = true
  }

  func endRow() {
    append(UInt8(ascii: "}"))
    append(UInt8(ascii: "\n"))
  }

  /// The bytes of some rows, behind a statement.
  func body(_ statement: String, _ rows: Range<Int>) -> [UInt8] {
    let start = rows.lowerBound < starts.count ? starts[rows.lowerBound] : count
    let end = rows.upperBound < starts.count ? starts[rows.upperBound] : count
    var body: [UInt8] = []
    body.reserveCapacity(statement.utf8.count + end - start)
    body += statement.utf8
    body += UnsafeBufferPointer(start: memory + start, count: end - start)
    return body
  }

  // MARK: Columns

  /// A text; an empty one is left out, since columns are empty by default.
  func add(_ name: StaticString, _ bytes: UnsafeRawBufferPointer) {
    guard !bytes.isEmpty else { return }
    begin(name)
    append(text: bytes)
  }

  func add(_ name: StaticString, _ bytes: [UInt8]) { bytes.withUnsafeBytes { add(name, $0) } }

  func add(_ name: StaticString, _ text: String) {
    var text = text
    text.withUTF8 { add(name, UnsafeRawBufferPointer($0)) }
  }

  func add(_ name: StaticString, _ number: UInt64) {
    begin(name)
    append(number)
  }

  /// An array: its elements are appended between the two, each behind a call of `beginElement`.
  func beginArray(_ name: StaticString) {
    begin(name)
    append(UInt8(ascii: "["))
    isFirst = true
  }

  func beginElement() {
    if !isFirst { append(UInt8(ascii: ",")) }
    isFirst = false
  }

  func endArray() {
    append(UInt8(ascii: "]"))
    isFirst = false
  }

  /// A number that is finite, in as few digits as say it exactly.
  func append(_ number: Double) {
    if let whole = UInt64(exactly: number) { return append(whole) }
    var text = "\(number)"
    text.withUTF8 { append(raw: UnsafeRawBufferPointer($0)) }
  }

  /// A text in quotes.
  func append(text bytes: UnsafeRawBufferPointer) {
    reserve(bytes.count * Self.longestEscape + 2)
    var at = memory + count
    at.pointee = UInt8(ascii: "\"")
    at += 1
    Self.escapes.withUnsafeBufferPointer { escapes in
      for byte in bytes {
        let escape = escapes[Int(byte)]
        if escape == 0 {
          at.pointee = byte
          at += 1
        } else {
          at = Self.write(escape, of: byte, at)
        }
      }
    }
    at.pointee = UInt8(ascii: "\"")
    count = at + 1 - memory
  }

  // MARK: Bytes

  private func begin(_ name: StaticString) {
    reserve(name.utf8CodeUnitCount + 4)
    if !isFirst { append(UInt8(ascii: ",")) }
    isFirst = false
    append(UInt8(ascii: "\""))
    append(raw: UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    append(UInt8(ascii: "\""))
    append(UInt8(ascii: ":"))
  }

  private func append(_ number: UInt64) {
    reserve(20)
    var (length, rest) = (1, number)
    while rest >= 10 { (length, rest) = (length + 1, rest / 10) }
    rest = number
    for place in stride(from: count + length - 1, through: count, by: -1) {
      memory[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    }
    count += length
  }

  private func append(raw bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress else { return }
    reserve(bytes.count)
    UnsafeMutableRawPointer(memory + count).copyMemory(from: base, byteCount: bytes.count)
    count += bytes.count
  }

  private func append(_ byte: UInt8) {
    reserve(1)
    memory[count] = byte
    count += 1
  }

  private func reserve(_ more: Int) {
    guard count + more > capacity else { return }
    let larger = max(capacity * 2, count + more)
    let fresh = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
    fresh.initialize(from: memory, count: count)
    memory.deallocate()
    (memory, capacity) = (fresh, larger)
  }

  /// `\u001f`
  private static let longestEscape = 6

  /// For each byte the letter behind its backslash; 0 if it stands as it is, `u` for its number.
  private static let escapes: [UInt8] = (0...255).map { byte in
    switch byte {
    case 0x22, 0x5C: UInt8(byte)
    case 0x09: UInt8(ascii: "t")
    case 0x0A: UInt8(ascii: "n")
    case 0x0D: UInt8(ascii: "r")
    case ..<0x20: UInt8(ascii: "u")
    default: 0
    }
  }

  private static let digits = Array("0123456789abcdef".utf8)

  private static func write(
    _ escape: UInt8, of byte: UInt8, _ start: UnsafeMutablePointer<UInt8>
  ) -> UnsafeMutablePointer<UInt8> {
    start[0] = UInt8(ascii: "\\")
    start[1] = escape
    guard escape == UInt8(ascii: "u") else { return start + 2 }
    start[2] = UInt8(ascii: "0")
    start[3] = UInt8(ascii: "0")
    start[4] = digits[Int(byte >> 4)]
    start[5] = digits[Int(byte & 15)]
    return start + 6
  }
}
