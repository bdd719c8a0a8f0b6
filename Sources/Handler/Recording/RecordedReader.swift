import FleetModel
import Redis
import Wire

/// Reads the recorded entries at the end of the stream, to align what was heard with them.
final class RecordedReader {
  private let session: LeaseSession
  private var alignment: StreamAlignment
  private var next: StreamID
  /// Nobody but this handler has recorded anything after this entry.
  private var end = StreamID.zero
  private let completion: (Int) -> Void
  private static let pageCount = 1000

  /// - Parameters:
  ///   - start: before the first message of `heard` can have been written.
  ///   - completion: gets how many of `heard` are in the stream.
  init(_ session: LeaseSession, _ heard: RecordingBuffer, from start: Instant, _ completion: @escaping (Int) -> Void) {
    self.session = session
    self.completion = completion
    alignment = StreamAlignment(heard)
    next = StreamID(milliseconds: UInt64(max(0, start.milliseconds)))
  }

  func start() {
    session.connection.send(Request("XINFO", "STREAM", session.keys.events)) { [self] result in
      guard !session.isOver, case .success(let reply) = result else { return }
      guard let last = StreamInfo(reply)?.lastID else { return completion(alignment.written) }
      end = last
      // If somebody has added an entry with an id of the future, all since then count on from that.
      if last.instant - session.now > ServerClock.doubt {
        let sequence = last.sequence - min(last.sequence, Self.mostAfterLeap)
        next = max(next, StreamID(milliseconds: last.milliseconds, sequence: sequence))
      }
      read()
    }
  }

  private static let mostAfterLeap: UInt64 = 200_000

  private func read() {
    let assembler = EntryAssembler(.range) { [self] entry in
      next = entry.id.next()
      guard !entry.channel.isEmpty, let payload = entry.payload else { return }
      alignment.read(Handover.digest(entry.channel, payload))
    }
    let request = Request("XRANGE", session.keys.events, next, end, "COUNT", Self.pageCount)
    session.connection.send(request, expecting: .entries(assembler)) { [self] result in
      guard !session.isOver, case .success = result else { return }
      if assembler.count < Self.pageCount { completion(alignment.written) } else { read() }
    }
  }
}
