import FleetModel

extension SeededRandom {
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
