import FleetModel

/// One metric's values over time, with the spans in which something was wrong.
package struct LabelledSeries: Sendable {
  /// Folder and file below `data/`, such as `levels/requests_03.csv`.
  package var name: String
  /// The timestamps as they are written: rows of results carry the same.
  package var timestamps: [String]
  package var instants: [Instant]
  package var values: [Double]
  /// Rows, both ends included, in their order.
  package var windows: [ClosedRange<Int>]

  package init(
    name: String, timestamps: [String], instants: [Instant], values: [Double], windows: [ClosedRange<Int>] = []
  ) {
    (self.name, self.timestamps, self.instants, self.values) = (name, timestamps, instants, values)
    self.windows = windows
  }

  /// The rows at the start that no detector is judged by: 15 %, at most 750.
  package var probation: Int { min(values.count * 15 / 100, 750) }
}
