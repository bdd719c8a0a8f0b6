/// How often something went wrong, of how many times.
package struct RateCounts: Equatable, Sendable {
  package private(set) var trials = 0
  package private(set) var failures = 0

  package init() {}

  /// Failures beyond the trials, and what is negative, do not count; nor more trials than a minute can have.
  package init(failures: Int, of trials: Int) {
    self.trials = min(max(0, trials), Self.most)
    self.failures = min(max(0, failures), self.trials)
  }

  /// The messages of a minute that a fraction tells of, rounded to whole ones; nil if a number is none.
  package init?(rate: Double, of messages: Double) {
    var rest = 0.0
    self.init(rate: rate, of: messages, rest: &rest)
  }

  /// The same of one minute of many.
  ///
  /// - Parameter rest: what rounding has left of failures so far. Without it few messages would hide all of them, and more
  ///   messages at the same rate would not.
  package init?(rate: Double, of messages: Double, rest: inout Double) {
    guard rate.isFinite, (0...1).contains(rate), messages.isFinite, messages > 0 else { return nil }
    let trials = min(messages.rounded(), Double(Self.most))
    let exact = rate * trials + rest
    let failures = min(max(exact.rounded(), 0), trials)
    rest = min(max(exact - failures, -0.5), 0.5)
    self.init(failures: Int(failures), of: Int(trials))
  }

  /// Of one agent in one minute.
  package static let most = 1_000_000

  package static func + (left: RateCounts, right: RateCounts) -> RateCounts {
    var sum = left
    sum.trials = left.trials.addingReportingOverflow(right.trials).overflow ? .max : left.trials + right.trials
    sum.failures = min(
      sum.trials,
      left.failures.addingReportingOverflow(right.failures).overflow ? .max : left.failures + right.failures)
    return sum
  }

  package static func - (left: RateCounts, right: RateCounts) -> RateCounts {
    var rest = left
    rest.trials = max(0, left.trials - right.trials)
    rest.failures = min(rest.trials, max(0, left.failures - right.failures))
    return rest
  }

  /// The share of failures as it is best guessed, also of few trials: between 0 and 1, and neither (Jeffreys).
  package var rate: Double { (Double(failures) + 0.5) / (Double(trials) + 1) }
}
