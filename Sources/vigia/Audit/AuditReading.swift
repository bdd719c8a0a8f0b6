import FleetModel
import Redis
import Wire

/// What is made of the audit, line by line, oldest first.
protocol AuditReader {
  /// What was asked for is not there to its beginning, but from then on.
  mutating func beginsLate(at instant: Instant)
  mutating func take(_ found: Result<AuditLine, Unreadable>, _ id: StreamID)
  /// Ends; gives what could not be read, nil if all was.
  mutating func finish() -> String?
}

/// Reads the audit of all shards in slices, each dealt with before the next is asked for: however long the audit is,
/// little of it is held.
///
/// A class, since the answers to its questions find their way back to it.
final class AuditReading<Reader: AuditReader> {
  private let fleet: FleetQuery
  private let since: TimeSpan
  private var report: Reader
  private var sources: [Source]

  /// How far one shard's audit is read.
  private struct Source {
    let part: RedisQuery
    var bite = BatchSize()
    /// The last entry that there was when it began; nil if the server does not say.
    var end: StreamID?
    /// When the oldest entry was added, if what is older and was asked for was trimmed.
    var beginsLate: Instant?
  }

  init(_ fleet: FleetQuery, since: TimeSpan, report: Reader) {
    (self.fleet, self.since, self.report) = (fleet, since, report)
    sources = fleet.parts.map { Source(part: $0) }
  }

  func start() {
    let start = max(Instant.epoch, fleet.now - since)
    fleet.ask({ Request("XINFO", "STREAM", $0.audit) }) { [self] answers in
      for index in sources.indices {
        guard let reply = answers.first(where: { $0.part === sources[index].part })?.reply,
          let info = StreamInfo(reply)
        else { continue }
        sources[index].end = info.lastID
        if let first = info.firstID, first.instant > start, info.added.map({ $0 > info.length }) ?? false {
          sources[index].beginsLate = first.instant
        }
      }
      if let late = sources.compactMap(\.beginsLate).max() { report.beginsLate(at: late) }
      read(from: StreamID(milliseconds: UInt64(clamping: start.milliseconds)))
    }
  }

  private func read(from start: StreamID) {
    let reading = MergedReading<Result<AuditLine, Unreadable>>(sources.count) { [self] index, last, completion in
      guard last.map({ $0 < $0.next() }) ?? true else { return completion([], true) }
      fetch(index, from: last?.next() ?? start, completion)
    } take: { [self] _, id, line in
      report.take(line, id)
    } finish: { [self] in
      finish()
    }
    reading.start()
  }

  private func fetch(
    _ index: Int, from start: StreamID,
    _ completion: @escaping ([MergedReading<Result<AuditLine, Unreadable>>.Found], Bool) -> Void
  ) {
    let part = sources[index].part
    var found: [MergedReading<Result<AuditLine, Unreadable>>.Found] = []
    let assembler = EntryAssembler(.range) { found.append(($0.id, AuditReport.read($0))) }
    let end = sources[index].end.map { "\($0)" } ?? "+"
    let request = Request("XRANGE", part.keys.audit, start, end, "COUNT", sources[index].bite.count)
    part.send(request, expecting: .entries(assembler)) { [self] _ in
      completion(found, !sources[index].bite.took(assembler.count, bytes: assembler.bytes))
    } orElse: {
      completion([], true)
    }
  }

  private func finish() {
    if let fault = report.finish() { fleet.complain("audit", fault) }
    fleet.end()
  }
}
