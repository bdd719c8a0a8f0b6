import Automation
import FleetModel
import Wire

/// Settles events that come again and again as they are read: what a rule has decided about an agent a moment ago still
/// holds, and nothing is to be done or said.
///
/// It knows only what the engine has told it, and never lets anything be done.
struct RepeatFilter {
  fileprivate struct Entry {
    let rule: Rule
    /// Nil for a rule that is off.
    let test: NumberTest?
    /// By the number of the decision.
    var counts = [Int](repeating: 0, count: Decision.Suppression.allCases.count)
  }

  /// What is known of a rule and an agent.
  fileprivate struct Memory {
    /// When the agent that stands at this position was heard first: another may take its place.
    var first = Instant(milliseconds: .min)
    var suppression = Decision.Suppression.off
    var until = Instant(milliseconds: .min)
  }

  /// What concerns one kind of event.
  fileprivate struct Kind {
    var entries: [Entry]
    var numbers: EventNumbers
    /// By the agent's position, then by rule.
    var memories: [Memory] = []
  }

  /// By kind of event; nil if words must decide.
  private var kinds: [Kind?]
  /// How many events it has settled since its counts were taken.
  private(set) var total = 0
  var hasCounts: Bool { total > 0 }
  private var suppressions: [Decision.Suppression] = []

  private static let holdPlaces = Decision.Suppression.allCases

  init(_ runbook: Runbook) {
    kinds = EventKind.allCases.map { kind in kind.type.flatMap { Self.kind(runbook.rules(on: $0)) } }
  }

  private static func kind(_ rules: [Rule]) -> Kind? {
    var fields: [String] = []
    var entries: [Entry] = []
    for rule in rules {
      let test = NumberTest(rule.when, &fields)
      guard rule.mode == .off || test != nil else { return nil }
      entries.append(Entry(rule: rule, test: rule.mode == .off ? nil : test))
    }
    return entries.isEmpty ? nil : Kind(entries: entries, numbers: EventNumbers(fields))
  }

  /// Settles an event if all rules on it are known to do nothing about it, and counts that.
  ///
  /// - Parameters:
  ///   - position: where its agent stands in the fleet.
  ///   - first: when that agent was heard first.
  ///   - isStale: whether it is too old to be acted on.
  mutating func settles(
    _ event: borrowing Event, at position: Int, first: Instant, now: Instant, isStale: Bool
  ) -> Bool {
    let number = Int(event.kind.rawValue)
    guard kinds[number] != nil, kinds[number]?.numbers.read(event.bytes) == true else { return false }
    suppressions.removeAll(keepingCapacity: true)
    guard kinds[number]?.decide(&suppressions, position, first, now, isStale) == true else { return false }
    for place in suppressions.indices { kinds[number]?.entries[place].counts[suppressions[place].place] += 1 }
    total += 1
    return true
  }

  /// Takes note that a rule does nothing about events of an agent for a while.
  mutating func remember(
    _ rule: Rule, _ type: String, _ position: Int, first: Instant, _ suppression: Decision.Suppression,
    until end: Instant
  ) {
    for number in kinds.indices where EventKind.allCases[number].type == type {
      kinds[number]?.remember(rule, position, Memory(first: first, suppression: suppression, until: end))
    }
  }

  /// What was known of an agent does not stand any more.
  mutating func forget(_ position: Int) {
    for number in kinds.indices { kinds[number]?.forget(position) }
  }

  mutating func forgetAll() {
    for number in kinds.indices { kinds[number]?.memories.removeAll(keepingCapacity: true) }
  }

  /// Moves what was counted since the last call into a tally.
  mutating func moveCounts(to tally: inout DecisionTally) {
    guard hasCounts else { return }
    total = 0
    for number in kinds.indices {
      for place in kinds[number]?.entries.indices ?? 0..<0 {
        guard let entry = kinds[number]?.entries[place] else { continue }
        for suppression in Self.holdPlaces where entry.counts[suppression.place] > 0 {
          tally.count(entry.rule, .suppression(suppression), times: entry.counts[suppression.place])
          kinds[number]?.entries[place].counts[suppression.place] = 0
        }
      }
    }
  }
}

extension RepeatFilter.Kind {
  /// Decides by what is known; false if something is not.
  fileprivate func decide(
    _ suppressions: inout [Decision.Suppression], _ position: Int, _ first: Instant, _ now: Instant, _ isStale: Bool
  ) -> Bool {
    for place in entries.indices {
      guard let test = entries[place].test else {
        suppressions.append(.off)
        continue
      }
      guard let matches = test.holds(numbers.values) else { return false }
      guard matches else {
        suppressions.append(.notMet)
        continue
      }
      let index = position * entries.count + place
      guard index < memories.count, memories[index].first == first, now < memories[index].until else { return false }
      let suppression = memories[index].suppression
      guard isStale == (suppression == .stale) || suppression == .off else { return false }
      suppressions.append(suppression)
    }
    return true
  }

  fileprivate mutating func remember(_ rule: Rule, _ position: Int, _ memory: RepeatFilter.Memory) {
    guard let place = entries.firstIndex(where: { $0.rule.id == rule.id }) else { return }
    let needed = (position + 1) * entries.count
    if memories.count < needed {
      memories += Array(repeating: RepeatFilter.Memory(), count: needed - memories.count)
    }
    memories[position * entries.count + place] = memory
  }

  fileprivate mutating func forget(_ position: Int) {
    let start = position * entries.count
    for place in start..<max(start, min(start + entries.count, memories.count)) {
      memories[place] = RepeatFilter.Memory()
    }
  }
}

extension Decision.Suppression {
  /// Its number among all.
  fileprivate var place: Int {
    switch self {
    case .off: 0
    case .notMet: 1
    case .stale: 2
    case .notCleared: 3
    case .counting: 4
    case .throttled: 5
    case .limited: 6
    case .guarded: 7
    }
  }
}
