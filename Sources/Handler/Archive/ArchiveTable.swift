/// A table of the archive.
///
/// ```text
/// event_rows, audit_rows   a row an entry, by stream and id; one that was sent twice counts once where FINAL is asked for
/// events, audit            the same as views that ask for FINAL
/// findings                 what handlers said of agents by themselves
/// ```
/// Milliseconds are whole numbers, since an id may be anything. A part holds the rows of a day: a row that is sent twice
/// comes to the same part, where the server finds both. Ids beyond the year 2149 share one, so that nobody can have it make
/// a part for each of them.
package enum ArchiveTable: String, CaseIterable, Sendable {
  case events, audit

  /// The table that holds the rows.
  package var rows: String {
    switch self {
    case .events: "event_rows"
    case .audit: "audit_rows"
    }
  }

  /// Its columns besides the entry's place, and their types.
  var columns: [(name: String, type: String)] {
    switch self {
    case .events:
      [
        ("agent", "String"), ("type", "String"), ("source", "String"), ("severity", "String"), ("channel", "String"),
        ("fault", "String"), ("`metric.name`", "Array(String)"), ("`metric.value`", "Array(Float64)"),
        ("data", "String"),
      ]
    case .audit:
      [
        ("command_id", "String"), ("run_id", "String"), ("rule", "String"), ("phase", "String"), ("action", "String"),
        ("target", "String"), ("operator", "String"), ("reason", "String"), ("detail", "String"),
        ("handler", "String"), ("fault", "String"), ("data", "String"),
      ]
    }
  }

  private static let place = [("stream", "String"), ("ms", "UInt64"), ("seq", "UInt64")]

  /// Milliseconds of a day, and the last day that has a part of its own.
  package static let day: UInt64 = 86_400_000
  package static let lastDay: UInt64 = 65_535

  /// The day that the row of an entry belongs to, which is the name of its part.
  package static func day(ofMilliseconds milliseconds: UInt64) -> UInt64 { min(milliseconds / day, lastDay) }

  /// What rows of JSON stand behind.
  func insert(into database: String) -> String {
    let names = (Self.place.map(\.0) + columns.map(\.name)).joined(separator: ", ")
    return "INSERT INTO \(database).\(rows) (\(names)) FORMAT JSONEachRow\n"
  }

  /// - Parameter deduplicates: whether the server can let go of a block that it has had.
  func creation(in database: String, deduplicates: Bool) -> String {
    let columns = (Self.place + self.columns.map { ($0.name, $0.type) }).map { "  \($0) \($1)" }
    return """
      CREATE TABLE IF NOT EXISTS \(database).\(rows) (
      \(columns.joined(separator: ",\n"))
      ) ENGINE = ReplacingMergeTree
      PARTITION BY least(intDiv(ms, \(Self.day)), \(Self.lastDay))
      ORDER BY (stream, ms, seq)
      """ + (deduplicates ? "\nSETTINGS non_replicated_deduplication_window = 1000" : "")
  }

  func view(in database: String) -> String {
    let names = ["stream", "ms", "seq", "toDateTime(intDiv(ms, 1000)) AS time"] + columns.map(\.name)
    return """
      CREATE VIEW IF NOT EXISTS \(database).\(rawValue) AS
      SELECT \(names.joined(separator: ", "))
      FROM \(database).\(rows) FINAL
      """
  }
}
