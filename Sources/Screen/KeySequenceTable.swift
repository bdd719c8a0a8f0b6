/// The bytes that the terminal sends for keys other than letters, each beginning with Esc.
package struct KeySequenceTable: Sendable {
  private var keys: [[UInt8]: Key] = [:]
  private var prefixes: Set<[UInt8]> = []

  package init(sequences: [[UInt8]: Key]) {
    for (bytes, key) in sequences { add(bytes, key) }
  }

  /// Takes over the entries of another table; if both have one, the other's counts.
  package mutating func merge(_ other: KeySequenceTable) {
    for (bytes, key) in other.keys { add(bytes, key) }
  }

  /// Every sequence and its key.
  package var sequences: [[UInt8]: Key] { keys }

  package func key(for bytes: [UInt8]) -> Key? { keys[bytes] }

  /// Whether some longer sequence begins with these bytes.
  package func isPrefix(_ bytes: [UInt8]) -> Bool { prefixes.contains(bytes) }

  private mutating func add(_ bytes: [UInt8], _ key: Key) {
    guard bytes.first == 0x1B, bytes.count >= 2 else { return }
    keys[bytes] = key
    for length in 1..<bytes.count { prefixes.insert(Array(bytes[..<length])) }
  }

  /// What xterm, the VT family, rxvt and the Linux console send, in cursor and in application mode.
  package static let fallback = KeySequenceTable(
    sequences: Dictionary(uniqueKeysWithValues: usual.map { (Array("\u{1B}\($0.0)".utf8), $0.1) }))

  private static let usual: [(String, Key)] =
    [
      ("[A", .up), ("[B", .down), ("[C", .right), ("[D", .left), ("[H", .home), ("[F", .end),
      ("OA", .up), ("OB", .down), ("OC", .right), ("OD", .left), ("OH", .home), ("OF", .end),
      ("[1~", .home), ("[2~", .insert), ("[3~", .delete), ("[4~", .end), ("[5~", .pageUp), ("[6~", .pageDown),
      ("[7~", .home), ("[8~", .end), ("[Z", .backTab), ("OM", .enter),
      ("OP", .function(1)), ("OQ", .function(2)), ("OR", .function(3)), ("OS", .function(4)),
      ("[[A", .function(1)), ("[[B", .function(2)), ("[[C", .function(3)), ("[[D", .function(4)),
      ("[[E", .function(5)), ("[11~", .function(1)), ("[12~", .function(2)), ("[13~", .function(3)),
      ("[14~", .function(4)), ("[15~", .function(5)), ("[17~", .function(6)), ("[18~", .function(7)),
      ("[19~", .function(8)), ("[20~", .function(9)), ("[21~", .function(10)), ("[23~", .function(11)),
      ("[24~", .function(12)),
    ]
}
