import Automation
import FleetModel
import Loop
import Redis
import Wire

/// Which agents rules have paused, how often they paused this one, and for which agents it is the backup. A rule reads
/// it before it pauses an agent, and the transaction that pauses counts it.
///
/// | key | what |
/// |---|---|
/// | `mark:rules/paused` (a sorted set) | agents that rules have paused → when that ends |
/// | `mark:rules/paused/changes` | a random number, another one after each change: it tells whether what was read stands |
/// | `mark:rules/pauses/<agent>` (a sorted set) | when rules paused it within a day, epoch ms |
/// | `mark:rules/standing-in/<backup>` (a set) | the agents that it stands in for |
struct PauseQuota {
  private let agent: AgentID
  private let now: Instant
  private let keys: Keys
  private let pausesKey: MarkKey
  private let standInKey: MarkKey
  private let readsPlaces: Bool
  private var pausesFound: [UInt8] = []
  private var standInCount = 0
  /// The number that the last change left, as it was found. Whatever else stands there is one more value.
  private(set) var changes: [UInt8] = []
  /// The number that this ledger's own change leaves.
  let nextChanges = Self.newChanges()
  /// Whom rules have paused, and until when; nil if that was not asked for.
  private(set) var places: [AgentID: Instant]?
  /// An agent that it stands in for: the first of them.
  private(set) var standsInFor: AgentID?

  /// - Parameter knowsPlaces: whether those who are paused are known, as long as nothing has changed.
  init(_ agent: AgentID, at now: Instant, keys: Keys, knowsPlaces: Bool) {
    self.agent = agent
    self.now = now
    self.keys = keys
    readsPlaces = !knowsPlaces
    pausesKey = Self.pausesKey(agent, keys)
    standInKey = keys.standIns(of: agent)
  }

  /// What must be read; ``take(_:)`` wants the answers.
  var requests: [Request] {
    [
      // The number first: the transaction notices what changes in between. MGET finds nothing in a key of another type,
      // where GET would fail.
      Request("MGET", keys.pausedChanges),
      Request("ZCOUNT", pausesKey.complete, "(\((now - Self.counted).milliseconds)", "+inf"),
      Request("SMEMBERS", standInKey.complete),
    ] + (readsPlaces ? [Request("ZRANGEBYSCORE", keys.paused, "(\(now.milliseconds)", "+inf", "WITHSCORES")] : [])
  }

  mutating func take(_ replies: some Collection<Reply>) {
    let replies = Array(replies)
    let (number, pauses, standIns) = (replies[0], replies[1], replies[2])
    changes = number.elements?.first?.bytes ?? []
    pausesFound = Array("\(pauses.integer ?? 0)".utf8)
    let targets = standIns.elements?.compactMap(\.bytes) ?? []
    standInCount = targets.count
    standsInFor = targets.min { $0.lexicographicallyPrecedes($1) }.map { AgentID(bytes: $0) }
    guard readsPlaces, let paused = replies.last else { return }
    var places: [AgentID: Instant] = [:]
    for (name, score) in paused.pairs { places[AgentID(bytes: name)] = Instant(score: score) }
    self.places = places
  }

  /// How often rules have paused the agent within a day.
  var pauses: Int { Int(String(decoding: pausesFound, as: UTF8.self)) ?? 0 }

  private static let counted = TimeSpan.days(1)
  /// Longer than any pause of a rule.
  private static let stay = TimeSpan.days(8)

  private static func pausesKey(_ agent: AgentID, _ keys: Keys) -> MarkKey {
    keys.mark(of: agent) { "rules/pauses/\($0)" }
  }

  /// Counts a pause that was done.
  static func count(_ agent: AgentID, at now: Instant, keys: Keys, in transaction: inout Transaction) {
    for key in pausesKey(agent, keys).spellings {
      transaction.attempt("ZADD", key, now, "\(now.milliseconds)")
      transaction.attempt("ZREMRANGEBYSCORE", key, "-inf", now - counted)
      transaction.attempt("PEXPIRE", key, counted.milliseconds)
    }
  }

  /// Takes the agent's place among those that are paused; the transaction goes ahead only while no other was taken
  /// meanwhile, and it stands in for nobody else.
  func reserve(_ span: TimeSpan, in transaction: inout Transaction) {
    transaction.require("MGET", keys.pausedChanges, is: changes)
    transaction.require("ZCOUNT", pausesKey.complete, "(\((now - Self.counted).milliseconds)", "+inf", is: pausesFound)
    transaction.require("SCARD", standInKey.complete, is: Array("\(standInCount)".utf8))
    transaction.change("ZADD", keys.paused, "GT", now + span, agent.bytes)
    transaction.change("ZREMRANGEBYSCORE", keys.paused, "-inf", now)
    Self.note(nextChanges, keys, in: &transaction)
  }

  /// Frees an agent's place: it is not paused any more.
  static func release(_ agent: AgentID, keys: Keys, in transaction: inout Transaction) {
    transaction.change("ZREM", keys.paused, agent.bytes)
    note(newChanges(), keys, in: &transaction)
  }

  /// Takes in a pause that the version before counted elsewhere; ``noteTakenUp(keys:in:)`` ends the list.
  static func takeUp(_ agent: AgentID, until end: Instant, keys: Keys, in transaction: inout Transaction) {
    transaction.change("ZADD", keys.paused, "GT", end, agent.bytes)
  }

  static func noteTakenUp(keys: Keys, in transaction: inout Transaction) { note(newChanges(), keys, in: &transaction) }

  /// A number that no other change leaves. The version before counts on from it.
  private static func newChanges() -> [UInt8] { Array("\(MachineRandom.number(in: Int64(1) ... 1 << 61))".utf8) }

  /// SET takes the place of whatever stands there, so that no value can stop the transaction half-way.
  private static func note(_ changes: [UInt8], _ keys: Keys, in transaction: inout Transaction) {
    transaction.change("SET", keys.pausedChanges, changes, "PX", stay.milliseconds)
    transaction.change("PEXPIRE", keys.paused, stay.milliseconds)
  }
}
