import Exposition

/// What a handler that archives tells of it.
extension HandlerFamilies {
  static let archivedRows = MetricFamily(
    "vigia_archive_rows", .counter, labels: ["stream"],
    "Rows that the archive has taken, those that were sent again included")
  static let archiveBatches = MetricFamily(
    "vigia_archive_batches", .counter, labels: ["stream", "result"], "Attempts to have the archive take a batch of rows"
  )
  static let archiveRefused = MetricFamily(
    "vigia_archive_refused_rows", .counter, labels: ["stream"],
    "Rows that the archive cannot take and that were left out")
  static let archiveLost = MetricFamily(
    "vigia_archive_lost_entries", .counter, labels: ["stream"], "Entries that were trimmed before they were archived")
  static let archiveLag = MetricFamily(
    "vigia_archive_lag_seconds", .gauge, unit: .seconds, labels: ["stream"],
    "Time between the last entry of the stream and the last one that is archived")
}
