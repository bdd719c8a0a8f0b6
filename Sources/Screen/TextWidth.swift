/// How many columns text takes on a terminal. It agrees with glibc's `wcwidth`, by which ncurses measures.
package enum TextWidth {
  /// Columns of one scalar: 2, 1, 0 for combining and invisible ones, -1 for controls.
  package static func width(of scalar: Unicode.Scalar) -> Int {
    let value = scalar.value
    if value < 0x7F { return value >= 0x20 ? 1 : value == 0 ? 0 : -1 }
    if value < 0xA0 { return -1 }
    if value < 0x300 { return 1 }
    if isWide(value) { return 2 }
    return isZeroWidth(scalar) ? 0 : 1
  }

  /// Columns of a text; controls count nothing.
  package static func columns(_ text: String) -> Int {
    if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return text.utf8.count }
    var total = 0
    for scalar in text.unicodeScalars { total += max(0, width(of: scalar)) }
    return total
  }

  /// The longest beginning that fits into `columns` and its width; combining marks stay with their letter.
  package static func prefix(_ text: String, columns: Int) -> (String, Int) {
    var used = 0
    let scalars = text.unicodeScalars
    var end = scalars.startIndex
    while end < scalars.endIndex {
      let width = max(0, width(of: scalars[end]))
      if used + width > columns { break }
      used += width
      scalars.formIndex(after: &end)
    }
    return (String(scalars[..<end]), used)
  }

  /// Whether the text takes no more than `columns`; long texts are not read to their end.
  package static func fits(_ text: String, columns: Int) -> Bool {
    if text.utf8.count <= columns { return true }
    var used = 0
    for scalar in text.unicodeScalars {
      used += max(0, width(of: scalar))
      if used > columns { return false }
    }
    return true
  }

  private static func isWide(_ value: UInt32) -> Bool {
    let bounds = WideRanges.bounds
    if value < bounds[0] { return false }
    var low = 0
    var high = bounds.count / 2 - 1
    while low <= high {
      let middle = (low + high) / 2
      if value < bounds[2 * middle] {
        high = middle - 1
      } else if value > bounds[2 * middle + 1] {
        low = middle + 1
      } else {
        return true
      }
    }
    return false
  }

  private static func isZeroWidth(_ scalar: Unicode.Scalar) -> Bool {
    let value = scalar.value
    // The vowels and finals of decomposed Hangul join the syllable's first letter.
    if (0x1160...0x11FF).contains(value) || (0xD7B0...0xD7FF).contains(value) { return true }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark: return true
    case .format: return !isVisibleFormat(value)
    default: return false
    }
  }

  /// Format characters that have a shape of their own: Arabic and Kaithi number signs.
  private static func isVisibleFormat(_ value: UInt32) -> Bool {
    switch value {
    case 0x600...0x605, 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD: true
    default: false
    }
  }
}
