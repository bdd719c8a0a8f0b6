/// Notices that were given up within a day: nobody was told, and they stand in the stream of the dead. The audit tells of
/// them as far back as it is read, a mark of the handler's of those before.
package struct UndeliveredNotices: Sendable {
  /// What is older is no news to anybody.
  package static let stays = TimeSpan.days(1)
  package static let limit = 1000

  /// What one audit tells: that of a shard, if the fleet is divided.
  private struct Told: Sendable {
    /// When each was given up, oldest first; more than the limit are no more news than the limit is.
    var moments: [Instant] = []
    /// Those before this were told all at once.
    var heardFrom = Instant.epoch
  }

  private var told = [Told()]

  package init() {}

  /// How many there are at a moment.
  package func count(at now: Instant) -> Int { told.reduce(0) { $0 + $1.moments.count { now - $0 < Self.stays } } }

  mutating func apply(_ line: AuditLine, ofShard shard: Int = 0) {
    guard Self.isOfOne(line) else { return }
    provide(shard)
    guard line.at >= told[shard].heardFrom else { return }
    told[shard].moments.append(line.at)
    told[shard].moments.removeAll { line.at - $0 >= Self.stays }
    if told[shard].moments.count > Self.limit { told[shard].moments.removeFirst() }
  }

  private mutating func provide(_ shard: Int) {
    while told.count <= shard { told.append(Told()) }
  }

  /// Takes all that were given up before the audit began to be heard.
  mutating func setEarlier(_ earlier: [Instant], before start: Instant, ofShard shard: Int = 0) {
    provide(shard)
    let later = told[shard].moments.filter { $0 >= start }
    told[shard] = Told(moments: (earlier.filter { $0 < start } + later).suffix(Self.limit), heardFrom: start)
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
