/// One cell of the screen: a glyph and what it means.
package struct Cell: Equatable, Sendable {
  /// The glyph's scalar; a space where a wide glyph to the left reaches in.
  package var base: UInt32
  /// Up to two combining scalars drawn over the base, 0 if there are none.
  package var firstMark: UInt32 = 0
  package var secondMark: UInt32 = 0
  package var role: Role
  /// Columns: 1, 2, or 0 for the right half of a wide glyph.
  package var width: UInt8
  /// Which of the grid's links it leads to, counted from 1; 0 if to none.
  var link: UInt8 = 0
  /// Makes the memory of a cell full, so that rows can be compared as bytes.
  private var filler: UInt8 = 0

  package init(base: UInt32, role: Role, width: UInt8 = 1) {
    self.base = base
    self.role = role
    self.width = width
  }

  /// An empty cell.
  package static func blank(_ role: Role = .text) -> Cell { Cell(base: 0x20, role: role) }

  /// The right half of a wide glyph.
  package static func continuation(_ role: Role) -> Cell { Cell(base: 0x20, role: role, width: 0) }

  package var isContinuation: Bool { width == 0 }

  /// Puts a combining scalar over the glyph; a third one is left out.
  package mutating func add(mark: UInt32) {
    if firstMark == 0 {
      firstMark = mark
    } else if secondMark == 0 {
      secondMark = mark
    }
  }

  /// The glyph as text, empty for the right half of a wide one.
  package var text: String {
    guard !isContinuation else { return "" }
    var scalars = String.UnicodeScalarView()
    for value in [base, firstMark, secondMark] where value != 0 {
      if let scalar = Unicode.Scalar(value) { scalars.append(scalar) }
    }
    return String(scalars)
  }
}
