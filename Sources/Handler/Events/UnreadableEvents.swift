import Redis

/// The events that could not be read since they were last taken, with their bytes. Of many the rest is only counted:
/// whoever floods the stream must not fill memory.
struct UnreadableEvents {
  /// The stream that they stand in.
  let source: [UInt8]
  private var letters: [DeadLetter] = []
  private var bytes = 0
  private var others = 0

  private static let most = (letters: 100, bytes: 2 << 20)

  init(source: [UInt8]) {
    self.source = source
  }

  mutating func add(_ entry: Entry, reason: String) {
    let size = entry.payload?.count ?? 0
    guard letters.count < Self.most.letters, bytes + size <= Self.most.bytes else {
      others += 1
      return
    }
    bytes += size
    letters.append(
      DeadLetter(
        source: source, id: entry.id, reason: "the event is unreadable: \(reason)",
        bytes: entry.payload.map { Array($0) } ?? []))
  }

  /// Takes all, and begins anew.
  mutating func take() -> [DeadLetter] {
    defer { (letters, bytes, others) = ([], 0, 0) }
    guard others > 0 else { return letters }
    let reason = "\(others) more events were unreadable at the same time"
    return letters + [DeadLetter(source: source, reason: reason, bytes: [])]
  }
}
