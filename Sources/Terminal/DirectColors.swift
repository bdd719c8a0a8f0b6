import CNcurses
import Screen

/// Colours of 24 bits for an ncurses that knows 256: what it sends for a number is sent as the colour it stands for.
///
/// Terminfo entries for 24 bits are rarely installed, and `COLORTERM` goes beside `TERM`. Where a colour is set, ISO 8613-6
/// says `CSI 38 ; 2 ; red ; green ; blue m` (48 for the background), as every terminal that announces 24 bits takes it.
struct DirectColors {
  /// What ncurses sends, from its Esc to its `m`, and what is sent instead.
  private var replacements: [[UInt8]: [UInt8]] = [:]

  init(_ mixed: [Int16: Color] = [:]) {
    for (index, color) in mixed {
      for (capability, selector) in [("setaf", 38), ("setab", 48)] {
        guard let sequence = vigia_color_sequence(capability, Int32(index)) else { continue }
        let direct = "\u{1B}[\(selector);2;\(color.red);\(color.green);\(color.blue)m"
        replacements[Array(String(cString: sequence).utf8)] = Array(direct.utf8)
      }
    }
  }

  /// The same bytes with colours for numbers. Texts hold no Esc: what begins with one is ncurses's own.
  func mix(_ bytes: [UInt8]) -> [UInt8] {
    guard !replacements.isEmpty else { return bytes }
    var mixed: [UInt8] = []
    mixed.reserveCapacity(bytes.count)
    var rest = bytes[...]
    while let start = rest.firstIndex(of: 0x1B) {
      mixed += rest[..<start]
      let end = rest[start...].firstIndex(of: UInt8(ascii: "m")).map { $0 + 1 } ?? rest.endIndex
      if end - start < 16, let replacement = replacements[Array(rest[start..<end])] {
        mixed += replacement
        rest = rest[end...]
      } else {
        mixed.append(rest[start])
        rest = rest[(start + 1)...]
      }
    }
    return mixed + rest
  }
}
