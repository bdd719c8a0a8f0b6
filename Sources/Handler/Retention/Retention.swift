import FleetModel
import Redis
import Wire

/// Keeps the streams within their bounds of age and bytes, and the other keys as far as they can be done without; and
/// says when these, or the server's memory, go beyond theirs.
///
/// By age nothing is trimmed that this handler has not had, or has still to archive. By bytes it is, since a server out of memory loses more: what
/// was trimmed unread is counted by whoever reads on, see `StreamPlace` and `TrimmedCommandCounter`.
package final class Retention {
  private let session: LeaseSession
  /// As they are now: they may change within a term.
  private var bounds: RetentionBounds { session.options.retention }
  /// How far events have been read, and which streams hold commands.
  private let cursor: () -> StreamID?
  private let commandStreams: () -> [[UInt8]]
  /// The first entry of a stream that may still have to be archived; nil if none has.
  private let unarchived: (_ stream: [UInt8]) -> StreamID?
  private var trimmers: [[UInt8]: StreamTrimmer] = [:]
  private let survey: KeySurvey
  private let memory: MemoryWatch

  /// - Parameter warn: told what is wrong with the server's memory, under a name; nil if nothing is any more.
  init(
    session: LeaseSession, cursor: @escaping () -> StreamID?, commandStreams: @escaping () -> [[UInt8]],
    unarchived: @escaping (_ stream: [UInt8]) -> StreamID? = { _ in nil },
    warn: @escaping (_ subject: String, _ words: String?) -> Void
  ) {
    self.session = session
    self.cursor = cursor
    self.commandStreams = commandStreams
    self.unarchived = unarchived
    survey = KeySurvey(session: session) { warn("keys", $0) }
    memory = MemoryWatch(session: session) { warn("memory", $0) }
  }

  func start() {
    let keys = session.keys
    trim(keys.events, { $0.events }) { [weak self] spared in
      let unread = self?.cursor() ?? .zero
      spared(min(unread, self?.unarchived(keys.events) ?? unread))
    }
    trim(keys.audit, { $0.audit }) { [weak self] in $0(self?.unarchived(keys.audit)) }
    let unread: [(stream: [UInt8], age: (RetentionBounds) -> TimeSpan)] = [
      (keys.control, { $0.control }), (keys.dead, { $0.dead }),
      (keys.reports, { $0.reports }),
    ]
    for (stream, age) in unread { trim(stream, age, sparing: { $0(nil) }) }
    lookForCommandStreams()
    survey.start()
    memory.start()
  }

  /// Operators may have streams of their own, and new ones at any time.
  private func lookForCommandStreams() {
    for stream in commandStreams() where trimmers[stream] == nil {
      trim(stream, { $0.commands }, sparing: { [weak self] in self?.unacknowledged(stream, $0) })
    }
    session.later(inMilliseconds: min(bounds.every.milliseconds, 1000)) { [weak self] in self?.lookForCommandStreams() }
  }

  private func trim(
    _ stream: [UInt8], _ age: @escaping (RetentionBounds) -> TimeSpan, sparing: @escaping StreamTrimmer.Sparing
  ) {
    let trimmer = StreamTrimmer(session: session, stream: stream, age: age, sparing: sparing)
    trimmers[stream] = trimmer
    trimmer.look()
  }

  /// The first command that nobody has acknowledged, or the last that was handed out.
  private func unacknowledged(_ stream: [UInt8], _ completion: @escaping (StreamID?) -> Void) {
    session.read([Request("XPENDING", stream, Keys.group), Request("XINFO", "GROUPS", stream)]) { replies in
      guard let summary = replies[0].elements, summary.count >= 2 else { return completion(.zero) }
      let group = replies[1].elements?.first { $0.field("name")?.bytes == Keys.group }
      let delivered = group?.field("last-delivered-id")?.bytes.flatMap { StreamID($0) } ?? .zero
      completion(summary[1].bytes.flatMap { StreamID($0) } ?? delivered)
    }
  }
}
