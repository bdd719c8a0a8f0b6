/// A colour as a theme writes it: 24 bits, brought down to what the terminal has.
package struct Color: Equatable, Hashable, Sendable {
  package var red: UInt8
  package var green: UInt8
  package var blue: UInt8

  package init(red: UInt8, green: UInt8, blue: UInt8) {
    self.red = red
    self.green = green
    self.blue = blue
  }

  /// Reads `#rrggbb` or `#rgb`; nil for anything else.
  package init?(hex: String) {
    let digits = hex.utf8.dropFirst().compactMap(Color.digit)
    guard hex.utf8.first == UInt8(ascii: "#"), digits.count == hex.utf8.count - 1 else { return nil }
    if digits.count == 3 {
      self.init(red: digits[0] * 17, green: digits[1] * 17, blue: digits[2] * 17)
    } else if digits.count == 6 {
      self.init(
        red: digits[0] * 16 + digits[1], green: digits[2] * 16 + digits[3], blue: digits[4] * 16 + digits[5])
    } else {
      return nil
    }
  }

  /// The nearest of xterm's 6×6×6 cube (16…231) and grey ramp (232…255). The first 16 are left out: users change them.
  package func nearest256() -> UInt8 {
    let cube = Color.cubeIndex(red) * 36 + Color.cubeIndex(green) * 6 + Color.cubeIndex(blue)
    let cubeColor = Color(
      red: Color.cubeLevels[Color.cubeIndex(red)], green: Color.cubeLevels[Color.cubeIndex(green)],
      blue: Color.cubeLevels[Color.cubeIndex(blue)])
    let average = (Int(red) + Int(green) + Int(blue)) / 3
    let step = min(max((average - 8 + 5) / 10, 0), 23)
    let level = UInt8(8 + 10 * step)
    let grey = Color(red: level, green: level, blue: level)
    return distance(to: grey) < distance(to: cubeColor) ? UInt8(232 + step) : UInt8(16 + cube)
  }

  /// The nearest of xterm's first 16 colours.
  package func nearest16() -> UInt8 { nearest(among: 16) }

  /// The nearest of the eight colours of ECMA-48; bright ones lose their brightness, not their hue.
  package func nearest8() -> UInt8 {
    let sixteenth = nearest16()
    // Bright black is grey: on eight colours it stays readable only as white.
    return sixteenth == 8 ? 7 : sixteenth % 8
  }

  private func nearest(among count: Int) -> UInt8 {
    let best = (0..<count).min { distance(to: Color.ansi[$0]) < distance(to: Color.ansi[$1]) }
    return UInt8(best ?? 7)
  }

  private func distance(to other: Color) -> Int {
    let r = Int(red) - Int(other.red)
    let g = Int(green) - Int(other.green)
    let b = Int(blue) - Int(other.blue)
    return r * r + g * g + b * b
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }

  private static let cubeLevels: [UInt8] = [0, 95, 135, 175, 215, 255]

  private static func cubeIndex(_ value: UInt8) -> Int {
    value < 48 ? 0 : value < 115 ? 1 : (Int(value) - 35) / 40
  }

  /// xterm's defaults for the first 16 colours.
  private static let ansi: [Color] = [
    Color(red: 0, green: 0, blue: 0), Color(red: 205, green: 0, blue: 0), Color(red: 0, green: 205, blue: 0),
    Color(red: 205, green: 205, blue: 0), Color(red: 0, green: 0, blue: 238), Color(red: 205, green: 0, blue: 205),
    Color(red: 0, green: 205, blue: 205), Color(red: 229, green: 229, blue: 229),
    Color(red: 127, green: 127, blue: 127), Color(red: 255, green: 0, blue: 0), Color(red: 0, green: 255, blue: 0),
    Color(red: 255, green: 255, blue: 0), Color(red: 92, green: 92, blue: 255), Color(red: 255, green: 0, blue: 255),
    Color(red: 0, green: 255, blue: 255), Color(red: 255, green: 255, blue: 255),
  ]
}
