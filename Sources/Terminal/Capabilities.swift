import CNcurses
import Screen

/// What terminfo says about the terminal that was opened last.
enum Capabilities {
  /// The usual sequences and, before them, what terminfo names for this terminal.
  static func keyTable() -> KeySequenceTable {
    var sequences: [[UInt8]: Key] = [:]
    for (name, key) in names {
      guard let bytes = string(name) else { continue }
      sequences[bytes] = key
    }
    var table = KeySequenceTable.fallback
    table.merge(KeySequenceTable(sequences: sequences))
    return table
  }

  static var canPlaceText: Bool { string("cup") != nil }

  static var colors: Int { Int(vigia_number("colors")) }

  static var size: Size? {
    let size = Size(rows: Int(vigia_number("lines")), columns: Int(vigia_number("cols")))
    return size.rows > 0 && size.columns > 0 ? size : nil
  }

  /// The fixed sequence that a crash sends after ending what is cut off: plain letters, the cursor, the normal screen.
  static func reset() -> [UInt8] {
    let screen = ["rmacs", "op", "sgr0", "cnorm", "rmcup"].compactMap(string).joined()
    return Array(screen) + [0x0D]
  }

  /// A string capability without the padding that hardware terminals needed (`$<5>`).
  static func string(_ name: String) -> [UInt8]? {
    guard let value = vigia_capability(name) else { return nil }
    var bytes: [UInt8] = []
    var rest = Substring(String(cString: value)).utf8[...]
    while let byte = rest.first {
      if byte == UInt8(ascii: "$"), rest.dropFirst().first == UInt8(ascii: "<"),
        let end = rest.firstIndex(of: UInt8(ascii: ">"))
      {
        rest = rest[rest.index(after: end)...]
      } else {
        bytes.append(byte)
        rest = rest.dropFirst()
      }
    }
    return bytes
  }

  private static let names: [(String, Key)] =
    [
      ("kcuu1", .up), ("kcud1", .down), ("kcub1", .left), ("kcuf1", .right), ("khome", .home), ("kend", .end),
      ("kpp", .pageUp), ("knp", .pageDown), ("kich1", .insert), ("kdch1", .delete), ("kcbt", .backTab),
      ("kent", .enter), ("kf1", .function(1)), ("kf2", .function(2)), ("kf3", .function(3)), ("kf4", .function(4)),
      ("kf5", .function(5)), ("kf6", .function(6)), ("kf7", .function(7)), ("kf8", .function(8)),
      ("kf9", .function(9)), ("kf10", .function(10)), ("kf11", .function(11)), ("kf12", .function(12)),
    ]
}
