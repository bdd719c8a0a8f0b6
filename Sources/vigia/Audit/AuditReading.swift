import FleetModel
import Redis
import Wire

/// Reads the audit in slices, each printed before the next is asked for: however long the audit is, little of it is held.
///
/// A class, since the answers to its questions find their way back to it.
final class AuditReading {
  private let query: RedisQuery
  private let since: TimeSpan
  private var report: AuditReport
  private var bite = BatchSize()
  /// The last entry that there was when it began; nil if the server does not say.
  private var end: StreamID?

  init(_ query: RedisQuery, since: TimeSpan, report: AuditReport) {
    self.query = query
    self.since = since
    self.report = report
  }

  func start() {
    let start = max(Instant.epoch, query.now - since)
    query.ask(Request("XINFO", "STREAM", query.keys.audit)) { [self] reply in
      if let info = StreamInfo(reply) {
        end = info.lastID
        if let first = info.firstID, first.instant > start, info.added.map({ $0 > info.length }) ?? false {
          report.beginsLate(at: first.instant)
        }
      }
      read(from: StreamID(milliseconds: UInt64(clamping: start.milliseconds)))
    }
  }

  private func read(from start: StreamID) {
    var last: StreamID?
    let assembler = EntryAssembler(.range) { [self] entry in
      last = entry.id
      report.take(entry)
    }
    let request = Request(
      "XRANGE", query.keys.audit, start, end.map { "\($0)" } ?? "+", "COUNT", bite.count)
    query.send(request, expecting: .entries(assembler)) { [self] _ in
      let isFull = bite.took(assembler.count, bytes: assembler.bytes)
      guard isFull, let last, last < last.next() else { return finish() }
      read(from: last.next())
    }
  }

  private func finish() {
    if let fault = report.finish() { query.complain("audit", fault) }
    query.end()
  }
}
