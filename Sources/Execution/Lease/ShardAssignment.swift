/// Which shards of a divided fleet one handler asks for, and which it hands over, as a machine. It sees neither Redis nor
/// a clock.
///
/// ```
///              first in the order, or next to the one that leads, or nobody has led for a while
///   waits ───────────────────────────────────────────────────────────▶ admitted ── leads
///     ▲                                                                              │
///     └── handed over, one shard at a time ◀── another is first and has lived a while ┘
/// ```
/// The lease decides who leads: a wrong list of handlers costs a pause or a hand-over, never two leaders or none.
package struct ShardAssignment {
  package enum Input: Equatable, Sendable {
    /// Which handlers live, and which shards each could lead; this one may be among them.
    case present([String: Set<Int>])
    /// Which shards this handler could lead.
    case able(Set<Int>)
    /// Who holds a shard's lease; nil if nobody does.
    case holder(shard: Int, String?)
    /// Somebody gave the lease of a shard back.
    case released(shard: Int)
    /// This handler has given back the lease that it was to hand over.
    case handedOver(shard: Int)
    /// This handler ends: nothing falls to it any more.
    case ending
    /// Some time has passed.
    case woken
  }

  package enum Effect: Equatable, Sendable {
    /// Whether this handler may ask for a shard's lease.
    case admit(shard: Int, Bool)
    /// It is to finish what is under way in a shard, and give the lease back.
    case handOver(shard: Int)
  }

  /// In milliseconds.
  package struct Spans: Sendable {
    /// How long a handler must have lived, and been the one to lead a shard, until that is handed over to it.
    package var settling: Int64 = 5000
    /// Between two hand-overs.
    package var pause: Int64 = 1000
    /// How long a shard may be without a lease until any handler asks for it.
    package var patience: Int64 = 1500
    /// How long a shard is kept that was handed over and not taken.
    package var keeping: Int64 = 60_000
    /// A list of handlers that is older hands nothing over.
    package var freshness: Int64 = 3000
    /// A hand-over that takes longer holds up no other.
    package var longestHandOver: Int64 = 20_000

    package init() {}
  }

  private struct Shard {
    var holder: String?
    /// Who held it last.
    var former: String?
    /// Since when nobody has held it, as far as is known; nil while somebody does.
    var freeSince: Int64?
    var isAdmitted = false
    /// When this handler handed it over, as long as nobody else has been seen to take it.
    var handedOverAt: Int64?
    /// Until when it is not handed over again.
    var keptUntil: Int64?
    /// Since when this handler has held it.
    var heldSince: Int64?
    /// Since when the same handler is to lead it.
    var orderedSince: Int64 = 0
  }

  private struct Other {
    var able: Set<Int>
    /// Since when it has been told of without a gap.
    var since: Int64
  }

  private let id: String
  private let spans: Spans
  private var shards: [Shard]
  private var others: [String: Other] = [:]
  private var able: Set<Int> = []
  private var presentAt: Int64?
  private var isEnding = false
  /// The shard that is being handed over, and since when.
  private var moving: (shard: Int, since: Int64)?
  private var movedAt: Int64?
  /// Who is to lead what, as far as it is known; and what would be if one handler were gone.
  private var leaders: [String?]
  private var leadersWithout: [String: [String?]] = [:]

  /// - Parameters:
  ///   - id: this handler's.
  ///   - count: how many shards there are.
  package init(id: String, count: Int, spans: Spans = Spans()) {
    self.id = id
    self.spans = spans
    shards = Array(repeating: Shard(), count: count)
    leaders = Array(repeating: nil, count: count)
  }

  /// Whether this handler may ask for a shard's lease.
  package func isAdmitted(_ shard: Int) -> Bool { shards[shard].isAdmitted }

  /// Takes what has happened, and says what to do next.
  ///
  /// - Parameter now: milliseconds on a clock that never steps.
  package mutating func take(_ input: Input, at now: Int64) -> [Effect] {
    switch input {
    case .present(let handlers): note(handlers, now)
    case .able(let shards):
      guard shards != able else { return [] }
      able = shards
      order(now)
    case .holder(let shard, let holder): note(holder, of: shard, now)
    case .released(let shard): free(shard, now)
    case .handedOver(let shard):
      guard moving?.shard == shard else { return [] }
      (moving, movedAt) = (nil, now)
      free(shard, now)
      (shards[shard].former, shards[shard].handedOverAt) = (id, now)
    case .ending: isEnding = true
    case .woken: break
    }
    if let since = moving?.since, now - since > spans.longestHandOver { (moving, movedAt) = (nil, now) }
    let handOver = nextHandOver(now)
    return admissions(now) + handOver
  }

  // MARK: What is known

  private mutating func note(_ handlers: [String: Set<Int>], _ now: Int64) {
    presentAt = now
    let former = others
    others = [:]
    for (other, able) in handlers where other != id {
      others[other] = Other(able: able, since: former[other]?.since ?? now)
    }
    if others.mapValues(\.able) != former.mapValues(\.able) { order(now) }
  }

  private mutating func order(_ now: Int64) {
    var handlers = others.mapValues(\.able)
    handlers[id] = able
    let former = leaders
    leaders = RendezvousOrder.leaders(of: shards.count, among: handlers)
    for shard in shards.indices where leaders[shard] != former[shard] { shards[shard].orderedSince = now }
    leadersWithout = [:]
    for other in others.keys {
      var rest = handlers
      rest[other] = nil
      leadersWithout[other] = RendezvousOrder.leaders(of: shards.count, among: rest)
    }
  }

  private mutating func note(_ holder: String?, of shard: Int, _ now: Int64) {
    guard let holder else { return free(shard, now) }
    if holder == id, shards[shard].holder != id { shards[shard].heldSince = now }
    (shards[shard].holder, shards[shard].former, shards[shard].freeSince) = (holder, holder, nil)
    // It came back: who was to take it could not.
    if holder == id, shards[shard].handedOverAt != nil { shards[shard].keptUntil = now + spans.keeping }
    if moving?.shard != shard { shards[shard].handedOverAt = nil }
  }

  private mutating func free(_ shard: Int, _ now: Int64) {
    shards[shard].holder = nil
    shards[shard].freeSince = shards[shard].freeSince ?? now
  }

  // MARK: Who asks

  private mutating func admissions(_ now: Int64) -> [Effect] {
    shards.indices.compactMap { shard in
      let isAdmitted = mayLead(shard, now)
      guard isAdmitted != shards[shard].isAdmitted else { return nil }
      shards[shard].isAdmitted = isAdmitted
      return .admit(shard: shard, isAdmitted)
    }
  }

  private func mayLead(_ shard: Int, _ now: Int64) -> Bool {
    guard !isEnding, moving?.shard != shard else { return false }
    let state = shards[shard]
    if state.holder == id { return true }
    if presentAt != nil, leaders[shard] == id { return true }
    // Next to the one that led last: if that one is dead the list may still name it.
    if let former = state.former, former != id, let rest = leadersWithout[former], rest[shard] == id { return true }
    return state.freeSince.map { now - $0 >= spans.patience } ?? false
  }

  // MARK: Who hands over

  private mutating func nextHandOver(_ now: Int64) -> [Effect] {
    guard !isEnding, moving == nil, movedAt.map({ now - $0 >= spans.pause }) ?? true,
      let presentAt, now - presentAt <= spans.freshness
    else { return [] }
    guard let shard = shards.indices.first(where: { isOverdue($0, now) }) else { return [] }
    moving = (shard, now)
    return [.handOver(shard: shard)]
  }

  private func isOverdue(_ shard: Int, _ now: Int64) -> Bool {
    guard shards[shard].holder == id, shards[shard].keptUntil.map({ now >= $0 }) ?? true,
      let leader = leaders[shard], leader != id, let other = others[leader]
    else { return false }
    // It may have been taken from that very one, which is dead and still listed; or the list be wrong for a moment.
    let since = max(other.since, shards[shard].heldSince ?? other.since, shards[shard].orderedSince)
    return now - since >= spans.settling
  }
}
