import Automation
import FleetModel
import Redis
import Wire

/// How many of a role rules have paused, how often this agent, and whom it stands in for: read before a rule pauses, and
/// counted in the step by which it does.
///
/// | key | what |
/// |---|---|
/// | `mark:paused/<role>` (a sorted set) | the role's agents that rules have paused → when that ends |
/// | `mark:rules/pauses/<agent>` (a sorted set) | when rules paused it within a day, epoch ms |
/// | `mark:rules/standing-in/<backup>` (a set) | the agents that it stands in for |
struct PauseLedger {
  private let agent: AgentID
  private let now: Instant
  private let placesKey: [UInt8]
  private let pausesKey: MarkKey
  private let standInKey: MarkKey
  private var placesFound: [UInt8] = []
  private var pausesFound: [UInt8] = []
  private var standInCount = 0
  /// Whether one of the places is its own.
  private var hasPlace = false
  /// An agent that it stands in for: the first of them.
  private(set) var standsInFor: AgentID?

  init(_ agent: AgentID, role: String, at now: Instant, keys: Keys) {
    self.agent = agent
    self.now = now
    placesKey = keys.paused(role: role)
    pausesKey = Self.pausesKey(agent, keys)
    standInKey = keys.standIns(of: agent)
  }

  /// What must be read; ``take(_:)`` wants the answers.
  var requests: [Request] {
    [
      Request("ZCOUNT", placesKey, "(\(now.milliseconds)", "+inf"),
      Request("ZCOUNT", pausesKey.complete, "(\((now - Self.counted).milliseconds)", "+inf"),
      Request("SMEMBERS", standInKey.complete), Request("ZSCORE", placesKey, agent.bytes),
    ]
  }

  mutating func take(_ replies: some Collection<Reply>) {
    let replies = Array(replies)
    placesFound = Array("\(replies[0].integer ?? 0)".utf8)
    pausesFound = Array("\(replies[1].integer ?? 0)".utf8)
    let targets = replies[2].elements?.compactMap(\.bytes) ?? []
    standInCount = targets.count
    hasPlace = replies[3].bytes.flatMap { Instant(score: $0) }.map { $0 > now } ?? false
    standsInFor = targets.min { $0.lexicographicallyPrecedes($1) }.map { AgentID(bytes: $0) }
  }

  /// How many others of the role rules have paused at present.
  var paused: Int { (Int(String(decoding: placesFound, as: UTF8.self)) ?? 0) - (hasPlace ? 1 : 0) }

  /// How often rules have paused the agent within a day.
  var pauses: Int { Int(String(decoding: pausesFound, as: UTF8.self)) ?? 0 }

  private static let counted = TimeSpan.days(1)

  private static func pausesKey(_ agent: AgentID, _ keys: Keys) -> MarkKey {
    keys.mark(of: agent) { "rules/pauses/\($0)" }
  }

  /// Counts a pause that was done.
  static func count(_ agent: AgentID, at now: Instant, keys: Keys, in step: inout Step) {
    let key = pausesKey(agent, keys)
    step.change("ZADD", key, now, "\(now.milliseconds)")
    step.change("ZREMRANGEBYSCORE", key, "-inf", now - counted)
    step.change("PEXPIRE", key, counted.milliseconds)
  }

  /// Takes the agent's place among those that are paused; the step goes ahead only while no other was taken meanwhile,
  /// and it stands in for nobody else.
  func reserve(_ span: TimeSpan, in step: inout Step) {
    step.require("ZCOUNT", placesKey, "(\(now.milliseconds)", "+inf", is: placesFound)
    step.require("ZCOUNT", pausesKey.complete, "(\((now - Self.counted).milliseconds)", "+inf", is: pausesFound)
    step.require("SCARD", standInKey.complete, is: Array("\(standInCount)".utf8))
    step.change("ZADD", placesKey, "GT", now + span, agent.bytes)
    step.change("ZREMRANGEBYSCORE", placesKey, "-inf", now)
    step.change("PEXPIRE", placesKey, HandlerOptions.marksStay.milliseconds)
  }
}
