/// Random numbers that a seed determines: SplitMix64 (Steele, Lea and Flood, 2014).
package struct SeededRandom: RandomNumberGenerator, Equatable, Sendable {
  private var state: UInt64

  package init(seed: UInt64) {
    state = seed
  }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }

  /// 0…1.
  mutating func fraction() -> Double { Double.random(in: 0..<1, using: &self) }

  /// Close to a normal distribution of mean 0 and deviation 1: twelve uniform numbers less six would be closer, four
  /// are enough for noise.
  mutating func noise() -> Double {
    let sum = fraction() + fraction() + fraction() + fraction()
    return (sum - 2) * 1.732
  }

  /// True once in so many times.
  mutating func chance(_ probability: Double) -> Bool { fraction() < probability }

  mutating func element<Element>(of list: [Element]) -> Element? { list.randomElement(using: &self) }
}
