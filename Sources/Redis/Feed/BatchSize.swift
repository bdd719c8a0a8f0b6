/// How many entries to ask for at once: many where they are small, few where they are large, so that no answer is a
/// burden to either side.
package struct BatchSize {
  /// What one answer should hold, about.
  private static let bytes = 8 << 20
  private static let most = 2000
  /// What is asked for where nothing is known of what comes.
  private static let first = 50

  package private(set) var count = first

  package init() {}

  /// The last answer never came: perhaps it was too much for the server.
  package mutating func wasTooMuch() { count = 1 }

  /// Takes what the last answer held; whether more is likely to wait.
  package mutating func took(_ entries: Int, bytes: Int) -> Bool {
    let isFull = entries >= count
    let fitting = Self.bytes / max(1, bytes / max(1, entries))
    // About as many as came are likely to come again.
    count = min(isFull ? count * 4 : max(Self.first, entries * 2), max(1, fitting), Self.most)
    return isFull
  }
}
