extension Finding {
  /// The finding in plain words, such as `queue_size is 812; it used to lie between 3 and 240`.
  package func words(named name: String) -> String {
    let value = facts.value.plain
    return switch kind {
    case .outOfRange: "\(name) is \(value); \(range)"
    case .offSeason: "\(name) is around \(value); at this time of day it is usually \(usual)"
    case .unsteady: "\(name) changes by \(value) from sample to sample; it used to change by \(usual) at most"
    case .stuck: "\(name) has been exactly \(value) for \(facts.count ?? 0) samples"
    case .apart: "\(name) is \(value); the other \(facts.count ?? 0) agents of its role are around \(usual)"
    case .runaway: "\(name) is \(value); this agent's own normal is \(usual)"
    // ``VersionDifference`` has more to say.
    case .version: "\(name) is \(value) in its version; in another one of its role it is \(usual)"
    }
  }

  private var usual: String { facts.usual?.plain ?? "unknown" }

  private var range: String {
    guard let low = facts.low, let high = facts.high else { return "its range is unknown" }
    return "it used to lie between \(low.plain) and \(high.plain)"
  }
}

extension Double {
  /// Three digits that count, without an exponent: `812`, `0.0314`, `12300`.
  package var plain: String {
    guard isFinite, abs(self) < 1e15 else { return isNaN ? "not a number" : self < 0 ? "very low" : "very high" }
    guard abs(self) >= 1e-9 else { return "0" }
    var step = 1.0
    var decimals = 0
    while abs(self) / step >= 1000 { step *= 10 }
    while abs(self) / step < 100, decimals < 12 { (step, decimals) = (step / 10, step > 1 ? 0 : decimals + 1) }
    let digits = Int64((abs(self) / step).rounded())
    return (self < 0 ? "-" : "") + Self.text(digits, step: step, decimals: decimals)
  }

  private static func text(_ digits: Int64, step: Double, decimals: Int) -> String {
    guard decimals > 0 else { return String(Int64((Double(digits) * step).rounded())) }
    let text = String(digits)
    let padded = String(repeating: "0", count: max(0, decimals + 1 - text.count)) + text
    let fraction = padded.suffix(decimals)
    let kept = fraction.lastIndex { $0 != "0" }.map { fraction[...$0] }
    let whole = padded.dropLast(decimals)
    return kept.map { "\(whole).\($0)" } ?? String(whole)
  }
}
