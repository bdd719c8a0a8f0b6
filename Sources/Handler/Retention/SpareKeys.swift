import FleetModel
import Loop
import Redis
import Wire

/// Keys that vigia can do without if it must: which of them go first, and what that costs.
///
/// | | keys | once they are gone |
/// |---|---|---|
/// | 1 | `mark:held/…`, `mark:dry/…` | what was told may be told again |
/// | 2 | `mark:<command id>/<target>` of commands that have ended, the oldest first | an undo does not know what stood before |
///
/// Nothing else goes: without the other marks something could be done twice, and the rest is the state of the fleet.
struct SpareKeys {
  /// What may go at present.
  enum Stage: Int, CaseIterable {
    case told, day, sixHours, hour, tenMinutes

    /// How old the marks of a command's targets must be; nil if they stay.
    var age: TimeSpan? {
      switch self {
      case .told: nil
      case .day: .hours(24)
      case .sixHours: .hours(6)
      case .hour: .hours(1)
      // Until then runtimes may still confirm what they were told.
      case .tenMinutes: .minutes(10)
      }
    }

    var next: Stage { Stage(rawValue: rawValue + 1) ?? self }
  }

  /// What a key is to it.
  enum Kind: Equatable {
    case told
    /// The mark of a target of that command.
    case target(CommandID)
    case needed
  }

  /// Bytes in front of every mark.
  private let marks: [UInt8]
  private let told: [[UInt8]]

  init(_ keys: Keys) {
    marks = keys.mark("")
    told = ["held/", "dry/"].map { keys.mark($0) }
  }

  func kind(of key: [UInt8]) -> Kind {
    guard key.starts(with: marks) else { return .needed }
    if told.contains(where: { key.starts(with: $0) }) { return .told }
    let name = key.dropFirst(marks.count)
    guard let slash = name.firstIndex(of: UInt8(ascii: "/")) else { return .needed }
    let id = name[..<slash]
    return Keys.isCommandID(id) ? .target(CommandID(String(decoding: id, as: UTF8.self))) : .needed
  }
}
