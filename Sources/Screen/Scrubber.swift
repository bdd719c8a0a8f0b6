/// The one place where text from outside becomes text that can be shown: nothing it returns can steer a terminal.
///
/// | what | becomes |
/// |---|---|
/// | C0 and DEL | caret notation: ESC is `^[`, a line feed `^J`, DEL `^?` |
/// | C1, bidi controls, tag characters, line and paragraph separators, unassigned, invalid UTF-8 | U+FFFD |
/// | variation selectors, joiners, zero-width and other invisible scalars, skin tones | nothing |
/// | a combining mark with no letter before it | U+25CC and the mark |
package enum Scrubber {
  /// Text for the screen from bytes that may not even be UTF-8.
  package static func display(_ bytes: some Sequence<UInt8>) -> String {
    display(String(decoding: Array(bytes), as: UTF8.self))
  }

  /// Text for the screen.
  package static func display(_ text: String) -> String {
    if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return text }
    var shown = String.UnicodeScalarView()
    var hasBase = false
    for scalar in text.unicodeScalars {
      switch fate(of: scalar) {
      case .keep:
        if !hasBase && TextWidth.width(of: scalar) == 0 { shown.append(dottedCircle) }
        shown.append(scalar)
        hasBase = true
      case .remove:
        continue
      case .caret:
        shown.append("^")
        shown.append(Unicode.Scalar(UInt8(truncatingIfNeeded: scalar.value) ^ 0x40))
        hasBase = false
      case .replace:
        shown.append(replacement)
        hasBase = false
      }
    }
    return String(shown)
  }

  /// What becomes of one scalar.
  package enum Fate: Equatable, Sendable {
    case keep, remove, caret, replace
  }

  /// What becomes of one scalar; a grid asks it too, and draws only what is kept.
  package static func fate(of scalar: Unicode.Scalar) -> Fate {
    let value = scalar.value
    if value < 0x20 || value == 0x7F { return .caret }
    if value < 0x7F { return .keep }
    if value < 0xA0 { return .replace }
    if value < 0x300 { return value == 0xAD ? .remove : .keep }
    if (0xE0000...0xE007F).contains(value) { return .replace }
    if (0x1F3FB...0x1F3FF).contains(value) { return .remove }
    let properties = scalar.properties
    if properties.isBidiControl { return .replace }
    switch properties.generalCategory {
    case .lineSeparator, .paragraphSeparator, .control, .surrogate, .unassigned: return .replace
    case .format: return TextWidth.width(of: scalar) == 0 ? .remove : .keep
    default: return properties.isDefaultIgnorableCodePoint ? .remove : .keep
    }
  }

  private static let replacement: Unicode.Scalar = "\u{FFFD}"
  private static let dottedCircle: Unicode.Scalar = "\u{25CC}"
}
