/// Noise as a function of its seed, its number and the time: asked twice it says the same, in whatever order it is asked.
struct SeededNoise: Sendable {
  private let seed: UInt64

  init(seed: UInt64) { self.seed = seed }

  /// 0..<1, another one for each pair of numbers.
  func fraction(_ number: Int, _ step: Int64 = 0) -> Double {
    var state = seed ^ UInt64(bitPattern: Int64(number)) &* 0x9E37_79B9_7F4A_7C15
    state = Self.mix(state) ^ UInt64(bitPattern: step)
    return Double(Self.mix(state) >> 11) * 0x1p-53
  }

  /// Close to a normal distribution of mean 0 and deviation 1.
  func white(_ number: Int, _ step: Int64) -> Double {
    let sum = (0..<4).reduce(0.0) { $0 + fraction(number &* 4 &+ $1, step) }
    return (sum - 2) * 1.732
  }

  /// Noise that drifts: it goes smoothly from one random value to the next, `every` so many milliseconds.
  func drift(_ number: Int, at milliseconds: Int64, every: Int64) -> Double {
    let (step, rest) = milliseconds.quotientAndRemainder(dividingBy: every)
    let part = Double(rest) / Double(every)
    let share = part * part * (3 - 2 * part)
    return white(number, step) * (1 - share) + white(number, step + 1) * share
  }

  /// The finalizer of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
  private static func mix(_ value: UInt64) -> UInt64 {
    var state = value &+ 0x9E37_79B9_7F4A_7C15
    state = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
    state = (state ^ state >> 27) &* 0x94D0_49BB_1331_11EB
    return state ^ state >> 31
  }
}
