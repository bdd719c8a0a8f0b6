/// What became of the entries of a stream that were to be archived.
struct ArchiveSums: Equatable {
  /// Stored; one that a successor sends again counts again.
  var rows = 0
  /// Which the archive cannot take.
  var refused = 0
  /// Which were trimmed before.
  var lost = 0
  /// Batches that were stored, and attempts that failed.
  var batches = 0
  var failures = 0
}
