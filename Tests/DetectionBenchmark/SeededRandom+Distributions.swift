import FleetModel
import Glibc

extension SeededRandom {
  /// Evenly between 0 and 1, without both.
  mutating func unit() -> Double { (Double(next() >> 11) + 0.5) / Double(1 << 53) }

  mutating func number(_ range: ClosedRange<Double>) -> Double {
    range.lowerBound + unit() * (range.upperBound - range.lowerBound)
  }

  /// Evenly by its logarithm: as often from 1 to 2 as from 2 to 4.
  mutating func scale(_ range: ClosedRange<Double>) -> Double {
    exp(number(log(range.lowerBound)...log(range.upperBound)))
  }

  mutating func count(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

  mutating func happens(_ probability: Double) -> Bool { unit() < probability }

  mutating func pick<Element>(_ elements: [Element]) -> Element { elements[count(0...elements.count - 1)] }

  /// The normal distribution's, by Box and Muller.
  mutating func normal() -> Double { (-2 * log(unit())).squareRoot() * cos(2 * Double.pi * unit()) }

  /// 1 and more, with a heavy tail (Pareto's).
  mutating func heavy(_ exponent: Double) -> Double { pow(unit(), -1 / exponent) }

  /// How often something happens that happens `mean` times on average: Poisson's by Knuth, the normal one's from 50 on.
  mutating func occurrences(_ mean: Double) -> Double {
    guard mean < 50 else { return max(0, (mean + mean.squareRoot() * normal()).rounded()) }
    let end = exp(-max(0, mean))
    var (product, count) = (unit(), 0.0)
    while product > end { (product, count) = (product * unit(), count + 1) }
    return count
  }
}
