import Wire

/// Rows as ClickHouse reads them, one JSON object a line, put together in one piece of memory that is used again.
///
/// ClickHouse takes the bytes of a JSON string as they are, so that texts which are no UTF-8 keep their bytes: only quotes,
/// backslashes and control bytes need an escape.
/// ```
/// {"stream":"agentos:events","ms":1795334137846,"seq":0,"agent":"a-1"}\n
/// ```
/// It begins with the statement that the rows belong to, so that all of it can be sent as it is.
struct RowBuffer {
  /// Longer than what it holds.
  private var memory: [UInt8]
  private(set) var count: Int
  /// Where each row begins.
  private(set) var starts: [Int] = []
  private let statement: [UInt8]
  private var isFirst = true

  private static let firstCapacity = 64 << 10
  /// It grows by no more than this at once.
  private static let mostGrowth = 2 << 20

  init(_ statement: String) {
    self.statement = Array(statement.utf8)
    memory = self.statement
    count = memory.count
  }

  /// Forgets all rows, and keeps the memory if the next ones are likely to need it.
  mutating func removeAll() {
    if count < memory.count / 4, memory.count > Self.firstCapacity { memory = statement }
    (count, starts) = (statement.count, [])
  }

  /// Some of the rows behind the statement, and how many bytes of what it gives they take.
  func body(_ rows: Range<Int>) -> (bytes: [UInt8], length: Int) {
    // Without a copy: these are some megabytes.
    if rows == 0..<starts.count { return (memory, count) }
    let start = rows.lowerBound < starts.count ? starts[rows.lowerBound] : count
    let end = rows.upperBound < starts.count ? starts[rows.upperBound] : count
    let body = statement + memory[start..<end]
    return (body, body.count)
  }

  mutating func beginRow() {
    starts.append(count)
    append(UInt8(ascii: "{"))
    isFirst = true
  }

  mutating func endRow() {
    append(UInt8(ascii: "}"))
    append(UInt8(ascii: "\n"))
  }

  // MARK: Columns

  /// A text; an empty one is left out, since columns are empty by default.
  mutating func add(_ name: StaticString, _ bytes: UnsafeRawBufferPointer) {
    guard !bytes.isEmpty else { return }
    begin(name)
    append(text: bytes)
  }

  mutating func add(_ name: StaticString, _ bytes: [UInt8]) { bytes.withUnsafeBytes { add(name, $0) } }

  mutating func add(_ name: StaticString, _ text: String) {
    var text = text
    text.withUTF8 { add(name, UnsafeRawBufferPointer($0)) }
  }

  mutating func add(_ name: StaticString, _ number: UInt64) {
    begin(name)
    append(number)
  }

  /// An array: its elements are appended between the two, each behind a call of `beginElement`.
  mutating func beginArray(_ name: StaticString) {
    begin(name)
    append(UInt8(ascii: "["))
    isFirst = true
  }

  mutating func beginElement() {
    if !isFirst { append(UInt8(ascii: ",")) }
    isFirst = false
  }

  mutating func endArray() {
    append(UInt8(ascii: "]"))
    isFirst = false
  }

  /// A number that is finite, in as few digits as say it exactly.
  mutating func append(_ number: Double) {
    if let whole = UInt64(exactly: number) { return append(whole) }
    var text = "\(number)"
    text.withUTF8 { append(raw: UnsafeRawBufferPointer($0)) }
  }

  /// A text in quotes.
  mutating func append(text bytes: UnsafeRawBufferPointer) {
    reserve(bytes.count * Self.longestEscape + 2)
    let start = count
    count = memory.withUnsafeMutableBufferPointer { memory in
      guard let base = memory.baseAddress else { return start }
      return Self.write(bytes, base + start) - base
    }
  }

  private static func write(
    _ text: UnsafeRawBufferPointer, _ start: UnsafeMutablePointer<UInt8>
  ) -> UnsafeMutablePointer<UInt8> {
    var at = start
    at.pointee = UInt8(ascii: "\"")
    at += 1
    escapes.withUnsafeBufferPointer { escapes in
      for byte in text {
        let escape = escapes[Int(byte)]
        if escape == 0 {
          at.pointee = byte
          at += 1
        } else {
          at = write(escape, of: byte, at)
        }
      }
    }
    at.pointee = UInt8(ascii: "\"")
    return at + 1
  }

  // MARK: Bytes

  private mutating func begin(_ name: StaticString) {
    reserve(name.utf8CodeUnitCount + 4)
    if !isFirst { append(UInt8(ascii: ",")) }
    isFirst = false
    append(UInt8(ascii: "\""))
    append(raw: UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    append(UInt8(ascii: "\""))
    append(UInt8(ascii: ":"))
  }

  private mutating func append(_ number: UInt64) {
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

  private mutating func append(raw bytes: UnsafeRawBufferPointer) {
    reserve(bytes.count)
    let place = count..<count + bytes.count
    memory.withUnsafeMutableBytes { memory in
      UnsafeMutableRawBufferPointer(rebasing: memory[place]).copyMemory(from: bytes)
    }
    count += bytes.count
  }

  private mutating func append(_ byte: UInt8) {
    reserve(1)
    memory[count] = byte
    count += 1
  }

  private mutating func reserve(_ more: Int) {
    guard count + more > memory.count else { return }
    let larger = max(memory.count + min(max(memory.count, Self.firstCapacity), Self.mostGrowth), count + more)
    memory += repeatElement(0, count: larger - memory.count)
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
