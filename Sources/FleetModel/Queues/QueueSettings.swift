/// A stream of other services whose consumer groups the handler looks at, as `[[queues]]` names it.
package struct QueueSettings: Equatable, Sendable {
  /// The stream's key.
  package var stream: String
  /// Which of its groups are looked at.
  package var groups = GroupFilter.all
  /// More entries than this wait: an alert. Nil: however many.
  package var mostLag: Int?
  /// An entry is older than this and not dealt with: an alert. Nil: however old.
  package var mostAge: TimeSpan?
  /// Entries wait, and nobody has read for so long: an alert.
  package var unreadAfter = TimeSpan.minutes(1)

  package init(stream: String) { self.stream = stream }

  /// Names of groups.
  ///
  /// No more than a star at the end: the server looks for them, and must not be kept busy by a pattern.
  package enum GroupFilter: Equatable, Sendable {
    case all
    case named(String)
    case beginning(String)
  }

  /// More streams than this are not looked at.
  package static let most = 64
  /// The longest key of a stream, and name of a group, in bytes.
  package static let longestName = 256
}
