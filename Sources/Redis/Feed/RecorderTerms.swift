import FleetModel
import Wire

/// When recorders were last seen to write, by their markers in the stream: one a second while messages flow.
struct RecorderTerms: Sendable {
  private var current: (fence: Int, last: Instant)?
  private var previousEnd: Instant?

  /// A marker was read.
  mutating func read(_ marker: RecorderMarker, at instant: Instant) {
    if let current, current.fence != marker.fence { previousEnd = current.last }
    current = (marker.fence, instant)
  }

  /// When the recorder before the one with this fence was last seen to write; nil if none was.
  func end(before fence: Int) -> Instant? { current?.fence == fence ? previousEnd : current?.last }
}
