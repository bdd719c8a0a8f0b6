import Wire

/// Rows that are sent at once. Where it ends follows from the entries alone.
final class ArchiveBatch {
  private(set) var rows: RowBuffer
  /// The entry of each row.
  private(set) var ids: [StreamID] = []
  private var days: Set<UInt64> = []

  private static let mostRows = 20_000
  private static let mostBytes = 8 << 20
  /// A server makes a part for each day of a block, and refuses more than a hundred by default.
  private static let mostDays = 50

  /// - Parameter statement: what its rows stand behind.
  init(_ statement: String) { rows = RowBuffer(statement) }

  var isEmpty: Bool { ids.isEmpty }

  /// Whether the row of an entry still belongs to it.
  func hasRoom(for id: StreamID) -> Bool {
    guard ids.count < Self.mostRows, rows.count < Self.mostBytes else { return false }
    return days.count < Self.mostDays || days.contains(ArchiveTable.day(ofMilliseconds: id.milliseconds))
  }

  func add(_ id: StreamID, _ write: (inout RowBuffer) -> Void) {
    ids.append(id)
    days.insert(ArchiveTable.day(ofMilliseconds: id.milliseconds))
    write(&rows)
  }

  func removeAll() {
    rows.removeAll()
    ids.removeAll(keepingCapacity: true)
    days.removeAll(keepingCapacity: true)
  }
}
