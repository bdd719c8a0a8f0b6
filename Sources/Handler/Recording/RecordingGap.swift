import FleetModel
import Logging
import Loop
import Wire

/// A span in which the recorder of a term heard nothing: what was published on channels then stands nowhere.
///
/// It is told in the log, and as the audit line of a run `recording/<from>/<to>`, epoch ms, by which consoles show it.
struct RecordingGap {
  let keys: Keys
  let log: Log
  private var since: MonotonicTime?
  /// How many there were, and how long all of them together.
  private(set) var count = 0
  private(set) var total = TimeSpan.zero

  init(keys: Keys, log: Log) {
    self.keys = keys
    self.log = log
  }

  /// - Parameter heardAt: when something was heard last.
  mutating func begin(at heardAt: MonotonicTime) { since = since ?? heardAt }

  /// Another records from here on, or nobody: whoever does tells what was missed.
  mutating func forget() { since = nil }

  /// Channels are heard again.
  mutating func end(in session: LeaseSession) {
    guard let since else { return }
    self.since = nil
    let length = TimeSpan(milliseconds: max(0, Int64(MonotonicTime.now.milliseconds(since: since))))
    let end = session.now
    session.tell(.unheard(from: end - length, to: end))
    count += 1
    total = TimeSpan(milliseconds: total.milliseconds + length.milliseconds)
    log(
      .warning, "the channels were not heard; what was published on them then is not recorded",
      ["milliseconds": "\(length.milliseconds)", "gaps": "\(count)", "altogether": "\(total)"])
    var transaction = Transaction()
    transaction.add(line(from: end - length, to: end, length, session), keys)
    session.run(transaction) { outcome in
      if case .failed(let error) = outcome { session.log(.error, "cannot tell of a gap", ["error": error.text]) }
    }
  }

  private func line(from start: Instant, to end: Instant, _ length: TimeSpan, _ session: LeaseSession) -> AuditLine {
    AuditLine(
      origin: .run("\(AuditLine.recordingGapPrefix)\(start.milliseconds)/\(end.milliseconds)"), phase: .unknown,
      action: "record",
      detail: "the channels were not heard for \(length): what was published on them then is not recorded",
      handler: session.options.id, at: end, source: String(decoding: keys.events, as: UTF8.self))
  }
}
