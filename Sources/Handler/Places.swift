/// Places for what is done at once: some for what Redis alone does, and as many again for each action or job that an
/// actuator carries out. A service that hangs holds its own action's places and nobody else's.
///
/// A class, because all that acts on targets shares it.
final class Places {
  enum Kind: Hashable {
    case redis
    /// What an actuator carries out, by the name it is configured for.
    case outside(String)
  }

  private struct Line {
    var taken = 0
    /// What waits, from `start` on: what is through is let go of now and then.
    var waiting: [() -> Void] = []
    var start = 0

    var count: Int { waiting.count - start }

    mutating func next() -> () -> Void {
      let work = waiting[start]
      start += 1
      if start == waiting.count || start > 1024 {
        waiting.removeFirst(start)
        start = 0
      }
      return work
    }
  }

  private var lines: [Kind: Line] = [:]
  private var isClosed = false
  private let most: (Kind) -> Int

  /// No more wait for one actuator: what is in hand has a bound, and others need some of it.
  static let mostWaiting = 16_384

  /// - Parameter most: how many places there are of a kind, at present.
  init(most: @escaping (Kind) -> Int) {
    self.most = most
  }

  /// Whether nothing more may wait for a place of that kind.
  func isFull(_ kind: Kind) -> Bool { lines[kind].map { $0.count >= Self.mostWaiting } ?? false }

  /// Calls `work` once it has a place, in the order in which it came: at once where one is free.
  func enter(_ kind: Kind, _ work: @escaping () -> Void) {
    guard !isClosed else { return }
    var line = lines.removeValue(forKey: kind) ?? Line()
    let isFree = line.taken < most(kind) && line.count == 0
    if isFree { line.taken += 1 } else { line.waiting.append(work) }
    lines[kind] = line
    if isFree { work() }
  }

  func leave(_ kind: Kind) {
    lines[kind]?.taken -= 1
    fill(kind)
  }

  /// There may be more places than before.
  func refill() { for kind in lines.keys { fill(kind) } }

  /// Begins nothing more, and lets go of what waits.
  func close() {
    isClosed = true
    lines = [:]
  }

  private func fill(_ kind: Kind) {
    while let work = next(kind) { work() }
    if let line = lines[kind], line.taken == 0, line.count == 0 { lines[kind] = nil }
  }

  private func next(_ kind: Kind) -> (() -> Void)? {
    guard !isClosed, var line = lines.removeValue(forKey: kind) else { return nil }
    defer { lines[kind] = line }
    guard line.count > 0, line.taken < most(kind) else { return nil }
    line.taken += 1
    return line.next()
  }
}
