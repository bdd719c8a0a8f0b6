/// The fleet's present sums and means, kept up to date by what changes: a look at them goes through those agents only that
/// have changed since.
///
/// Sums are whole numbers of 2^-40, which hold each value as it is: what is taken out again leaves nothing behind, in
/// whatever order. In a sum of floating-point numbers one huge value would leave its rounding for ever.
struct RunningTotals: Sendable {
  /// What one agent adds; what it has no fresh value of is negative.
  private struct Share: Equatable {
    var errorRate: Float = -1
    var messages: Float = -1
    var queue: Float = -1
    var rating: Float = -1
  }

  private struct Sum {
    private var units: Int128 = 0
    private(set) var count = 0

    mutating func add(_ value: Double, _ sign: Int) {
      units += Int128((value * Self.unitsInOne).rounded()) * Int128(sign)
      count += sign
    }

    var value: Double { Double(units) / Self.unitsInOne }

    private static let unitsInOne = Double(1 << 40)
  }

  private struct Sums {
    var errors = Sum()
    /// What error rates are weighted by.
    var weights = Sum()
    var traffic = Sum()
    var queue = Sum()
    var rating = Sum()

    mutating func add(_ share: Share, _ sign: Int = 1) {
      if share.messages >= 0 { traffic.add(Double(share.messages), sign) }
      if share.queue >= 0 { queue.add(Double(share.queue), sign) }
      if share.rating >= 0 { rating.add(Double(share.rating), sign) }
      guard share.errorRate >= 0 else { return }
      let weight = share.messages >= 0 ? max(Double(share.messages), 0.001) : 1
      errors.add(Double(share.errorRate) * weight, sign)
      weights.add(weight, sign)
    }
  }

  /// When an agent is to be looked at again, since a value of it is not fresh any more.
  private struct Look: Comparable {
    var at: Instant
    var position: Int32

    static func < (left: Look, right: Look) -> Bool { left.at < right.at }
  }

  private var sums = Sums()
  /// By position.
  private var shares: [Share] = []
  private var looks = Heap<Look>()
  private var hasLook: [Bool] = []
  private var changed = AgentChanges(isKept: true)

  /// An agent's values have changed, or it came or left.
  @inline(__always)
  mutating func touch(_ position: Int) { changed.touch(position) }

  /// Takes in what has changed up to a moment.
  mutating func settle(_ agents: borrowing AgentTable, at now: Instant) {
    while let look = looks.least, look.at <= now {
      looks.removeLeast()
      hasLook[Int(look.position)] = false
      changed.touch(Int(look.position))
    }
    for change in changed.take() {
      let position = change.position
      while shares.count <= position {
        shares.append(Share())
        hasLook.append(false)
      }
      let (share, end) = Self.share(of: position, agents, at: now)
      sums.add(shares[position], -1)
      sums.add(share)
      shares[position] = share
      guard let end, !hasLook[position] else { continue }
      looks.insert(Look(at: end, position: Int32(position)))
      hasLook[position] = true
    }
  }

  /// The present sums and means, with what has changed since they were settled.
  func sample(_ agents: borrowing AgentTable, at now: Instant) -> FleetTotals.Sample {
    var sums = sums
    for position in changed.positions {
      if position < shares.count { sums.add(shares[position], -1) }
      sums.add(Self.share(of: position, agents, at: now).share)
    }
    func present(_ sum: Sum) -> Double? { sum.count > 0 ? sum.value : nil }
    return FleetTotals.Sample(
      at: now, errorRate: sums.errors.count > 0 ? sums.errors.value / sums.weights.value : nil,
      traffic: present(sums.traffic), rating: present(sums.rating).map { $0 / Double(sums.rating.count) },
      queue: present(sums.queue))
  }

  /// What an agent adds, and when the first of that is not fresh any more.
  private static func share(
    of position: Int, _ agents: borrowing AgentTable, at now: Instant
  ) -> (share: Share, end: Instant?) {
    var (share, first) = (Share(), Instant?.none)
    let isCounted = agents.profiles.withUnsafeBufferPointer { $0[position] != nil && $0[position]?.deletedAt == nil }
    guard isCounted else { return (share, nil) }
    func fresh(_ metric: Metric) -> Float {
      guard let value = agents.value(metric, at: position, within: Fleet.freshness, of: now),
        let time = agents.activity.span[position].valueTime(metric)
      else { return -1 }
      let end = time + Fleet.freshness + TimeSpan(milliseconds: 1)
      first = min(first ?? end, end)
      return Float(value)
    }
    share.errorRate = fresh(.errorRate)
    share.messages = fresh(.messagesPerMinute)
    share.queue = fresh(.queueSize)
    share.rating = fresh(.averageRating)
    return (share, first)
  }
}
