import FleetModel
import Redis
import Wire

/// Recalls the `event_id`s of the last ten minutes before the cursor, so that what is said a second time after a takeover
/// is not taken for new.
///
/// It reads the stream backward in slices of time, each forward, until enough has been read.
final class EventIDMemory {
  private let session: LeaseSession
  private let judge: EventProcessor
  private let reader = EventReader()
  private var entries = 0
  private var bytes = 0
  private var ids = 0

  private static let span = TimeSpan.minutes(10)
  /// More is not read: a takeover must not take long.
  private static let most = (entries: 300_000, bytes: 128 << 20)
  /// Whose publishers set no ids in so many events set none.
  private static let sample = 20_000
  private static let page = 2000

  init(session: LeaseSession, judge: EventProcessor) {
    self.session = session
    self.judge = judge
  }

  /// - Parameters:
  ///   - last: the entry up to which events have been read.
  ///   - again: from where entries are going to be read once more; what stands before is told apart.
  func recall(upTo last: StreamID, again: StreamID?, _ completion: @escaping () -> Void) {
    let first = StreamID(milliseconds: UInt64(max(0, (last.instant - Self.span).milliseconds)))
    // A short one first: what is beyond the most is the end of a slice, and the end is the newest.
    recall(slice: .seconds(1), through: last, downTo: first, again: again, completion)
  }

  private func recall(
    slice: TimeSpan, through end: StreamID, downTo first: StreamID, again: StreamID?, _ completion: @escaping () -> Void
  ) {
    let start = StreamID(milliseconds: UInt64(max(0, (end.instant - slice).milliseconds)))
    let before = entries
    read(from: max(first, start), through: end, again: again) { [self] in
      guard !isEnough, start > first, start.milliseconds > 0 else { return completion() }
      // Where little was said a longer slice costs no more.
      let next = entries - before < Self.page ? TimeSpan(milliseconds: slice.milliseconds * 2) : slice
      let rest = StreamID(milliseconds: start.milliseconds - 1, sequence: .max)
      recall(slice: next, through: rest, downTo: first, again: again, completion)
    }
  }

  private var isEnough: Bool {
    entries >= Self.most.entries || bytes >= Self.most.bytes || (ids == 0 && entries >= Self.sample)
  }

  /// Reads a slice to its end, or until it is enough.
  private func read(from start: StreamID, through end: StreamID, again: StreamID?, _ done: @escaping () -> Void) {
    var last = start
    let assembler = EntryAssembler(.range) { [self] entry in
      last = entry.id
      take(entry, again: again)
    }
    let request = Request("XRANGE", session.keys.events, start, end, "COUNT", Self.page)
    session.connection.send(request, expecting: .entries(assembler)) { [self] result in
      guard !session.isOver, case .success(let reply) = result else { return }
      entries += assembler.count
      bytes += assembler.bytes
      if reply.error != nil || assembler.count < Self.page || isEnough { return done() }
      read(from: last.next(), through: end, again: again, done)
    }
  }

  private func take(_ entry: Entry, again: StreamID?) {
    // What was unreadable has been put aside before.
    try? reader.read(entry, receivedAt: entry.id.instant) { event in
      guard event.eventID.isPresent, let id = event.raw(event.eventID) else { return }
      ids += 1
      judge.recall(id, at: entry.id.instant, isBeforeAgain: again.map { entry.id < $0 } ?? false)
    }
  }
}
