/// Metrics of one name: what they count and how they are called.
package struct MetricFamily: Equatable, Sendable {
  package enum Kind: String, Sendable {
    /// Only grows while the process lives. Its samples are called `<name>_total`.
    case counter
    case gauge
    case histogram
    /// Facts in labels, with the value 1. Its samples are called `<name>_info`.
    case info
  }

  /// What one number of it counts. The name ends with it, as `_seconds`.
  package enum Unit: String, Sendable {
    case none = ""
    case seconds, bytes, ratio
  }

  /// Without what the kind appends: `vigia_events`, `vigia_stream_lag_seconds`.
  package let name: String
  package let kind: Kind
  package let unit: Unit
  /// One sentence without a full stop.
  package let help: String
  /// The names of its labels, in their order.
  package let labels: [String]

  package init(_ name: String, _ kind: Kind, unit: Unit = .none, labels: [String] = [], _ help: String) {
    (self.name, self.kind, self.unit, self.labels, self.help) = (name, kind, unit, labels, help)
  }

  /// What its samples are called; of a histogram what they begin with.
  package var sampleName: String {
    switch kind {
    case .counter: "\(name)_total"
    case .info: "\(name)_info"
    case .gauge, .histogram: name
    }
  }
}
