extension Double {
  /// Three digits that count, with a unit from 10,000 on, for amounts that people read: `0.42`, `9300`, `12.4 k`, `37.3 M`.
  package var short: String {
    guard isFinite else { return isNaN ? "not a number" : self < 0 ? "very low" : "very high" }
    guard abs(self) >= Self.leastWithUnit else { return Self.digits(self) }
    // What would be shown as 1000 of a unit is one of the next.
    let (size, unit) = Self.units.last { abs(self) >= $0.size * 0.9995 } ?? (1, "")
    return abs(self) >= size * 999_999.5 ? "very \(self < 0 ? "low" : "high")" : "\(Self.digits(self / size)) \(unit)"
  }

  private static let leastWithUnit = 9999.5
  private static let units: [(size: Double, unit: String)] = [(1e3, "k"), (1e6, "M"), (1e9, "G"), (1e12, "T")]

  /// As many decimals as three digits leave, without zeros at the end.
  private static func digits(_ value: Double) -> String {
    let decimals = abs(value) < 9.995 ? 2 : abs(value) < 99.95 ? 1 : 0
    let scale: Int64 = decimals == 2 ? 100 : decimals == 1 ? 10 : 1
    let scaled = Int64((value * Double(scale)).rounded())
    let fraction = String(scaled.magnitude % UInt64(scale))
    let padded = String(repeating: "0", count: max(0, decimals - fraction.count)) + fraction
    let kept = padded.lastIndex { $0 != "0" }.map { "." + padded[...$0] } ?? ""
    return (scaled < 0 ? "-" : "") + "\(scaled.magnitude / UInt64(scale))" + (decimals == 0 ? "" : kept)
  }
}
