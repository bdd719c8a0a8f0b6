/// A span in which events may have been missed.
package struct Gap: Equatable, Sendable {
  package var from: Instant
  package var to: Instant
  /// How many were missed, if that is known.
  package var count: Int?

  package init(from: Instant, to: Instant, count: Int?) {
    self.from = from
    self.to = to
    self.count = count
  }

  package var length: TimeSpan { to - from }
}

/// One bucket of a series, as it is shown.
package enum Bucket: Equatable, Sendable {
  case value(Float)
  /// Nothing came.
  case silent
  /// Nothing came, and something may have been missed.
  case missed

  package var value: Float? {
    if case .value(let value) = self { value } else { nil }
  }
}
