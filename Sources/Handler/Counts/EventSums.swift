import FleetModel

/// How many events were read of each kind, and how many were not used.
struct EventSums: Equatable {
  private(set) var byKind = [Int](repeating: 0, count: EventKind.allCases.count)
  private(set) var duplicates = 0
  private(set) var unreadable = 0
  private(set) var suspect = 0

  init() {}

  init(_ counts: EventCounts) {
    for kind in EventKind.allCases { byKind[Int(kind.rawValue)] = counts.byKind[Int(kind.rawValue)] }
    (duplicates, unreadable, suspect) = (counts.duplicates, counts.unreadableTotal, counts.suspect)
  }

  subscript(kind: EventKind) -> Int { byKind[Int(kind.rawValue)] }

  mutating func add(_ other: EventSums) {
    for index in byKind.indices { byKind[index] += other.byKind[index] }
    duplicates += other.duplicates
    unreadable += other.unreadable
    suspect += other.suspect
  }

  /// What came after an earlier moment.
  func since(_ earlier: EventSums) -> EventSums {
    var rest = self
    for index in byKind.indices { rest.byKind[index] = max(0, byKind[index] - earlier.byKind[index]) }
    rest.duplicates = max(0, duplicates - earlier.duplicates)
    rest.unreadable = max(0, unreadable - earlier.unreadable)
    rest.suspect = max(0, suspect - earlier.suspect)
    return rest
  }
}
