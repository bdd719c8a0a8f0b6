import FleetModel

/// Walks JSON text in one pass: the one place that knows the grammar.
///
/// It takes what RFC 8259 allows and, since publishers write them, bare `NaN`, `Infinity` and `-Infinity`, numbers of
/// any size, escapes of lone surrogates and bytes that are not UTF-8 inside strings. Nothing else.
///
/// Each function starts at the first byte of what it reads and ends just behind it; none reads past `end`.
struct JSONCursor {
  /// How deep arrays and objects may stand in each other.
  static let depthLimit = 512

  let start: UnsafePointer<UInt8>
  let end: UnsafePointer<UInt8>
  var at: UnsafePointer<UInt8>

  /// Fails for no bytes at all and for more than an `EventText` can count.
  @inline(__always)
  init(_ bytes: UnsafeRawBufferPointer) throws(Unreadable) {
    guard let base = bytes.baseAddress, bytes.count > 0 else { throw .empty }
    guard bytes.count < Int(UInt32.max) else { throw .tooLong }
    start = base.assumingMemoryBound(to: UInt8.self)
    end = start + bytes.count
    at = start
  }

  /// What is wrong at this place: nothing follows, or something that does not belong.
  var failure: Unreadable { at < end ? .notJSON : .truncated }

  /// The byte here, after white space; fails at the end.
  @inline(__always)
  mutating func next() throws(Unreadable) -> UInt8 {
    if at < end, at.pointee > 0x20 { return at.pointee }
    var other = self
    let byte = try other.nextAfterSpace()
    at = other.at
    return byte
  }

  @inline(never)
  private mutating func nextAfterSpace() throws(Unreadable) -> UInt8 {
    while at < end {
      let byte = at.pointee
      guard byte <= 0x20 else { return byte }
      guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { throw .notJSON }
      at += 1
    }
    throw .truncated
  }

  /// Takes `byte`, after white space.
  @inline(__always)
  mutating func take(_ byte: UInt8) throws(Unreadable) {
    guard try next() == byte else { throw .notJSON }
    at += 1
  }

  /// Checks that only white space is left.
  @inline(__always)
  mutating func finish() throws(Unreadable) {
    while at < end {
      let byte = at.pointee
      guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { throw .notJSON }
      at += 1
    }
  }

  /// Ends one element or member of a container: true after a comma, false after `closing`.
  @inline(__always)
  mutating func another(closing: UInt8) throws(Unreadable) -> Bool {
    let byte = try next()
    at += 1
    if byte == UInt8(ascii: ",") { return true }
    guard byte == closing else { throw .notJSON }
    return false
  }

  /// Reads a member's key and the colon behind it; the cursor then stands at the value.
  @inline(__always)
  mutating func key() throws(Unreadable) -> JSONToken {
    try take(UInt8(ascii: "\""))
    let key = try string()
    if end - at >= 2, at.pointee == UInt8(ascii: ":"), at[1] > 0x20 {
      at += 1
    } else {
      var other = self
      try other.colon()
      at = other.at
    }
    return key
  }

  /// A colon with white space around it.
  @inline(never)
  private mutating func colon() throws(Unreadable) {
    try take(UInt8(ascii: ":"))
    _ = try next()
  }

  /// Passes over a value of any kind and tells where it stood; `depth` counts the containers around it.
  @inline(__always)
  mutating func value(depth: Int) throws(Unreadable) -> JSONToken {
    if at.pointee == UInt8(ascii: "\"") {
      at += 1
      return try string()
    }
    var other = self
    let found = try other.anyValue(depth: depth)
    at = other.at
    return found
  }

  @inline(never)
  private mutating func anyValue(depth: Int) throws(Unreadable) -> JSONToken {
    let first = at
    switch at.pointee {
    case UInt8(ascii: "\""):
      at += 1
      return try string()
    case UInt8(ascii: "{"): try skipObject(depth: depth + 1)
    case UInt8(ascii: "["): try skipArray(depth: depth + 1)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): _ = try number()
    case UInt8(ascii: "t"): try word("true")
    case UInt8(ascii: "f"): try word("false")
    case UInt8(ascii: "n"): try word("null")
    case UInt8(ascii: "N"): try word("NaN")
    case UInt8(ascii: "I"): try word("Infinity")
    default: throw .notJSON
    }
    return token(from: first, form: .json)
  }

  private mutating func skipObject(depth: Int) throws(Unreadable) {
    guard depth <= Self.depthLimit else { throw .nestedTooDeep }
    at += 1
    guard try next() != UInt8(ascii: "}") else {
      at += 1
      return
    }
    repeat {
      _ = try key()
      _ = try value(depth: depth)
    } while try another(closing: UInt8(ascii: "}"))
  }

  private mutating func skipArray(depth: Int) throws(Unreadable) {
    guard depth <= Self.depthLimit else { throw .nestedTooDeep }
    at += 1
    guard try next() != UInt8(ascii: "]") else {
      at += 1
      return
    }
    repeat {
      _ = try next()
      _ = try value(depth: depth)
    } while try another(closing: UInt8(ascii: "]"))
  }

  /// Takes one of the bare words.
  mutating func word(_ word: StaticString) throws(Unreadable) {
    for offset in 0..<word.utf8CodeUnitCount {
      guard at < end, at.pointee == word.utf8Start[offset] else { throw failure }
      at += 1
    }
  }

  /// What stands from `first` to here.
  @inline(__always)
  func token(from first: UnsafePointer<UInt8>, form: EventText.Form) -> JSONToken {
    JSONToken(start: first, count: at - first, form: form)
  }
}
