import TestSupport

/// A page of metrics, as whoever scrapes it reads it.
struct PageText {
  let text: String
  private let samples: [Substring: Substring]
  /// What its families are called, in their order.
  let families: [String]

  init(_ bytes: some Sequence<UInt8>) {
    text = String(decoding: Array(bytes), as: UTF8.self)
    let lines = text.split(separator: "\n")
    families = lines.compactMap { line in
      line.hasPrefix("# TYPE ") ? line.split(separator: " ").dropFirst(2).first.map(String.init) : nil
    }
    let pairs = lines.filter { !$0.hasPrefix("#") }.compactMap { line in
      line.lastIndex(of: " ").map { (line[..<$0], line[line.index(after: $0)...]) }
    }
    samples = Dictionary(pairs) { first, _ in first }
    hasRepeats = samples.count != pairs.count
  }

  /// Whether a series stands there twice.
  let hasRepeats: Bool

  /// The value of a series, by its name with its labels.
  subscript(series: String) -> String? { samples[series[...]].map(String.init) }

  /// The series of a family.
  func series(_ family: String) -> [String] {
    samples.keys.filter { $0.prefix { $0 != "{" } == family }.map(String.init).sorted()
  }
}
