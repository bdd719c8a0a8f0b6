import FleetModel
import Wire

/// Reads events, one after the other, into the same memory: half a kilobyte that need not be copied with each.
///
/// A class, since it owns that memory.
package final class EventReader {
  /// Takes an event; it and its bytes are valid only during the call.
  package typealias Take = (borrowing Event) -> Void

  private var decoder: EventDecoder
  private let event: UnsafeMutablePointer<Event>

  /// - Parameter metrics: the open metrics that it looks for.
  package init(metrics: MetricTable = .builtIn) {
    decoder = EventDecoder(metrics: metrics)
    event = .allocate(capacity: 1)
    event.initialize(to: Event(bytes: UnsafeRawBufferPointer(start: nil, count: 0), receivedAt: .epoch))
  }

  deinit {
    event.deinitialize(count: 1)
    event.deallocate()
  }

  /// Looks for other open metrics from now on.
  package func setMetrics(_ metrics: MetricTable) { decoder = EventDecoder(metrics: metrics) }

  /// Reads what was published on a channel.
  package func read(
    _ payload: UnsafeRawBufferPointer, channel: UnsafeRawBufferPointer, receivedAt: Instant, _ take: Take
  ) throws(Unreadable) {
    try decoder.decode(payload, channel: channel, receivedAt: receivedAt, into: &event.pointee)
    take(event.pointee)
  }

  /// Reads an entry of a stream.
  package func read(_ entry: Entry, receivedAt: Instant, _ take: Take) throws(Unreadable) {
    if entry.isOversized { throw .tooLong }
    if let payload = entry.payload {
      return try read(payload, channel: entry.channel, receivedAt: receivedAt, take)
    }
    event.pointee = try decoder.decode(fields: entry.fields, receivedAt: receivedAt)
    take(event.pointee)
  }
}
