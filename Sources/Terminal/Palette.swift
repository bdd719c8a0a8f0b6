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
  /// On a terminal of 24 bits, the colours behind the numbers that ncurses is given.
  let mixed: [Int16: Color]
  private let looks: [Look]

  init(theme: Theme, depth: ColorDepth) {
    self.depth = depth
    var pairs: [Pair] = []
    var indices = Indices(depth: depth)
    looks = Role.allCases.map { role in
      guard depth != .none else { return Look(attributes: Palette.bits(Theme.plain[role].attributes), pair: 0) }
      let style = theme[role]
      let attributes = Palette.bits(style.attributes)
      guard style.foreground != nil || style.background != nil else { return Look(attributes: attributes, pair: 0) }
      let number = Int16(pairs.count + 1)
      pairs.append(
        Pair(
          number: number, foreground: style.foreground.map { indices.index($0) },
          background: style.background.map { indices.index($0) }))
      return Look(attributes: attributes, pair: number)
    }
    self.pairs = pairs
    mixed = indices.mixed
  }

  /// The colours of a role; nil if they are the terminal's own.
  func pair(of role: Role) -> Pair? {
    let number = Int(self[role].pair)
    return number == 0 ? nil : pairs[number - 1]
  }

  subscript(role: Role) -> Look { looks[Int(role.rawValue)] }

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

extension Palette {
  /// Numbers for colours: the nearest that the terminal has, or on 24 bits a free number that stands for the colour.
  private struct Indices {
    let depth: ColorDepth
    private(set) var mixed: [Int16: Color] = [:]
    private var taken: [Color: Int16] = [:]
    /// Beyond the first 16, which terminfo may write in another way.
    private static let free: Range<Int16> = 16..<256

    init(depth: ColorDepth) { self.depth = depth }

    mutating func index(_ color: Color) -> Int16 {
      switch depth {
      case .none, .eight: Int16(color.nearest8())
      case .sixteen: Int16(color.nearest16())
      case .indexed: Int16(color.nearest256())
      case .direct: mix(color)
      }
    }

    private mutating func mix(_ color: Color) -> Int16 {
      if let index = taken[color] { return index }
      let index = Self.free.lowerBound + Int16(taken.count)
      guard Self.free.contains(index) else { return Self.free.upperBound - 1 }
      taken[color] = index
      mixed[index] = color
      return index
    }
  }
}
