/// The statements that make an archive. Each may be run again: what is there stays.
package enum ArchiveStatements {
  /// By which a server knows a block again that it has had.
  static let tokenSetting = "insert_deduplication_token"

  /// Whether a server knows that setting: it answers with a count.
  package static let deduplicationQuestion = "SELECT count() FROM system.settings WHERE name = '\(tokenSetting)'"

  /// - Parameter deduplicates: whether the server can let go of a block that it has had.
  package static func creation(in database: String, deduplicates: Bool) -> [String] {
    ["CREATE DATABASE IF NOT EXISTS \(database)"]
      + ArchiveTable.allCases.flatMap {
        [$0.creation(in: database, deduplicates: deduplicates), $0.view(in: database)]
      } + [findings(in: database)]
  }

  /// What handlers say of agents by themselves stands among the events.
  private static func findings(in database: String) -> String {
    let types = [
      "agent.silent", "agent.anomaly", "agent.runaway", "agent.health_critical", "agent.predictive_alert",
      "agent.budget", "agent.version_worse",
    ]
    return """
      CREATE VIEW IF NOT EXISTS \(database).findings AS
      SELECT stream, ms, seq, toDateTime(intDiv(ms, 1000)) AS time, agent, type, severity, data
      FROM \(database).\(ArchiveTable.events.rows) FINAL
      WHERE source = 'vigia' AND type IN (\(types.map { "'\($0)'" }.joined(separator: ", ")))
      """
  }
}
