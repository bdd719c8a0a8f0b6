import Automation
import FleetModel
import Wire

/// Settles events that come again and again as they are read: what a rule has decided about an agent a moment ago still
/// holds, and nothing is to be done or said.
///
/// It knows only what the engine has told it, and never lets anything be done. A class apart from the engine: it is asked
/// at each event, and nobody refers to it weakly, which would make each question dearer.
final class RepeatFilter {
  /// What is the same for all events that are read in one turn of the loop.
  struct Turn {
    let now: Instant
    /// What came before is too old to be acted on.
    let oldest: Instant
    /// Whether the mode is known well enough to leave an event alone by it.
    let knowsMode: Bool
  }

  private(set) var rules: RulesByType
  /// By kind of event; nil if words must decide.
  private var kinds: [RepeatsOfKind?]
  /// Nil if nobody has looked at the clocks in this turn of the loop.
  var turn: Turn?
  /// Whether anything is to be known of each event's agent.
  var watchesAgents = false

  init(_ rules: RulesByType) {
    self.rules = rules
    kinds = Self.kinds(rules)
  }

  /// The runbook is another one.
  func take(_ rules: RulesByType) {
    (self.rules, kinds) = (rules, Self.kinds(rules))
  }

  private static func kinds(_ rules: RulesByType) -> [RepeatsOfKind?] {
    EventKind.allCases.map { kind in kind.type.flatMap { RepeatsOfKind(rules[$0]) } }
  }

  /// Which of the rules on an event hold for it, by bit in their order; nil if numbers alone do not tell it.
  func matches(_ event: borrowing Event) -> UInt64? {
    guard let kind = kinds[Int(event.kind.rawValue)], kind.read(event) else { return nil }
    return kind.matches
  }

  /// Settles an event if all rules on it are known to do nothing about it, and counts that.
  ///
  /// - Parameters:
  ///   - matches: which of the rules hold for it.
  ///   - position: where its agent stands in the fleet.
  ///   - first: when that agent was heard first.
  ///   - isStale: whether it is too old to be acted on.
  func settles(
    _ matches: UInt64, _ kind: EventKind, at position: Int, first: Instant, now: Instant, isStale: Bool
  ) -> Bool {
    guard let kind = kinds[Int(kind.rawValue)] else { return false }
    func suppression(_ place: Int) -> Decision.Suppression? {
      kind.suppression(place, matches, position, first, now, isStale)
    }
    for place in kind.rules.indices where suppression(place) == nil { return false }
    for place in kind.rules.indices {
      if let suppression = suppression(place) { rules.count(kind.rules[place], .suppression(suppression)) }
    }
    return true
  }

  /// Takes note that a rule does nothing about events of an agent for a while.
  func remember(
    _ rule: PreparedRule, _ kind: EventKind, _ position: Int, first: Instant, _ suppression: Decision.Suppression,
    until end: Instant
  ) {
    kinds[Int(kind.rawValue)]?.remember(rule, position, first: first, suppression, until: end)
  }

  /// What was known of an agent does not stand any more.
  func forget(_ position: Int) {
    for kind in kinds { kind?.forget(position) }
  }

  func forgetAll() {
    for kind in kinds { kind?.forgetAll() }
  }
}
