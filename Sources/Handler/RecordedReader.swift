import FleetModel
import Redis
import Wire

/// Reads the recorded entries at the end of the stream, to align what was heard with them.
final class RecordedReader {
  private let term: Term
  private var alignment: Alignment
  private var next: StreamID
  /// Nobody but this handler has recorded anything after this entry.
  private var end = StreamID.zero
  private let completion: (Int) -> Void
  private static let pageCount = 1000

  /// - Parameters:
  ///   - start: before the first message of `heard` can have been written.
  ///   - completion: gets how many of `heard` are in the stream.
  init(_ term: Term, _ heard: HeardBuffer, from start: Instant, _ completion: @escaping (Int) -> Void) {
    self.term = term
    self.completion = completion
    alignment = Alignment(heard)
    next = StreamID(milliseconds: UInt64(max(0, start.milliseconds)))
  }

  func start() {
    term.connection.send(Request("XINFO", "STREAM", term.keys.events)) { [self] result in
      guard !term.isOver, case .success(let reply) = result else { return }
      guard let last = StreamInfo(reply)?.lastID else { return completion(alignment.written) }
      end = last
      // Where somebody has added an entry with an id of the future, all since then count on from that.
      if last.instant - term.now > ServerClock.doubt {
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
    let request = Request("XRANGE", term.keys.events, next, end, "COUNT", Self.pageCount)
    term.connection.send(request, expecting: .entries(assembler)) { [self] result in
      guard !term.isOver, case .success = result else { return }
      if assembler.count < Self.pageCount { completion(alignment.written) } else { read() }
    }
  }
}
