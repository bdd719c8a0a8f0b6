/// Where an open metric stands in the fleet's table.
package struct MetricPlace: RawRepresentable, Hashable, Comparable, Sendable {
  /// Less than ``MetricTable/most``.
  package let rawValue: Int

  package init(rawValue: Int) { self.rawValue = rawValue }

  package static func < (left: MetricPlace, right: MetricPlace) -> Bool { left.rawValue < right.rawValue }
}

/// The open metrics that a fleet knows: first the built-in ones, then those that the configuration declares.
///
/// A place is good for as long as the table is. What is stored holds a metric's number instead, which does not change if
/// other metrics come or go.
/// ```text
///   number   0 … 15    a ``Metric``
///           16 … 26    a ``BuiltInMetric``
///           27 … 255   a declared one, by a digest of its name
/// ```
package struct MetricTable: Equatable, Sendable {
  /// How many there can be, built-in ones included.
  package static let most = 32
  /// How many other names all of them can have.
  package static let mostAliases = 64
  package static let builtIn = MetricTable()

  package let metrics: [OpenMetric]
  /// By place.
  private let numbers: [UInt8]
  /// The currency of what costs; empty if the configuration names none.
  package let currency: String

  private static let builtInCount = BuiltInMetric.allCases.count
  private static let firstNumber = 16

  /// - Parameter declared: those of the configuration. One with the name of a built-in metric stands in its place. No more
  ///   than ``most`` of all count.
  package init(declaring declared: [OpenMetric] = [], currency: String = "") {
    var metrics = BuiltInMetric.allCases.map(\.metric)
    for metric in declared {
      if let place = metrics.firstIndex(where: { $0.name == metric.name }) {
        metrics[place] = metric
      } else if metrics.count < Self.most {
        metrics.append(metric)
      }
    }
    self.metrics = metrics
    self.currency = currency
    numbers = Self.numbers(of: metrics)
  }

  /// Places in their order.
  package var places: some RandomAccessCollection<MetricPlace> {
    metrics.indices.lazy.map { MetricPlace(rawValue: $0) }
  }

  /// The metric at one of its places; nil if the place is of another table.
  package subscript(place: MetricPlace) -> OpenMetric? {
    metrics.indices.contains(place.rawValue) ? metrics[place.rawValue] : nil
  }

  /// The place of a metric by its name or another of its names; nil if there is none.
  package func place(named name: String) -> MetricPlace? {
    let index = metrics.firstIndex { $0.name == name } ?? metrics.firstIndex { $0.aliases.contains(name) }
    return index.map { MetricPlace(rawValue: $0) }
  }

  /// The number by which a metric is stored.
  package func number(of place: MetricPlace) -> UInt8 { numbers[place.rawValue] }

  /// The place of a metric that is stored by a number; nil if this table has none.
  package func place(numbered number: UInt8) -> MetricPlace? {
    numbers.firstIndex(of: number).map { MetricPlace(rawValue: $0) }
  }

  /// Of two whose digests meet, the one whose name comes first has the number and the other one the next that is free.
  private static func numbers(of metrics: [OpenMetric]) -> [UInt8] {
    var numbers = metrics.indices.map { UInt8(firstNumber + $0) }
    let first = firstNumber + builtInCount
    var taken: Set<Int> = []
    for place in metrics.indices.dropFirst(builtInCount).sorted(by: { metrics[$0].name < metrics[$1].name }) {
      var number = first + digest(of: metrics[place].name) % (256 - first)
      while !taken.insert(number).inserted { number = number == 255 ? first : number + 1 }
      numbers[place] = UInt8(number)
    }
    return numbers
  }

  /// FNV-1a of 32 bits (Fowler, Noll and Vo).
  private static func digest(of name: String) -> Int {
    Int(name.utf8.reduce(UInt32(0x811C_9DC5)) { ($0 ^ UInt32($1)) &* 0x0100_0193 })
  }
}
