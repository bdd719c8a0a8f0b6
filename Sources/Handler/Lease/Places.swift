import Execution

/// Places for what is done at once: some for what Redis alone does, and as many again for each action or job that an
/// actuator carries out. A service that hangs holds its own action's places and nobody else's.
///
/// A class, because all that acts on targets shares it.
final class Places {
  typealias Kind = TargetRun.Place

  private struct Line {
    var taken = 0
    /// What waits, from `start` on: what is through is let go of now and then.
    private var waiting: [(delivery: Delivery?, work: () -> Void)] = []
    private var start = 0
    /// How many targets of each delivery wait.
    private(set) var deliveries: [Delivery: Int] = [:]

    var count: Int { waiting.count - start }

    mutating func add(_ work: @escaping () -> Void, for delivery: Delivery?) {
      waiting.append((delivery, work))
      if let delivery { deliveries[delivery, default: 0] += 1 }
    }

    mutating func next() -> () -> Void {
      let (delivery, work) = waiting[start]
      if let delivery, let others = deliveries[delivery] { deliveries[delivery] = others > 1 ? others - 1 : nil }
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

  /// No more targets wait for one actuator, and for all of them together: what is in hand has a bound (see `Dispatcher`),
  /// and others need some of it.
  static let mostWaiting = 16_384
  static let mostWaitingInAll = 32_768
  /// The same for the commands that they belong to.
  static let mostDeliveries = 1024
  static let mostDeliveriesInAll = 1536

  /// - Parameter most: how many places there are of a kind, at present.
  init(most: @escaping (Kind) -> Int) {
    self.most = most
  }

  /// Why nothing more may wait for a place of that kind; nil if it may.
  ///
  /// - Parameter delivery: the command that it is for; nil for a job, which keeps no command from being read.
  func refusal(_ kind: Kind, for delivery: Delivery?) -> String? {
    let line = lines[kind] ?? Line()
    if line.taken < most(kind), line.count == 0 { return nil }
    if line.count >= Self.mostWaiting { return Self.words("\(line.count) others wait") }
    guard let delivery else { return nil }
    let outside = lines.filter { $0.key != .redis }.values
    let targets = outside.reduce(0) { $0 + $1.count }
    if targets >= Self.mostWaitingInAll { return Self.words("\(targets) others wait", "or for other services") }
    guard line.deliveries[delivery] == nil else { return nil }
    if line.deliveries.count >= Self.mostDeliveries {
      return Self.words("\(line.deliveries.count) other commands wait")
    }
    let commands = outside.reduce(0) { $0 + $1.deliveries.count }
    return commands < Self.mostDeliveriesInAll
      ? nil : Self.words("\(commands) other commands wait", "or for other services")
  }

  private static func words(_ others: String, _ more: String = "") -> String {
    "\(others) for what carries it out\(more.isEmpty ? "" : " " + more); send it again later"
  }

  /// Calls `work` once it has a place, in the order in which it came: at once if one is free.
  func enter(_ kind: Kind, for delivery: Delivery? = nil, _ work: @escaping () -> Void) {
    guard !isClosed else { return }
    var line = lines.removeValue(forKey: kind) ?? Line()
    let isFree = line.taken < most(kind) && line.count == 0
    if isFree { line.taken += 1 } else { line.add(work, for: delivery) }
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
