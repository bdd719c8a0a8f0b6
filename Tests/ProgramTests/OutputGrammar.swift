import Glibc
import Loop
import TestSupport

/// All that the console may send to a terminal: what the terminal's own terminfo entry says for moving, erasing and
/// attributes, a few private modes, and letters. It is read from the database at the time of the test.
struct OutputGrammar: Sendable {
  /// A piece of a capability with its parameters left open.
  private indirect enum Piece: Sendable {
    case byte(UInt8)
    case number
    case letter
    case choice([[Piece]])
  }

  /// Bytes that are none of these.
  struct Stray: Error, CustomStringConvertible {
    var offset: Int
    var context: String
    var description: String { "at \(offset): \(context)" }
  }

  private var sequences: [[Piece]] = []

  /// Those that draw. Left out are what a key sends, resets, the bell, and what reaches beyond the screen, such as the
  /// clipboard and titles.
  private static let drawing: Set<String> = [
    "cr", "ind", "nel", "cub1", "cuf1", "cuu1", "cud1", "home", "cup", "hpa", "vpa", "cuu", "cud", "cub", "cuf", "csr",
    "ri", "rin", "indn", "sc", "rc", "ht", "cbt", "el", "el1", "ed", "clear", "ech", "ich", "ich1", "dch", "dch1", "il",
    "il1", "dl", "dl1", "rep", "smir", "rmir", "smacs", "rmacs", "enacs", "sgr", "sgr0", "bold", "dim", "rev", "smul",
    "rmul", "smso", "rmso", "sitm", "ritm", "setaf", "setab", "op", "smcup", "rmcup", "smam", "rmam", "smkx", "rmkx",
    "civis", "cnorm",
  ]

  /// Beyond terminfo: bracketed paste, synchronized output and the question about it, the question what the terminal is,
  /// and CAN, which ends a sequence that was cut off.
  private static let modes = [
    "\u{1B}[?2004h", "\u{1B}[?2004l", "\u{1B}[?2026h", "\u{1B}[?2026l", "\u{1B}[?2026$p", "\u{1B}[>q",
    "\u{18}",
  ]

  /// - Parameters:
  ///   - hasDirectColors: whether colours of 24 bits are allowed too.
  ///   - database: a folder of terminfo entries besides the system's.
  init(terminal: String, hasDirectColors: Bool = false, database: String? = nil) throws {
    let file = tmpfile()!
    defer { fclose(file) }
    let infocmp = try Child(
      "/usr/bin/infocmp", ["-1", "-x", terminal],
      environment: ["PATH": "/usr/bin"].merging(database.map { ["TERMINFO": $0] } ?? [:]) { $1 }, output: fileno(file))
    guard infocmp.wait() == 0 else { throw Stray(offset: 0, context: "no terminfo entry of \(terminal)") }
    for line in Program.text(file).split(separator: "\n") {
      let entry = line.drop { $0 == "\t" }
      let parts = entry.split(separator: "=", maxSplits: 1)
      guard parts.count == 2, Self.drawing.contains(String(parts[0])) else { continue }
      add(Self.unescaped(parts[1].dropLast()))
    }
    for mode in Self.modes { sequences.append(mode.utf8.map { .byte($0) }) }
    if hasDirectColors {
      for selector in ["38", "48"] { add(Array("\u{1B}[\(selector);2;%p1%d;%p2%d;%p3%dm".utf8)) }
    }
  }

  /// Letters alone.
  static let plain = OutputGrammar()

  private init() {}

  /// Reads it all; throws at the first byte that fits nothing.
  func parse(_ bytes: [UInt8]) throws {
    var position = 0
    while position < bytes.count {
      let longest = bytes[position] < 0x20 ? sequences.compactMap { match($0[...], bytes, position) }.max() : nil
      guard
        let next = longest ?? Self.letter(bytes, position) ?? Self.link(bytes, position) ?? Self.cutOff(bytes, position)
      else {
        let context = bytes[max(0, position - 60)..<min(bytes.count, position + 60)]
        throw Stray(offset: position, context: String(decoding: context, as: UTF8.self).debugDescription)
      }
      position = next
    }
  }

  // MARK: Matching

  /// The position after the pieces, the longest that there is.
  private func match(_ pieces: ArraySlice<Piece>, _ bytes: [UInt8], _ position: Int) -> Int? {
    guard let first = pieces.first else { return position }
    let rest = pieces.dropFirst()
    switch first {
    case .byte(let byte):
      return position < bytes.count && bytes[position] == byte ? match(rest, bytes, position + 1) : nil
    case .letter:
      return position < bytes.count && bytes[position] >= 0x20 ? match(rest, bytes, position + 1) : nil
    case .number:
      var end = position
      while end < bytes.count, (0x30...0x39).contains(bytes[end]) { end += 1 }
      return end > position ? match(rest, bytes, end) : nil
    case .choice(let ways):
      return ways.compactMap { match(($0 + rest)[...], bytes, position) }.max()
    }
  }

