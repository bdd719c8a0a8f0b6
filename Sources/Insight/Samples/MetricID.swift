/// A metric's number in the fleet's table of metrics. Its name, unit and bad direction stand there.
package struct MetricID: RawRepresentable, Hashable, Comparable, Sendable {
  package let rawValue: UInt8

  package init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  package static func < (left: MetricID, right: MetricID) -> Bool { left.rawValue < right.rawValue }
}
