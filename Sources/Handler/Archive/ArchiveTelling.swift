import Logging
import Loop

/// Says what becomes of a stream's rows: in the log, in the counts, and at consoles if nothing is stored for long.
final class ArchiveTelling {
  private let stream: [UInt8]
  private let session: LeaseSession
  private let warn: (String?) -> Void
  private var failingSince: MonotonicTime?
  /// What was said of a failure last: each is said once.
  private var said: String?

  /// From when on consoles are told.
  private static let warnMilliseconds = 30_000.0

  init(_ stream: [UInt8], _ session: LeaseSession, _ warn: @escaping (String?) -> Void) {
    (self.stream, self.session, self.warn) = (stream, session, warn)
  }

  private var name: String { String(decoding: stream, as: UTF8.self) }

  func lost(_ count: Int, isAtLeast: Bool) {
    session.log(
      .warning, "entries were trimmed before they were archived",
      ["stream": name, "count": "\(count)", "is": isAtLeast ? "at least" : "exactly"])
  }

  func failed(_ reason: String, what: String) {
    session.counts.noteArchiveFailure(stream)
    let since = failingSince ?? .now
    failingSince = since
    if said != reason {
      said = reason
      session.log(.warning, "the archive does not take rows; trying again", ["stream": name, "reason": reason])
    }
    let failing = MonotonicTime.now.milliseconds(since: since)
    guard failing >= Self.warnMilliseconds else { return }
    warn("the archive has taken no \(what) for \(Int(failing / 1000)) s: \(reason)")
  }

  func stored(rows: Int, _ refused: [BatchSender.Refusal]) {
    session.counts.noteArchived(stream, rows: rows, refused: refused.count)
    for refusal in refused {
      session.log(
        .error, "the archive refuses a row, which is left out",
        ["stream": name, "entry": "\(refusal.entry)", "reason": refusal.reason])
    }
    if said != nil { session.log(.info, "the archive takes rows again", ["stream": name]) }
    if failingSince != nil { warn(nil) }
    (failingSince, said) = (nil, nil)
  }
}
