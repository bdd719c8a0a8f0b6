/// How a page of metrics is written: Prometheus's text format 0.0.4, or OpenMetrics 1.0.
package enum ExpositionFormat: CaseIterable, Sendable {
  case text
  case openMetrics

  package var contentType: String {
    switch self {
    case .text: "text/plain; version=0.0.4; charset=utf-8"
    case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
    }
  }

  /// The format that a client likes best, by its header `Accept`: OpenMetrics if it names it in a version that is
  /// written, and does not like text better (RFC 9110, section 12.5.1).
  package init(accept: String) {
    var best = (format: ExpositionFormat.text, weight: 0.0)
    // A header has room for no more.
    for range in accept.split(separator: ",").prefix(64) {
      guard let offer = Self.offer(range), offer.weight > best.weight else { continue }
      best = offer
    }
    self = best.format
  }

  /// A media range and its weight; nil if it is none that is written.
  private static func offer(_ range: Substring) -> (format: ExpositionFormat, weight: Double)? {
    let parts = range.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
    guard let type = parts.first else { return nil }
    var (version, weight) = ("", 1.0)
    for part in parts.dropFirst() {
      if part.hasPrefix("version=") { version = part.dropFirst(8).filter { $0 != "\"" } }
      if part.hasPrefix("q=") { weight = Double(part.dropFirst(2)).flatMap { (0...1).contains($0) ? $0 : nil } ?? 0 }
    }
    switch type {
    case "application/openmetrics-text" where ["", "1.0.0", "0.0.1"].contains(version): return (.openMetrics, weight)
    case "text/plain" where ["", "0.0.4"].contains(version): return (.text, weight)
    case "text/*", "*/*": return (.text, weight)
    default: return nil
    }
  }
}
