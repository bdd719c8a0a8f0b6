import FleetModel
import Redis
import Wire

/// Adds up once more what was reported in the last minutes before the cursor: a handler that died had not written them.
///
/// Each minute is written whole or not at all, and one that is added up twice comes to the same.
final class MinuteMemory {
  private let session: LeaseSession
  private let judge: EventProcessor
  private let reader: EventReader
  private var entries = 0
  private var bytes = 0

  private static let span = TimeSpan.minutes(2)
  /// More is not read: a takeover must not take long. Of a flood some samples of the last minutes are lost.
  private static let most = (entries: 50_000, bytes: 32 << 20)
  private static let page = 2000

  init(session: LeaseSession, judge: EventProcessor) {
    self.session = session
    self.judge = judge
    reader = EventReader(metrics: session.options.metrics)
  }

  /// - Parameter last: the entry up to which events have been read.
  func recall(upTo last: StreamID, _ completion: @escaping () -> Void) {
    guard judge.minutes != nil else { return completion() }
    let minute = (last.instant - Self.span).milliseconds / 60_000 * 60_000
    read(from: StreamID(milliseconds: UInt64(max(0, minute))), through: last, completion)
  }

  private func read(from start: StreamID, through end: StreamID, _ done: @escaping () -> Void) {
    var last = start
    let assembler = EntryAssembler(.range) { [self] entry in
      last = entry.id
      take(entry)
    }
    let request = Request("XRANGE", session.keys.events, start, end, "COUNT", Self.page)
    session.connection.send(request, expecting: .entries(assembler)) { [self] result in
      guard !session.isOver, case .success(let reply) = result else { return }
      entries += assembler.count
      bytes += assembler.bytes
      let isEnough = entries >= Self.most.entries || bytes >= Self.most.bytes
      if reply.error != nil || assembler.count < Self.page || isEnough { return done() }
      read(from: last.next(), through: end, done)
    }
  }

  private func take(_ entry: Entry) {
    // What was unreadable has been put aside before.
    try? reader.read(entry, receivedAt: entry.id.instant.noLater(than: session.now)) { event in
      if let position = judge.position(of: event) { judge.minutes?.note(event, at: position) }
    }
  }
}
