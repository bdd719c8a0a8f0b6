import Automation
import FleetModel
import Loop

/// What was read of rules and agents lately: by it the handler knows, without asking Redis again, that nothing is to be
/// done about an event, and that it has been told.
///
/// Nobody but the leader writes marks. One that is not the latest can only fail to hold an event back; then Redis is asked,
/// and nothing is ever done by what stands here.
struct RuleStateCache {
  private struct Key: Hashable {
    var rule: ObjectIdentifier
    var agent: AgentID

    init(_ rule: PreparedRule, _ agent: AgentID) { (self.rule, self.agent) = (ObjectIdentifier(rule), agent) }
  }

  private var kept: [Key: (marks: RuleState, readAt: MonotonicTime)] = [:]

  /// Marks expire in Redis; here too, so that what holds on is told anew in its time.
  private static let span = 60_000.0
  private static let most = 20_000

  /// What was read of a rule and an agent; nil if that was too long ago, or never.
  func marks(_ rule: PreparedRule, _ agent: AgentID, at now: MonotonicTime) -> RuleState? {
    guard let found = kept[Key(rule, agent)], now.milliseconds(since: found.readAt) < Self.span else {
      return nil
    }
    return found.marks
  }

  mutating func keep(_ marks: RuleState, at now: MonotonicTime) {
    if kept.count >= Self.most { kept.removeAll(keepingCapacity: true) }
    kept[Key(marks.prepared, marks.agent)] = (marks, now)
  }

  /// What was read does not stand any more.
  mutating func forget(_ rule: PreparedRule, _ agent: AgentID) { kept[Key(rule, agent)] = nil }

  mutating func forgetAll() { kept.removeAll(keepingCapacity: true) }
}
