import FleetModel
import Testing

@testable import Execution

/// Handlers of a divided fleet around a table of leases and a list of who lives; all by a seed. Time passes in steps of
/// 100 ms.
struct AssignmentWorld {
  private struct Handler {
    var assignment: ShardAssignment
    /// Shards that it is handing over, and when that is done.
    var moving: [Int: Int64] = [:]
    var saidAt: Int64?
  }

  private struct LeaseRow {
    var holder: String
    var ends: Int64
  }

  private static let count = 8
  private static let all = Set(0..<count)

  private let seed: UInt64
  private var random: SeededRandom
  private var now: Int64 = 0
  private var handlers: [String: Handler] = [:]
  private var leases: [Int: LeaseRow] = [:]
  /// When each handler said last that it lives; it may be asked or not.
  private var presence: [String: Int64] = [:]
  private var isListReachable = true
  private var freeSince: [Int: Int64] = [:]
  private var lastID = 0
  private var handOvers = 0

  init(seed: UInt64) {
    self.seed = seed
    random = SeededRandom(seed: seed)
  }

  private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

  /// Lets a minute pass with faults, and then two without: a shard that nobody took stays where it is for one.
  mutating func run() throws {
    for _ in 0..<3 { come() }
    while now < 60_000 {
      if chance(2) { fault() }
      try step()
    }
    isListReachable = true
    while now < 180_000 { try step() }
    let wanted = RendezvousOrder.leaders(of: Self.count, among: handlers.mapValues { _ in Self.all })
    for shard in 0..<Self.count {
      try #require(leases[shard]?.holder == wanted[shard], "seed \(seed): shard \(shard)")
    }
    // It comes to rest.
    let settled = handOvers
    while now < 190_000 { try step() }
    try #require(handOvers == settled, "seed \(seed): shards move though nothing happens")
  }

  private mutating func come() {
    lastID += 1
    let id = "h\(lastID)"
    handlers[id] = Handler(assignment: ShardAssignment(id: id, count: Self.count))
  }

  private mutating func fault() {
    let ids = handlers.keys.sorted()
    switch Int.random(in: 0..<4, using: &random) {
    case 0 where ids.count > 1:
      // It is killed: its leases stand until they end, and so does its word that it lives.
      handlers[ids[Int.random(in: ids.indices, using: &random)]] = nil
    case 1 where ids.count < 5: come()
    case 2: isListReachable.toggle()
    default: break
    }
  }

  private mutating func step() throws {
    now += 100
    for shard in leases.keys.sorted() where leases[shard].map({ $0.ends <= now }) == true { leases[shard] = nil }
    for id in handlers.keys.sorted() { live(id) }
    for shard in 0..<Self.count {
      if leases[shard] != nil { freeSince[shard] = nil } else { freeSince[shard] = freeSince[shard] ?? now }
      // Patience, a look and a question: nobody waits longer, however wrong the list is.
      let limit: Int64 = 3500
      try #require(now - (freeSince[shard] ?? now) <= limit, "seed \(seed): nobody leads shard \(shard) at \(now)")
    }
  }

  private mutating func live(_ id: String) {
    guard var handler = handlers[id] else { return }
    defer { if handlers[id] != nil { handlers[id] = handler } }
    for (shard, end) in handler.moving where end <= now {
      handler.moving[shard] = nil
      if leases[shard]?.holder == id { leases[shard] = nil }
      tell(.handedOver(shard: shard), &handler)
      for other in handlers.keys.sorted() where other != id { release(shard, to: other) }
    }
    if handler.saidAt.map({ now - $0 >= 1000 }) ?? true { look(id, &handler) }
    for shard in 0..<Self.count {
      if leases[shard]?.holder == id {
        leases[shard]?.ends = now + 2500
      } else if leases[shard] == nil, handler.assignment.isAdmitted(shard) {
        leases[shard] = LeaseRow(holder: id, ends: now + 2500)
        tell(.holder(shard: shard, id), &handler)
      }
    }
  }

  private mutating func release(_ shard: Int, to id: String) {
    guard var handler = handlers[id] else { return }
    tell(.released(shard: shard), &handler)
    handlers[id] = handler
  }

  private mutating func look(_ id: String, _ handler: inout Handler) {
    handler.saidAt = now
    tell(.able(Self.all), &handler)
    if isListReachable {
      presence[id] = now
      let live = presence.filter { now - $0.value < 3000 }
      tell(.present(live.mapValues { _ in Self.all }), &handler)
    }
    for shard in 0..<Self.count { tell(.holder(shard: shard, leases[shard]?.holder), &handler) }
    tell(.woken, &handler)
  }

  private mutating func tell(_ input: ShardAssignment.Input, _ handler: inout Handler) {
    for case .handOver(let shard) in handler.assignment.take(input, at: now) {
      handOvers += 1
      handler.moving[shard] = now + Int64.random(in: 0...3000, using: &random)
    }
  }
}
