import Automation
import FleetModel
import Wire

/// A rule with all that is found out about it once and asked for at each event.
///
/// A class, so that what waits under a rule holds a reference and no copy of it.
final class PreparedRule {
  let rule: Rule
  /// Who the audit says acts by it.
  let author: String
  /// How its marks are spelled where it acts, and in a dry run.
  let marks: MarkSpelling
  let dryMarks: MarkSpelling
  /// Whether its condition asks for nothing that must be read from Redis.
  let isJudgedInMemory: Bool
  /// Whether its condition asks for what is known of the event's agent.
  let asksForAgent: Bool
  let countsAsking: Bool
  let isHeldWhileIll: Bool
  /// Whether it may pause or restart an agent.
  let mayTakeAway: Bool
  /// Whether it may block an address, or give an agent more.
  let mayReachCaps: Bool
  /// Whether it may roll an agent back.
  let mayRollBack: Bool
  /// What was decided since it was last taken, by ``place(of:)``.
  private var counts = [Int](repeating: 0, count: courses.count)

  private static let courses =
    [Decision.Course.act, .propose, .dryRun] + Decision.Suppression.allCases.map { .suppression($0) }

  init(_ rule: Rule, _ keys: Keys) {
    self.rule = rule
    author = "rule/\(rule.id)"
    marks = MarkSpelling(rule, keys, isDry: false)
    dryMarks = MarkSpelling(rule, keys, isDry: true)
    let names = rule.when.names
    isJudgedInMemory = rule.when.isAboutEventAlone || names.allSatisfy(\.isRemembered)
    asksForAgent = names.contains { ["agent", "metric"].contains($0.parts[0]) }
    (countsAsking, isHeldWhileIll) = (rule.countsAsking, rule.isHeldWhileIll)
    (mayTakeAway, mayReachCaps, mayRollBack) = (rule.mayTakeAway, rule.mayReachCaps, rule.mayRollBack)
  }

  var id: String { rule.id }

  @inline(__always)
  func count(_ course: Decision.Course) { counts[Self.place(of: course)] += 1 }

  func moveCounts(to tally: inout DecisionTally) {
    for place in counts.indices where counts[place] > 0 {
      tally.count(rule, Self.courses[place], times: counts[place])
      counts[place] = 0
    }
  }

  /// The place of a decision among all.
  @inline(__always)
  private static func place(of course: Decision.Course) -> Int {
    switch course {
    case .act: 0
    case .propose: 1
    case .dryRun: 2
    case .suppression(.off): 3
    case .suppression(.notMet): 4
    case .suppression(.stale): 5
    case .suppression(.notCleared): 6
    case .suppression(.counting): 7
    case .suppression(.throttled): 8
    case .suppression(.limited): 9
    case .suppression(.guarded): 10
    }
  }
}

extension Rule {
  /// Whether it may pause or restart an agent.
  fileprivate var mayTakeAway: Bool { ruleActions.contains { $0.kind.isAny(of: [.pause, .restart]) } }

  /// Whether it may roll an agent back: no event recommends that.
  fileprivate var mayRollBack: Bool { ruleActions.contains { $0.kind == .action(.rollback) } }

  /// Whether it may block an address, or give an agent more.
  var mayReachCaps: Bool { ruleActions.contains { $0.kind.isAny(of: [.blockIP, .scale]) } }
}

extension RuleAction.Kind {
  /// Whether it is one of these, or may turn out to be.
  fileprivate func isAny(of actions: [Action]) -> Bool {
    switch self {
    case .action(let action): actions.contains(action)
    case .report: false
    case .recommended: true
    }
  }
}

extension FactName {
  /// Whether the handler knows it without reading anything: only an agent's record stands in Redis alone.
  fileprivate var isRemembered: Bool {
    guard parts[0] == "agent" else { return parts[0] != "run" }
    return ["id", "name", "role", "tier", "replicas_min", "replicas_max", "backup_for"].contains(parts[1])
  }
}
