import Automation
import FleetModel
import Wire

/// The rules of a runbook by the type of event: asked for each event, and looked for once a type.
///
/// A class, since whoever reads events and whoever judges them share what was counted.
final class RulesByType {
  private let all: [PreparedRule]
  /// By kind: whether a rule concerns such events, and whether one of these asks for values before the event.
  private var kinds: [(isConcerned: Bool, asksForBefore: Bool)] = []
  private var types: [ExactText: [PreparedRule]] = [:]
  /// How many decisions were counted since they were last taken.
  private(set) var counted = 0

  init(_ runbook: Runbook, _ keys: Keys) {
    all = runbook.rules.map { PreparedRule($0, keys) }
    kinds = EventKind.allCases.map { kind in
      // Of a kind that vigia does not know nobody can tell before its type is.
      guard let type = kind.type else { return (!all.isEmpty, true) }
      let rules = self[type]
      return (!rules.isEmpty, rules.contains { $0.rule.asksForBefore })
    }
  }

  /// Whether any rule concerns events of a kind.
  @inline(__always)
  func concern(_ kind: EventKind) -> Bool { kinds[Int(kind.rawValue)].isConcerned }

  /// Whether a rule on events of a kind asks for the agent's values before them.
  @inline(__always)
  func askForBefore(_ kind: EventKind) -> Bool { kinds[Int(kind.rawValue)].asksForBefore }

  /// The rule of a name; nil if there is none.
  func rule(_ id: String) -> PreparedRule? { all.first { $0.id == id } }

  subscript(type: String) -> [PreparedRule] {
    let key = ExactText(type)
    if let known = types[key] { return known }
    // Publishers may make up types without end.
    if types.count > 1000 { types.removeAll() }
    let rules = all.filter { $0.rule.concerns(type) }
    if type.utf8.count <= Rule.longestType { types[key] = rules }
    return rules
  }

  @inline(__always)
  func count(_ rule: PreparedRule, _ course: Decision.Course) {
    rule.count(course)
    counted += 1
  }

  /// Moves what was counted since the last call into a tally.
  func moveCounts(to tally: inout DecisionTally) {
    guard counted > 0 else { return }
    counted = 0
    for rule in all { rule.moveCounts(to: &tally) }
  }
}
