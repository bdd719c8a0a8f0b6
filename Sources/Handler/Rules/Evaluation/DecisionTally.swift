import Automation
import Redis
import Wire

/// How often each rule decided what, also where the audit says nothing: a condition that was not met, a reason that had been
/// told before.
///
/// It stands in the hash `agentos:mark:rules/tally`, `<rule>/<decision>` → count, since the rules first ran there.
struct DecisionTally: Equatable {
  private var counts: [String: Int]

  init(_ counts: [String: Int] = [:]) {
    self.counts = counts
  }

  mutating func count(_ rule: Rule, _ decision: Decision) { count(rule, decision.course, times: 1) }

  mutating func count(_ rule: Rule, _ course: Decision.Course, times: Int) {
    counts["\(rule.id)/\(course.name)", default: 0] += times
  }

  var isEmpty: Bool { counts.isEmpty }

  /// Takes what was counted since the last call.
  mutating func take() -> DecisionTally {
    defer { counts.removeAll(keepingCapacity: true) }
    return self
  }

  /// Takes back what could not be written.
  mutating func add(_ other: DecisionTally) { counts.merge(other.counts, uniquingKeysWith: +) }

  func write(to transaction: inout Transaction, keys: Keys) {
    if !counts.isEmpty { transaction.noteDecisions(counts) }
    for (field, count) in counts.sorted(by: { $0.key < $1.key }) {
      transaction.attempt("HINCRBY", keys.tally, field, count)
    }
  }
}
