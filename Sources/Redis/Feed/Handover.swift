import Wire

/// Counts each message once that comes both live and recorded: where it comes first.
///
/// A recorder writes what it hears on channels into the stream. Pub/sub carries no ids, so what was seen on one side is
/// kept, as a digest, until the other side shows it too:
/// ```
/// live      a b c M d e f
/// stream        b c M d            a, e and f were heard and not read; at M it is settled that a was never recorded
/// ```
/// The recorder's markers stand at the same place in both orders. Once one has come on both sides, nothing before it is
/// waited for any more. Where no marker comes, what was heard is let go when no recorder can be writing it any more, and
/// what was read when the server has said that all it published before has been delivered.
///
/// Messages with the same bytes are told apart by their number alone: what came n times on one side and m times on the
/// other counts as often as the larger of the two says.
package struct Handover: Sendable {
  /// How long a recorder may take to write what was heard: the lease of a dead one stands for three seconds, and the
  /// next one still writes what it kept.
  package static let recorderMilliseconds: Int64 = 10_000
  /// The same while a recorder is alive: it may be behind.
  package static let liveRecorderMilliseconds: Int64 = 60_000

  private static let most = 1 << 19

  private var heard = SeenDigests()
  private var read = SeenDigests()
  private var hasRecorder = false

  package init() {}

  /// Two messages with the same digest are taken for the same. What is too long is known by its channel alone.
  package static func digest(
    _ channel: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer, isOversized: Bool = false
  ) -> Int {
    var hasher = Hasher()
    hasher.combine(channel.count)
    hasher.combine(bytes: channel)
    if isOversized { hasher.combine(true) } else { hasher.combine(bytes: payload) }
    return hasher.finalize()
  }

  /// How many messages wait for their other side.
  package var pendingCount: Int { heard.count + read.count }

  // MARK: Messages

  /// A message was heard. Whether to count it.
  package mutating func hear(_ digest: Int) -> Bool {
    if read.take(digest) { return false }
    if heard.count >= Self.most {
      // The stream is far behind; what is recorded counts when it comes from there.
      if hasRecorder { return false }
      heard.dropOldest()
    }
    heard.add(digest)
    return true
  }

  /// A recorded entry was read. Whether to count it.
  ///
  /// - Parameter mayBeHeard: false if it was published before anything was heard.
  package mutating func read(_ digest: @autoclosure () -> Int, mayBeHeard: Bool = true) -> Bool {
    guard mayBeHeard || heard.count > 0 else { return true }
    let digest = digest()
    if heard.take(digest) { return false }
    if mayBeHeard { read.add(digest) }
    return true
  }

  // MARK: What is settled

  /// A marker was heard, at a time in milliseconds of the caller's clock.
  package mutating func hear(_ marker: RecorderMarker, at now: Int64) {
    heard.close(marker, at: now)
    settle(marker)
  }

  /// A marker was read.
  package mutating func read(_ marker: RecorderMarker, at now: Int64) {
    read.close(marker, at: now)
    settle(marker)
  }

  private mutating func settle(_ marker: RecorderMarker) {
    guard let heardUpTo = heard.number(of: marker), let readUpTo = read.number(of: marker) else { return }
    heard.drop(through: heardUpTo)
    read.drop(through: readUpTo)
  }

  /// Notes the moment: what was heard so long ago that it would have been recorded and read by now is let go.
  ///
  /// - Parameter readToEndAt: when the stream was last read to its end, by the same clock.
  /// - Returns: a name for what was read before, for `heardAll(readBefore:)`.
  package mutating func pass(_ now: Int64, readToEndAt: Int64, hasRecorder: Bool) -> Int {
    self.hasRecorder = hasRecorder
    heard.close(at: now)
    heard.drop(endedBefore: readToEndAt - (hasRecorder ? Self.liveRecorderMilliseconds : Self.recorderMilliseconds))
    return read.close(at: now)
  }

  /// All that was published before a moment has been heard: what was read by then and not heard will not be.
  package mutating func heardAll(readBefore moment: Int) { read.drop(through: moment) }

  /// Nothing that was published up to now will be heard any more.
  package mutating func lostHearing(at now: Int64) { read.drop(through: read.close(at: now)) }
}
