import FleetModel
import Redis
import Wire

/// Reads the recorded entries at the end of the stream, to align what was heard with them.
///
/// It goes backwards to the latest marker that was heard too: only what stands behind it matters. Clocks have no say in
/// that, even if one was stepped, or messages came late. If no marker was heard, it goes back to where the first
/// message can have been written at the earliest.
final class RecordedReader {
  private let session: LeaseSession
  private var alignment: StreamAlignment
  private let earliest: StreamID
  private let completion: (Int) -> Void
  /// Digests of recorded entries, the latest first.
  private var digests: [Int] = []
  private var entries = 0
  /// Whether it has gone back far enough.
  private var isThrough = false

  private static let pageCount = 1000
  /// How far it goes back at most: more is not recorded in the seconds that are kept of what was heard.
  private static let mostEntries = 200_000

  /// - Parameters:
  ///   - start: before the first message of `heard` can have been written.
  ///   - completion: gets how many of `heard` are in the stream.
  init(_ session: LeaseSession, _ heard: RecordingBuffer, from start: Instant, _ completion: @escaping (Int) -> Void) {
    self.session = session
    self.completion = completion
    alignment = StreamAlignment(heard)
    earliest = StreamID(milliseconds: UInt64(max(0, start.milliseconds)))
  }

  func start() { read(before: "+") }

  private func read(before end: String) {
    let assembler = EntryAssembler(.range) { [self] in take($0) }
    let request = Request("XREVRANGE", session.keys.events, end, "-", "COUNT", Self.pageCount)
    session.connection.send(request, expecting: .entries(assembler)) { [self] result in
      guard !session.isOver, case .success = result else { return }
      entries += assembler.count
      let isMore = !isThrough && assembler.count == Self.pageCount && entries < Self.mostEntries
      guard isMore, let first = assembler.id else { return finish() }
      read(before: "(\(first)")
    }
  }

  private func take(_ entry: Entry) {
    guard !isThrough else { return }
    if entry.id < earliest, !alignment.hasMarkers {
      isThrough = true
      return
    }
    guard !entry.channel.isEmpty, let payload = entry.payload else { return }
    let digest = Handover.digest(entry.channel, payload)
    digests.append(digest)
    isThrough = alignment.hasMarker(digest)
  }

  private func finish() {
    for digest in digests.reversed() { alignment.read(digest) }
    completion(alignment.written)
  }
}
