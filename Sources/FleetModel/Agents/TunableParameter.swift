/// A number that an agent lets others set: by the action `tune`, within its bounds, in whole steps.
package struct TunableParameter: Equatable, Sendable {
  /// 1…``mostNameBytes`` bytes of `[a-z0-9_.]`.
  package let name: String
  package let minimum: Double
  package let maximum: Double
  package let step: Double
  /// What the agent runs with if nobody tunes it.
  package let value: Double

  package static let mostNameBytes = 40
  /// An agent declares no more.
  package static let mostOfAgent = 8

  /// Nil unless the name is one, all numbers are finite, minimum < maximum, 0 < step ≤ maximum - minimum, and
  /// minimum ≤ value ≤ maximum.
  package init?(name: String, minimum: Double, maximum: Double, step: Double, value: Double) {
    guard (1...Self.mostNameBytes).contains(name.utf8.count), name.utf8.allSatisfy(Self.isOfName) else { return nil }
    guard [minimum, maximum, step, value].allSatisfy(\.isFinite), minimum < maximum, (maximum - minimum).isFinite,
      step > 0, step <= maximum - minimum, ((maximum - minimum) / step).isFinite, (minimum...maximum).contains(value)
    else { return nil }
    self.name = name
    (self.minimum, self.maximum, self.step, self.value) = (minimum, maximum, step, value)
  }

  /// The nearest value that can be set: whole steps above the minimum, within the bounds. For no number, the one that is
  /// nearest to ``value``.
  package func nearest(_ value: Double) -> Double {
    let value = value.isNaN ? self.value : min(max(value, minimum), maximum)
    return setting(min(max(0, ((value - minimum) / step).rounded()), wholeSteps))
  }

  /// The value that is so many whole steps above or below the nearest one; nil beyond the bounds.
  package func stepped(_ value: Double, by steps: Int) -> Double? {
    let place = ((nearest(value) - minimum) / step).rounded() + Double(steps)
    guard place >= 0, place <= wholeSteps else { return nil }
    return setting(place)
  }

  /// How many whole steps lie between the bounds. A quotient such as 17.999999999999996 means 18.
  private var wholeSteps: Double { ((maximum - minimum) / step + 1e-9).rounded(.down) }

  /// The setting at a number of steps, as a person would write it: 0.3 and not 0.30000000000000004.
  private func setting(_ place: Double) -> Double {
    var scale = 1.0
    for _ in 0...9 {
      let (first, whole) = ((minimum * scale).rounded(), (step * scale).rounded())
      if first / scale == minimum, whole / scale == step {
        return min(max((first + place * whole) / scale, minimum), maximum)
      }
      scale *= 10
    }
    return min(max(minimum + place * step, minimum), maximum)
  }

  private static func isOfName(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"),
      UInt8(ascii: "."):
      true
    default: false
    }
  }
}