  /// The position after the begin of a link to a page of the web, or after the end of one (OSC 8).
  private static func link(_ bytes: [UInt8], _ position: Int) -> Int? {
    let begin = Array("\u{1B}]8;".utf8)
    guard bytes[position...].starts(with: begin) else { return nil }
    let body = bytes[(position + begin.count)...].prefix { (0x21..<0x7F).contains($0) }
    let text = String(decoding: body, as: UTF8.self)
    guard bytes[body.endIndex...].starts(with: [0x1B, 0x5C]), let semicolon = text.firstIndex(of: ";") else {
      return nil
    }
    let (id, address) = (text[..<semicolon], text[semicolon...].dropFirst())
    let isEnd = id.isEmpty && address.isEmpty
    guard
      isEnd
        || (id.hasPrefix("id=vigia-")
          && address.firstRange(of: "://").map { ["http", "https"].contains(address[..<$0.lowerBound]) } == true)
    else { return nil }
    return body.endIndex + 2
  }

  /// The position of the CAN that ends what an end of the program has cut off.
  private static func cutOff(_ bytes: [UInt8], _ position: Int) -> Int? {
    let rest = bytes[(position + 1)..<min(position + 24, bytes.count)]
    guard let end = rest.firstIndex(where: { $0 < 0x20 }), bytes[end] == 0x18 else { return nil }
    return end
  }

  /// The position after one scalar that has a shape and steers nothing.
  private static func letter(_ bytes: [UInt8], _ position: Int) -> Int? {
    let first = bytes[position]
    if (0x20..<0x7F).contains(first) { return position + 1 }
    let length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
    let end = min(position + length, bytes.count)
    guard let text = String(validating: bytes[position..<end], as: UTF8.self), text.unicodeScalars.count == 1,
      let scalar = text.unicodeScalars.first, !steers(scalar)
    else { return nil }
    return end
  }

  private static func steers(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: true
    default: scalar.properties.isBidiControl || scalar.properties.isDefaultIgnorableCodePoint
    }
  }

  // MARK: Reading the database

  private mutating func add(_ format: [UInt8]) {
    var rest = format[...]
    var pieces = Self.compile(&rest)
    // The letter of `rep` is one as any other.
    if case .letter = pieces.first { pieces.removeFirst() }
    if !pieces.isEmpty { sequences.append(pieces) }
  }

  /// Reads terminfo(5)'s language as far as it says what can be sent: until `%t`, `%e` or `%;`.
  private static func compile(_ rest: inout ArraySlice<UInt8>) -> [Piece] {
    var pieces: [Piece] = []
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "$"), rest.first == UInt8(ascii: "<"), let end = rest.firstIndex(of: UInt8(ascii: ">")) {
        rest = rest[(end + 1)...]
      } else if byte != UInt8(ascii: "%") {
        pieces.append(.byte(byte))
      } else {
        let before = rest
        guard let piece = operation(&rest) else { continue }
        if case .choice(let ways) = piece, ways.isEmpty {
          rest = before
          return pieces
        }
        pieces.append(piece)
      }
    }
    return pieces
  }

  /// One operation after its `%`: what it sends, if anything; an empty choice where a branch ends.
  private static func operation(_ rest: inout ArraySlice<UInt8>) -> Piece? {
    guard let code = rest.popFirst().map({ Unicode.Scalar($0) }) else { return nil }
    switch code {
    case "%": return .byte(UInt8(ascii: "%"))
    case "p", "P", "g": rest = rest.dropFirst()
    case "'": rest = rest.dropFirst(2)
    case "{": rest = rest.drop { $0 != UInt8(ascii: "}") }.dropFirst()
    case "c": return .letter
    case "?": return condition(&rest)
    case "t", "e", ";": return .choice([])
    case "d", "o", "x", "X": return .number
    case "0"..."9", ":", "#", ".":
      rest = rest.drop { !(0x61...0x7A).contains($0) }.dropFirst()
      return .number
    default: return nil
    }
    return nil
  }

  /// `%? … %t … %e … %;`: a way for each branch, and the empty one where there is no last `%e`.
  private static func condition(_ rest: inout ArraySlice<UInt8>) -> Piece {
    var ways: [[Piece]] = []
    while true {
      var way = compile(&rest)
      var end = rest.popFirst()
      let isTested = end == UInt8(ascii: "t")
      if isTested {
        way = compile(&rest)
        end = rest.popFirst()
      }
      ways.append(way)
      guard end != UInt8(ascii: "e") else { continue }
      if isTested { ways.append([]) }
      return .choice(ways)
    }
  }

  /// infocmp's notation: `\E`, `^X`, octal, and a backslash before what means something.
  private static func unescaped(_ text: Substring) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "^"), let letter = rest.popFirst() {
        bytes.append(letter == UInt8(ascii: "?") ? 0x7F : letter & 0x1F)
      } else if byte == UInt8(ascii: "\\"), let letter = rest.popFirst() {
        bytes.append(named[letter] ?? octal(letter, &rest) ?? letter)
      } else {
        bytes.append(byte)
      }
    }
    return bytes
  }

  private static let named: [UInt8: UInt8] = Dictionary(
    uniqueKeysWithValues: zip("Eenlrtbfs".utf8, [0x1B, 0x1B, 0x0A, 0x0A, 0x0D, 0x09, 0x08, 0x0C, 0x20]))

  private static func octal(_ first: UInt8, _ rest: inout ArraySlice<UInt8>) -> UInt8? {
    guard (0x30...0x37).contains(first) else { return nil }
    var value = Int(first - 0x30)
    while let digit = rest.first, (0x30...0x37).contains(digit), value < 32 {
      value = value * 8 + Int(digit - 0x30)
      rest = rest.dropFirst()
    }
    return UInt8(truncatingIfNeeded: value)
  }
}
