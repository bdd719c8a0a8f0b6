/// What most operators did when alerts of a kind opened: worth a suggestion, and never a reason to act.
package struct OperatorSuggestion: Equatable, Sendable {
  package var kind: AlertKind
  /// Nil: whatever it was when the alert opened.
  package var severity: Severity?
  /// What was done, as it was done most often.
  package var step: OperatorStep
  /// In how many of the cases this action was the first.
  package var times: Int
  package var cases: Int
  /// How often the alert was over afterwards because its values were well, and in the middle how long that took.
  package var recovered: Int
  package var recoversAfter: TimeSpan?

  package init(
    kind: AlertKind, severity: Severity? = nil, step: OperatorStep, times: Int, cases: Int, recovered: Int = 0,
    recoversAfter: TimeSpan? = nil
  ) {
    (self.kind, self.severity, self.step) = (kind, severity, step)
    (self.times, self.cases) = (times, cases)
    (self.recovered, self.recoversAfter) = (recovered, recoversAfter)
  }

  /// `paused for 15m 9 of 11 times; healthy again after 6m in 8`.
  package var words: String {
    let history = "\(step.words) \(times) of \(cases) times"
    guard recovered > 0, let span = recoversAfter else { return history }
    return "\(history); healthy again after \(span.rounded) in \(recovered)"
  }
}

extension OperatorHistory {
  /// Of fewer cases nothing is said.
  package static let leastCases = 5
  /// The lower bound of the action's share must be above this: most operators did it, and not by chance.
  package static let leastShare = 0.5

  /// What is worth a suggestion of all kinds, in their order.
  package func suggestions(at now: Instant) -> [OperatorSuggestion] {
    AlertKind.allCases.flatMap { suggestions(for: $0, at: now) }
  }

  /// What is worth a suggestion of one kind. If there are enough cases of each severity that occurred, each is judged by
  /// itself, otherwise all are judged together.
  package func suggestions(for kind: AlertKind, at now: Instant) -> [OperatorSuggestion] {
    let decisions = Decision.all(of: cases(of: kind).filter { $0.isDecided(at: now) })
    let bySeverity = Dictionary(grouping: decisions, by: \.severity)
    guard bySeverity.count > 1, bySeverity.values.allSatisfy({ $0.count >= Self.leastCases }) else {
      return [Self.suggestion(kind, nil, decisions)].compactMap(\.self)
    }
    return bySeverity.sorted { $0.key > $1.key }.compactMap { Self.suggestion(kind, $0.key, $0.value) }
  }

  private static func suggestion(
    _ kind: AlertKind, _ severity: Severity?, _ decisions: [Decision]
  ) -> OperatorSuggestion? {
    guard decisions.count >= leastCases else { return nil }
    let byAction = Dictionary(grouping: decisions.filter { $0.step != nil }) { $0.step?.action.rawValue ?? "" }
    // No two can have more than half.
    guard let chosen = byAction.values.max(by: { $0.count < $1.count }),
      lowerBound(of: chosen.count, in: decisions.count) > leastShare, let step = usual(chosen.compactMap(\.step))
    else { return nil }
    let spans = chosen.compactMap(\.recoversAfter).sorted()
    return OperatorSuggestion(
      kind: kind, severity: severity, step: step, times: chosen.count, cases: decisions.count, recovered: spans.count,
      recoversAfter: spans.isEmpty ? nil : spans[(spans.count - 1) / 2])
  }

  /// The step that was taken most often; of several the latest. Nil if no rule could do it.
  private static func usual(_ steps: [OperatorStep]) -> OperatorStep? {
    var counts: [OperatorStep: (count: Int, last: Int)] = [:]
    for (index, step) in steps.enumerated() { counts[step] = ((counts[step]?.count ?? 0) + 1, index) }
    let usual = counts.max { ($0.value.count, $0.value.last) < ($1.value.count, $1.value.last) }?.key
    if case .other? = usual { return nil }
    return usual
  }

  /// The lower end of Wilson's score interval of a share, 95 % from both sides.
  ///
  /// E. B. Wilson, "Probable inference, the law of succession, and statistical inference", 1927.
  static func lowerBound(of count: Int, in all: Int) -> Double {
    guard all > 0 else { return 0 }
    let (z, n) = (1.959964, Double(all))
    let share = Double(count) / n
    let middle = share + z * z / (2 * n)
    let half = z * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot()
    return (middle - half) / (1 + z * z / n)
  }

  /// What was decided of one case, or by one order of all its cases.
  private struct Decision {
    var severity: Severity
    var step: OperatorStep?
    /// How long it took from the step until the last of its alerts had recovered; nil if one has not.
    var recoversAfter: TimeSpan?

    init(_ cases: [Case]) {
      severity = cases.map(\.severity).max() ?? .low
      step = cases.first?.answer?.step
      let spans = cases.compactMap { one in
        one.answer.flatMap { answer in one.recoveredAt.map { $0 - answer.at } }
      }
      let areAll = !spans.isEmpty && spans.count == cases.count && spans.allSatisfy { $0 >= .zero }
      recoversAfter = areAll ? spans.max() : nil
    }

    static func all(of cases: [Case]) -> [Decision] {
      let alone = cases.filter { $0.answer == nil }.map { Decision([$0]) }
      // Oldest first, so that the latest step can be told.
      var orders: [CommandID: Int] = [:]
      var groups: [[Case]] = []
      for one in cases {
        guard let order = one.answer?.order else { continue }
        if let index = orders[order] {
          groups[index].append(one)
        } else {
          orders[order] = groups.count
          groups.append([one])
        }
      }
      return alone + groups.map { Decision($0) }
    }
  }
}
