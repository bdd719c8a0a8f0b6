import CNcurses
import Screen

/// A theme brought down to what the terminal has: ncurses's attributes and colour pair for each role.
struct Palette {
  struct Look {
    var attributes: UInt32
    var pair: Int16
  }

  struct Pair {
    var number: Int16
    /// Nil is the terminal's own colour.
    var foreground: Int16?
    var background: Int16?
  }

  let depth: ColorDepth
  let pairs: [Pair]
  private let looks: [Look]

  init(theme: Theme, depth: ColorDepth) {
    self.depth = depth
    var pairs: [Pair] = []
    looks = Role.allCases.map { role in
      guard depth != .none else { return Look(attributes: Palette.bits(Theme.plain[role].attributes), pair: 0) }
      let style = theme[role]
      let attributes = Palette.bits(style.attributes)
      guard style.foreground != nil || style.background != nil else { return Look(attributes: attributes, pair: 0) }
      let number = Int16(pairs.count + 1)
      pairs.append(
        Pair(
          number: number, foreground: style.foreground.map { Palette.index($0, depth) },
          background: style.background.map { Palette.index($0, depth) }))
      return Look(attributes: attributes, pair: number)
    }
    self.pairs = pairs
  }

  subscript(role: Role) -> Look { looks[Int(role.rawValue)] }

  private static func index(_ color: Color, _ depth: ColorDepth) -> Int16 {
    switch depth {
    case .none, .eight: Int16(color.nearest8())
    case .sixteen: Int16(color.nearest16())
    case .indexed, .direct: Int16(color.nearest256())
    }
  }

  private static func bits(_ attributes: Attributes) -> UInt32 {
    var bits: UInt32 = 0
    if attributes.contains(.bold) { bits |= vigia_attribute_bold() }
    if attributes.contains(.dim) { bits |= vigia_attribute_dim() }
    if attributes.contains(.underline) { bits |= vigia_attribute_underline() }
    if attributes.contains(.reverse) { bits |= vigia_attribute_reverse() }
    if attributes.contains(.italic) { bits |= vigia_attribute_italic() }
    return bits
  }
}
