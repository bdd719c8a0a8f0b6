/// How many entries of a stream leave at a time, so that the server is held up for a moment only: by how long the last
/// bite took it.
struct BiteSize: Equatable {
  /// Of the next bite.
  private(set) var entries: Int64 = 2000

  /// A node of a stream holds as many by default: a bite of fewer may let nothing go.
  static let node: Int64 = 100
  static let least = node
  static let most: Int64 = 50_000
  /// What a bite is to take, in microseconds: less than half of the 5 ms that it may, since the next one may be twice as
  /// large.
  private static let aim: Int64 = 2000

  /// Takes note of what a bite took the server.
  ///
  /// - Parameter microseconds: negative if the server's clock was set back, which says nothing.
  mutating func took(_ microseconds: Int64, for trimmed: Int64) {
    guard microseconds >= 0, trimmed > 0 else { return }
    let isSlow = microseconds > Self.aim
    // A bite that found little says nothing about larger ones.
    guard isSlow || trimmed >= entries / 2 else { return }
    let fitting = Double(trimmed) * Double(Self.aim) / Double(max(1, microseconds))
    let near = min(max(fitting, Double(entries / 4)), Double(entries * 2))
    entries = min(Self.most, max(Self.least, Int64(near)))
  }
}
