import FleetModel

/// The questions that vigia itself asks an archive. Each asks for FINAL: a row that was sent twice counts once.
package struct ArchiveQueries {
  private let database: String

  package init(_ settings: ArchiveSettings) { database = settings.database }

  /// What an agent's metrics did: a line `name, begin, count, mean, min, max, p95` for each metric and step.
  ///
  /// - Parameters:
  ///   - stream: of events.
  ///   - step: in milliseconds, more than none.
  package func history(
    of agent: AgentID, in stream: [UInt8], from start: Instant, to end: Instant, step: Int64
  ) -> String {
    """
    SELECT name, intDiv(ms, \(step)) * \(step) AS begin,
      count(), avg(value), min(value), max(value), quantile(0.95)(value)
    FROM \(database).\(ArchiveTable.events.rows) FINAL
    ARRAY JOIN metric.name AS name, metric.value AS value
    WHERE stream = \(Self.literal(stream)) AND ms >= \(max(0, start.milliseconds)) AND ms < \(max(0, end.milliseconds))
      AND agent = \(Self.literal(agent.bytes)) AND source != 'vigia'
    GROUP BY name, begin ORDER BY name, begin FORMAT TabSeparated
    """
  }

  /// What a stream's rows come to: `rows, first, last`.
  package func summary(of stream: [UInt8], in table: ArchiveTable) -> String {
    """
    SELECT count(), min(ms), max(ms) FROM \(database).\(table.rows) FINAL
    WHERE stream = \(Self.literal(stream)) FORMAT TabSeparated
    """
  }

  /// A table's parts: a line `day, rows, bytes` for each day, the oldest first. Rows that were sent twice count twice.
  ///
  /// - Parameter end: only days before it.
  package func days(of table: ArchiveTable, before end: UInt64 = .max) -> String {
    """
    SELECT toUInt64(partition) AS day, sum(rows), sum(bytes_on_disk) FROM system.parts
    WHERE active AND database = '\(database)' AND table = '\(table.rows)' AND day < \(end)
    GROUP BY day ORDER BY day FORMAT TabSeparated
    """
  }

  package func drop(day: UInt64, of table: ArchiveTable) -> String {
    "ALTER TABLE \(database).\(table.rows) DROP PARTITION \(day)"
  }

  /// Whether the one who asks may write, and whether the server takes FINAL as a setting: lines `name, value`.
  package static let capabilities =
    "SELECT name, value FROM system.settings WHERE name IN ('readonly', 'final') FORMAT TabSeparated"

  /// A text in a statement: every byte but letters and digits by its number, so that nothing in it can end it.
  static func literal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text = [UInt8(ascii: "'")]
    for byte in bytes {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: text.append(byte)
      default: text += [UInt8(ascii: "\\"), UInt8(ascii: "x"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: text + [UInt8(ascii: "'")], as: UTF8.self)
  }
}
