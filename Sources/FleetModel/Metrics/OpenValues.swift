/// Some of the open metrics, as bits.
package struct OpenMetricSet: Equatable, Sendable {
  private var bits: UInt32 = 0

  package init() {}

  package var isEmpty: Bool { bits == 0 }
  package var count: Int { bits.nonzeroBitCount }
  package func contains(_ place: MetricPlace) -> Bool { bits & (1 &<< UInt32(truncatingIfNeeded: place.rawValue)) != 0 }
  package mutating func insert(_ place: MetricPlace) { bits |= 1 &<< UInt32(truncatingIfNeeded: place.rawValue) }
  package mutating func remove(_ place: MetricPlace) { bits &= ~(1 &<< UInt32(truncatingIfNeeded: place.rawValue)) }

  package func union(_ other: OpenMetricSet) -> OpenMetricSet {
    var all = self
    all.bits |= other.bits
    return all
  }

  /// How many of them stand before a place.
  func count(before place: MetricPlace) -> Int {
    (bits & ((1 &<< UInt32(truncatingIfNeeded: place.rawValue)) &- 1)).nonzeroBitCount
  }

  /// Takes one out, the first; nil if none is left.
  package mutating func popFirst() -> MetricPlace? {
    guard bits != 0 else { return nil }
    let index = bits.trailingZeroBitCount
    bits &= bits &- 1
    return MetricPlace(rawValue: index)
  }
}

/// An event's values of open metrics, without an allocation.
package struct OpenValues: Sendable {
  /// Which metrics have a value.
  package private(set) var present = OpenMetricSet()
  /// What stands at other places is of earlier events: clearing it would cost each event that has none.
  private var values = InlineArray<32, Double>(repeating: 0)

  package init() {}

  @inline(__always)
  package var isEmpty: Bool { present.isEmpty }

  package subscript(place: MetricPlace) -> Double? {
    get { present.contains(place) ? values[place.rawValue] : nil }
    set {
      guard let newValue else { return present.remove(place) }
      values[place.rawValue] = newValue
      present.insert(place)
    }
  }

  /// The value of one that is present.
  @inline(__always)
  package borrowing func value(_ place: MetricPlace) -> Double { values[place.rawValue] }

  /// Forgets all values, so that the same storage serves the next event.
  @inline(__always)
  package mutating func removeAll() { present = OpenMetricSet() }
}
