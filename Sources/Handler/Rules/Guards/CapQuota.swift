import Automation
import Execution
import FleetModel
import Redis
import Wire

/// How many addresses rules have blocked within an hour, and when they gave an agent more: read before rules do so, and
/// counted in the transaction by which they do.
///
/// | key | what |
/// |---|---|
/// | `mark:rules/blocks` (a sorted set) | actions of runs that block an address → when they were decided |
/// | `mark:rules/scaled-up/<agent>` | when rules decided to give it more, epoch ms |
struct CapQuota {
  private let agent: AgentID
  private let now: Instant
  private let blocksKey: [UInt8]
  private let scaleUpKey: MarkKey
  private var blocksFound: [UInt8] = []
  private var scaleUpFound: [UInt8] = []

  private static let counted = TimeSpan.hours(1)

  init(_ agent: AgentID, at now: Instant, keys: Keys) {
    self.agent = agent
    self.now = now
    blocksKey = keys.mark("rules/blocks")
    scaleUpKey = keys.mark(of: agent) { "rules/scaled-up/\($0)" }
  }

  private var since: String { "(\((now - Self.counted).milliseconds)" }

  /// What must be read; ``take(_:)`` wants the answers.
  var requests: [Request] { [Request("ZCOUNT", blocksKey, since, "+inf"), scaleUpKey.get] }

  mutating func take(_ replies: some Collection<Reply>) {
    let replies = Array(replies)
    blocksFound = Array("\(replies[0].integer ?? 0)".utf8)
    scaleUpFound = replies[1].mark ?? []
  }

  /// How many addresses rules have blocked within an hour.
  var blocks: Int { Int(String(decoding: blocksFound, as: UTF8.self)) ?? 0 }

  /// When rules gave the agent more last.
  var scaledUpAt: Instant? { Instant(score: scaleUpFound) }

  /// Counts what a run is going to do; the transaction goes ahead only while nobody else has done so meanwhile.
  ///
  /// - Parameter span: how long a scaling up is remembered.
  func reserve(
    _ ruleActions: [PlannedAction], of run: String, _ record: AgentRecord, for span: TimeSpan,
    in transaction: inout Transaction
  ) {
    let courses = ruleActions.map { $0.whileIll(record) }
    if courses.contains(.blocks) {
      transaction.require("ZCOUNT", blocksKey, since, "+inf", is: blocksFound)
      for place in courses.indices where courses[place] == .blocks {
        transaction.change("ZADD", blocksKey, now, RunRecord.id(of: run, .ruleActions, place).text)
      }
      transaction.change("ZREMRANGEBYSCORE", blocksKey, "-inf", now - Self.counted)
      transaction.change("PEXPIRE", blocksKey, Self.counted.milliseconds)
    }
    if courses.contains(.scalesUp), span > .zero {
      transaction.require(scaleUpKey, is: scaleUpFound)
      transaction.change("SET", scaleUpKey, now, "PX", span.milliseconds)
    }
  }
}
