import Wire

/// Messages that one side showed and the other has not, as digests, in spans that end at markers and at moments.
struct SeenDigests: Sendable {
  private struct Span: Sendable {
    /// How often each was seen.
    var counts: [Int: Int32] = [:]
    var number: Int
    /// What stood at its end.
    var marker: RecorderMarker?
    /// When it ended; milliseconds.
    var endedAt: Int64 = 0
  }

  /// Oldest first; what comes goes to the last one.
  private var spans = [Span(number: 0)]
  private(set) var count = 0

  mutating func add(_ digest: Int) {
    spans[spans.count - 1].counts[digest, default: 0] += 1
    count += 1
  }

  mutating func dropOldest() { drop(through: spans[0].number) }

  /// Takes one of them away, the oldest first; false if there is none.
  mutating func take(_ digest: Int) -> Bool {
    guard count > 0 else { return false }
    for index in spans.indices {
      guard let place = spans[index].counts.index(forKey: digest) else { continue }
      spans[index].counts.values[place] -= 1
      if spans[index].counts.values[place] == 0 { spans[index].counts.remove(at: place) }
      count -= 1
      return true
    }
    return false
  }

  /// Ends a span.
  ///
  /// - Returns: its number, by which it can be let go.
  @discardableResult
  mutating func close(_ marker: RecorderMarker? = nil, at now: Int64) -> Int {
    let last = spans.count - 1
    spans[last].marker = marker
    spans[last].endedAt = now
    let number = spans[last].number
    // A span without anything in it is only of use for its marker.
    if marker == nil, spans[last].counts.isEmpty { spans.removeLast() }
    spans.append(Span(number: number + 1))
    return number
  }

  func number(of marker: RecorderMarker) -> Int? { spans.last { $0.marker == marker }?.number }

  /// Lets go of all up to and including a span.
  mutating func drop(through number: Int) { drop { $0.number <= number } }

  /// Lets go of the spans that ended before a moment.
  mutating func drop(endedBefore moment: Int64) { drop { $0.endedAt < moment } }

  private mutating func drop(where isSpare: (Span) -> Bool) {
    let spare = spans.dropLast().prefix(while: isSpare)
    for span in spare { for (_, number) in span.counts { count -= Int(number) } }
    spans.removeFirst(spare.count)
  }
}
