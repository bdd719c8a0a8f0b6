import Automation
import FleetModel
import Wire

/// What is remembered of the rules on one kind of event, by which repeats are settled.
///
/// A class: as a value it would be copied at each question.
final class RepeatsOfKind {
  /// What is known of a rule and an agent.
  private struct Memory {
    /// When the agent that stands at this position was heard first: another may take its place.
    var first = Instant(milliseconds: .min)
    var suppression = Decision.Suppression.off
    var until = Instant(milliseconds: .min)
  }

  let rules: [PreparedRule]
  /// Nil for a rule that is off.
  private let tests: [NumberTest?]
  private var numbers: EventNumbers
  /// The metrics that the numbers are, by which they are known without reading the event again; empty if one is none.
  private let metrics: [Metric]
  private var values: [EventNumbers.Value]
  /// By the agent's position, then by rule.
  private var memories: [Memory] = []

  /// Fails where words must decide.
  init?(_ rules: [PreparedRule]) {
    var fields: [String] = []
    var tests: [NumberTest?] = []
    for prepared in rules {
      let test = NumberTest(prepared.rule.when, &fields)
      guard prepared.rule.mode == .off || test != nil else { return nil }
      tests.append(prepared.rule.mode == .off ? nil : test)
    }
    guard !rules.isEmpty, rules.count <= UInt64.bitWidth else { return nil }
    let known = fields.compactMap { field in Metric.allCases.first { $0.field == field } }
    (self.rules, self.tests, numbers) = (rules, tests, EventNumbers(fields))
    metrics = known.count == fields.count ? known : []
    values = Array(repeating: .missing, count: fields.count)
  }

  /// Reads the numbers that its rules ask for.
  func read(_ event: borrowing Event) -> Bool {
    if knowsNumbers(event) { return true }
    guard numbers.read(event.bytes) else { return false }
    values = numbers.values
    return true
  }

  /// Takes them from what was read of the event already. What is not there may be something that is no number, and what
  /// came by another name is not what rules ask for.
  private func knowsNumbers(_ event: borrowing Event) -> Bool {
    guard !metrics.isEmpty, !event.metrics.usesAlias else { return false }
    for place in metrics.indices {
      guard let value = event.metrics[metrics[place]] else { return false }
      values[place] = .number(value)
    }
    return true
  }

  /// Which rules hold for what was read, by bit in their order; nil if words must decide.
  var matches: UInt64? {
    var matches: UInt64 = 0
    for place in tests.indices {
      guard let test = tests[place] else { continue }
      guard let holds = test.holds(values) else { return nil }
      if holds { matches |= 1 << UInt64(place) }
    }
    return matches
  }

  /// Why a rule does nothing; nil if that is not known.
  @inline(__always)
  func suppression(
    _ place: Int, _ matches: UInt64, _ position: Int, _ first: Instant, _ now: Instant, _ isStale: Bool
  ) -> Decision.Suppression? {
    if tests[place] == nil { return .off }
    guard matches & (1 << UInt64(place)) != 0 else { return .notMet }
    let index = position * rules.count + place
    guard index < memories.count, memories[index].first == first, now < memories[index].until else { return nil }
    let suppression = memories[index].suppression
    return isStale == (suppression == .stale) || suppression == .off ? suppression : nil
  }

  func remember(
    _ rule: PreparedRule, _ position: Int, first: Instant, _ suppression: Decision.Suppression, until end: Instant
  ) {
    guard let place = rules.firstIndex(where: { $0 === rule }) else { return }
    let needed = (position + 1) * rules.count
    if memories.count < needed {
      memories += Array(repeating: Memory(), count: needed - memories.count)
    }
    memories[position * rules.count + place] = Memory(first: first, suppression: suppression, until: end)
  }

  func forget(_ position: Int) {
    let start = position * rules.count
    for place in start..<max(start, min(start + rules.count, memories.count)) {
      memories[place] = Memory()
    }
  }

  func forgetAll() { memories.removeAll(keepingCapacity: true) }
}
