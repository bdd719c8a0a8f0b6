import FleetModel

/// A parameter of a role that is tuned.
package struct TunedParameter: Equatable, Sendable {
  package let parameter: TunableParameter
  /// What the role ran with when it was taken up: what all go back to.
  package let home: Double
  /// What the role runs with: what was adopted last.
  package var base: Double
  /// What agents were set to lately, the latest last: what they run with besides was set by somebody else, and stays.
  package var used: [Double] = []
  package var up = Direction()
  package var down = Direction()

  static let mostUsed = 16

  /// What was found when it was tried last to go one way.
  package struct Direction: Equatable, Sendable {
    /// It is not tried before.
    package var restsUntil: Instant
    /// How many times in a row it was given up.
    package var failures: Int
    /// How much less was lost, of 1; negative if more was.
    package var gain: Double

    package init(restsUntil: Instant = .epoch, failures: Int = 0, gain: Double = 0) {
      (self.restsUntil, self.failures, self.gain) = (restsUntil, failures, gain)
    }
  }

  package init(_ parameter: TunableParameter, home: Double) {
    (self.parameter, self.home, base) = (parameter, home, home)
  }

  package init(
    _ parameter: TunableParameter, home: Double, base: Double, used: [Double], up: Direction, down: Direction
  ) {
    (self.parameter, self.home, self.base, self.used) = (parameter, home, base, used)
    (self.up, self.down) = (up, down)
  }

  var isHome: Bool { Self.isSame(home, base) }

  package subscript(goesUp: Bool) -> Direction {
    get { goesUp ? up : down }
    set { if goesUp { up = newValue } else { down = newValue } }
  }

  /// The next value above or below what the role runs with; nil at a bound, and if it could not be told from that.
  func next(goesUp: Bool) -> Double? {
    let nearest = parameter.nearest(base)
    if !Self.isSame(nearest, base), (nearest > base) == goesUp { return nearest }
    return parameter.stepped(base, by: goesUp ? 1 : -1).flatMap { Self.isSame($0, base) ? nil : $0 }
  }

  /// Whether a setting is one that was made here.
  package func knows(_ value: Double) -> Bool {
    Self.isSame(value, base) || Self.isSame(value, home) || used.contains { Self.isSame(value, $0) }
  }

  mutating func use(_ value: Double) {
    used.removeAll { Self.isSame($0, value) }
    used.append(value)
    if used.count > Self.mostUsed { used.removeFirst() }
  }

  /// Settings are written as text and read again.
  package static func isSame(_ left: Double, _ right: Double) -> Bool {
    abs(left - right) <= 1e-9 * max(1, abs(left), abs(right))
  }

  /// Whether a value lies within the bounds.
  func allows(_ value: Double) -> Bool { value >= parameter.minimum && value <= parameter.maximum }

  var isSound: Bool {
    allows(home) && allows(base) && used.count <= Self.mostUsed && used.allSatisfy(allows) && up.isSound && down.isSound
  }
}

extension TunedParameter.Direction {
  fileprivate var isSound: Bool { failures >= 0 && failures < 1 << 20 && abs(gain) <= 1 }
}
