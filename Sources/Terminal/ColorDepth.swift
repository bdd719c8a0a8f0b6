import Screen

/// How many colours the terminal shows.
package enum ColorDepth: Int, Comparable, Sendable {
  case none = 0
  case eight = 8
  case sixteen = 16
  case indexed = 256
  case direct = 16_777_216

  package static func < (left: ColorDepth, right: ColorDepth) -> Bool { left.rawValue < right.rawValue }

  /// What environment and terminfo say: `NO_COLOR` switches colours off, `COLORTERM` announces 24 bits.
  ///
  /// - Parameter capability: terminfo's `colors`, negative if it says nothing.
  package init(environment: [String: String], capability: Int) {
    if let noColor = environment["NO_COLOR"], !noColor.isEmpty {
      self = .none
      return
    }
    let isDirect = ["truecolor", "24bit"].contains(environment["COLORTERM"])
    self = min(ColorDepth(most: capability), isDirect ? .direct : .indexed)
  }

  /// The most that can be had if terminfo says so many: 24 bits are told in the place of a palette's numbers.
  init(most capability: Int) {
    switch capability {
    case ..<8: self = .none
    case 8..<16: self = .eight
    case 16..<256: self = .sixteen
    default: self = .direct
    }
  }
}
