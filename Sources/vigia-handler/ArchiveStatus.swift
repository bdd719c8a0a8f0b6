import ArgumentParser
import FleetModel
import Handler
import Loop
import Redis
import RedisArguments
import Screen
import Wire

extension ArchiveCommand {
  /// `archive status`: how far each stream is archived, and what the archive holds.
  struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Tell how far the streams are archived, what was lost, and what the archive holds.")

    @OptionGroup var redis: RedisOptions
    @OptionGroup var prefixing: PrefixOptions
    @OptionGroup var options: Options

    func run() throws {
      let session = try options.session()
      let keys = Keys(try prefixing.chosen())
      let endpoint = try redis.endpoint().holding(keys.prefix)
      try ArchiveCommand.attempt { () throws(ArchiveSession.Refusal) in
        let standing = try ArchiveStanding.read(keys, endpoint, on: session.loop)
        let parameters = try session.readingParameters()
        for table in ArchiveTable.allCases {
          let stream = ArchiveStanding.stream(of: table, keys)
          let summary = try session.rows(
            ArchiveQueries(session.settings).summary(of: stream, in: table), as: session.settings.reader, parameters)
          let days = try session.rows(
            ArchiveQueries(session.settings).days(of: table), as: session.settings.reader, parameters)
          print(Scrubber.display(Self.held(table, summary.first ?? [], days)))
          for line in standing.lines(of: table) { print("  \(Scrubber.display(line))") }
        }
      }
    }

    private static func held(_ table: ArchiveTable, _ summary: [Substring], _ days: [[Substring]]) -> String {
      guard summary.count == 3, let rows = Int(summary[0]), rows > 0 else { return "\(table.rawValue)  no rows yet" }
      let bytes = days.reduce(0) { $0 + ($1.count == 3 ? Int($1[2]) ?? 0 : 0) }
      func time(_ text: Substring) -> String {
        ISO8601.format(Instant(milliseconds: Int64(clamping: UInt64(text) ?? 0)))
      }
      let size = Double(bytes).short
      return "\(table.rawValue)  \(rows) rows from \(time(summary[1])) to \(time(summary[2])), "
        + "\(days.count) day\(days.count == 1 ? "" : "s"), \(size)\(size.contains(" ") ? "" : " ")B on disk"
    }
  }
}

/// How far streams are archived, as Redis has it.
struct ArchiveStanding {
  private var cursors: [ArchiveTable: ArchiveCursor] = [:]
  private var streams: [ArchiveTable: StreamInfo] = [:]

  static func stream(of table: ArchiveTable, _ keys: Keys) -> [UInt8] {
    switch table {
    case .events: keys.events
    case .audit: keys.audit
    }
  }

  /// Asks Redis, and waits for the answers.
  static func read(
    _ keys: Keys, _ endpoint: Endpoint, on loop: Loop
  ) throws(ArchiveSession.Refusal) -> ArchiveStanding {
    var standing = ArchiveStanding()
    var failure: ConnectionFailure?
    var answers = 0
    let requests = ArchiveTable.allCases.map { table in
      let stream = stream(of: table, keys)
      return (table, Request("HGET", keys.cursor, ArchiveCursor.field(stream)), Request("XINFO", "STREAM", stream))
    }
    let link = Link(loop: loop, endpoint: endpoint) { notice in
      switch notice {
      case .down(let reason): failure = reason
      case .up(let connection):
        for (table, cursor, info) in requests {
          connection.send(cursor) { result in
            if case .success(let reply) = result { standing.cursors[table] = reply.bytes.flatMap { ArchiveCursor($0) } }
          }
          connection.send(info) { result in
            if case .success(let reply) = result { standing.streams[table] = StreamInfo(reply) }
            answers += 1
          }
        }
      }
    }
    link.start()
    while answers < requests.count, failure == nil { loop.turn(atMostMilliseconds: 1000) }
    link.stop()
    if let failure { throw ArchiveSession.Refusal(description: "cannot ask Redis at \(endpoint): \(failure)") }
    return standing
  }

  func lines(of table: ArchiveTable) -> [String] {
    guard let cursor = cursors[table] else { return ["no handler has archived any yet"] }
    var lines = [progress(cursor, streams[table])]
    if cursor.lost > 0 {
      let count = cursor.isLostAtLeast ? "at least \(cursor.lost)" : "\(cursor.lost)"
      lines.append("\(count) entries were trimmed before they were archived")
    }
    if cursor.refused > 0 { lines.append("\(cursor.refused) entries were refused by the archive") }
    return lines
  }

  private func progress(_ cursor: ArchiveCursor, _ info: StreamInfo?) -> String {
    guard let info, info.lastID > cursor.last else { return "all is archived, up to \(cursor.last)" }
    let rest =
      info.added.flatMap { added in cursor.count.map { max(0, added - $0) } }.map { "\($0) entries" } ?? "entries"
    let behind = max(0, (info.lastID.instant - cursor.last.instant).milliseconds / 1000)
    return "archived up to \(cursor.last); \(rest) wait"
      + (cursor.last > .zero ? ", \(TimeSpan.seconds(behind)) of them" : "")
  }
}
