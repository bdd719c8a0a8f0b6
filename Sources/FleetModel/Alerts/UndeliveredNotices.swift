/// Notices that were given up within a day: nobody was told, and they stand in the stream of the dead. The audit tells of
/// them as far back as it is read, a mark of the handler's of those before.
package struct UndeliveredNotices: Sendable {
  /// What is older is no news to anybody.
  package static let stays = TimeSpan.days(1)
  package static let limit = 1000

  /// When each was given up, oldest first; more than the limit are no more news than the limit is.
  private var moments: [Instant] = []
  /// Those before this were told all at once.
  private var heardFrom = Instant.epoch

  package init() {}

  /// How many there are at a moment.
  package func count(at now: Instant) -> Int { moments.count { now - $0 < Self.stays } }

  mutating func apply(_ line: AuditLine) {
    guard line.at >= heardFrom, Self.isOfOne(line) else { return }
    moments.append(line.at)
    moments.removeAll { line.at - $0 >= Self.stays }
    if moments.count > Self.limit { moments.removeFirst() }
  }

  /// Takes all that were given up before the audit began to be heard.
  mutating func setEarlier(_ earlier: [Instant], before start: Instant) {
    heardFrom = start
    moments = (earlier.filter { $0 < start } + moments.filter { $0 >= start }).suffix(Self.limit)
  }

  /// The notifier writes a failed line of the run `notify/<key>` for each, and one of `notify/channel/<name>` for a
  /// channel that is not used any more.
  private static func isOfOne(_ line: AuditLine) -> Bool {
    guard case .run(let id) = line.origin, line.phase == .failed, line.action == Action.notify.rawValue else {
      return false
    }
    return id.hasPrefix("notify/") && !(id.hasPrefix("notify/channel/") && line.detail.hasPrefix("channel "))
  }
}
