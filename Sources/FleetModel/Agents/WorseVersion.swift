/// A version of a role's agents that was named worse than another, and how far those that run it were asked back.
package struct WorseVersion: Equatable, Sendable {
  package var role: String
  package var worse: String
  /// The one to which they are to go back.
  package var better: String
  /// By which it was found, by its name.
  package var metric: String
  /// What was found, in words for people.
  package var words: String
  package var namedAt: Instant
  /// Those that were named last; nil before the first, and once it is closed.
  package var step: Step?
  /// Whether nobody more is named.
  package private(set) var isClosed = false

  /// So many are remembered, the latest.
  package static let most = 64

  /// Agents that are to go back together.
  package struct Step: Equatable, Sendable {
    package var agents: [AgentID]
    package var at: Instant

    package init(_ agents: [AgentID], at instant: Instant) {
      self.agents = agents
      at = instant
    }
  }

  package init(
    role: String, worse: String, better: String, metric: String, words: String, namedAt: Instant, step: Step? = nil
  ) {
    (self.role, self.worse, self.better, self.metric) = (role, worse, better, metric)
    (self.words, self.namedAt, self.step) = (words, namedAt, step)
  }

  /// Nobody more is named.
  package mutating func close() { (step, isClosed) = (nil, true) }

  // Text from outside is compared by its bytes.
  package static func == (left: WorseVersion, right: WorseVersion) -> Bool {
    left.isOf(right.role, right.worse) && left.better.isExactly(right.better) && left.metric.isExactly(right.metric)
      && left.words.isExactly(right.words) && left.namedAt == right.namedAt && left.step == right.step
      && left.isClosed == right.isClosed
  }

  /// Whether it is about a version in a role.
  package func isOf(_ role: String, _ version: String) -> Bool {
    self.role.isExactly(role) && worse.isExactly(version)
  }
}
