/// How far a role's parameters may be tried.
///
/// A minute is a call of ``TuningRun/step(_:_:_:)``: a demonstration calls it more often.
package struct TuningSettings: Equatable, Sendable {
  /// What losses are told of in words; nil for losses as they are.
  package var objective: TuningObjective?
  /// The chance that a setting is adopted that makes no difference, for each trial.
  package var alpha = 0.05
  /// What trying and what was adopted may cost a day, beside what agents lose that run as before: in role-minutes. One is
  /// what it costs if every agent of the role loses everything for a minute.
  package var budget = 6.0
  /// How many minutes the agents of a pair run before they change over.
  package var half = 8
  /// So many minutes after a change tell nothing of the new setting.
  package var settle = 3
  /// A trial that shows nothing in so many rounds, of two halves each, is given up.
  package var rounds = 8
  /// How many minutes it takes at the most from a loss until all can run as before: the minute closes, it is read, and
  /// commands go out.
  package var lag = 5
  /// For so many minutes a direction rests that was given up; twice as long each time, up to ``longestRest``.
  package var rest = 60
  /// So many agents are set a minute at the most. Ways back are not counted.
  package var moves = 64

  package static let longestRest = 1440
  /// A part of a role, and a number of pairs, that run as before while another setting is adopted.
  static let heldPart = 8
  static let mostHeld = 8
  /// The same of those that take part in a trial.
  static let triedPart = 4
  static let mostTried = 8
  static let fewestMembers = 4
  /// What is adopted must lose so much less, as a part of the loss.
  static let leastGain = 0.02

  package init() {}

  /// `error_rate 0.021 instead of 0.034`, or as losses.
  func words(_ loss: Double, insteadOf other: Double) -> String {
    guard let objective else { return "a loss of \(loss.plain) instead of \(other.plain)" }
    return "\(objective.name) \(objective.value(of: loss).plain) instead of \(objective.value(of: other).plain)"
  }

  /// Whether a machine can run by them. The budget must allow that a whole role runs with what it adopted.
  package var isSound: Bool {
    alpha > 0 && alpha <= 0.5 && budget >= Double(lag) && budget <= 1440 && (1...1000).contains(settle)
      && (settle + 1...10_000).contains(half) && lag + settle < 3 * half && (2...1000).contains(rounds)
      && (1...60).contains(lag)
      && (1...Self.longestRest).contains(rest) && (1...100_000).contains(moves)
  }

  /// How many minutes a direction rests that was given up so many times.
  func rest(after failures: Int) -> Int { min(Self.longestRest, rest << min(max(0, failures - 1), 10)) }

  /// How many pairs of so many agents are held back. Of two one may break.
  static func heldPairs(of count: Int) -> Int { min(max(count < 8 ? 1 : 2, count / heldPart), mostHeld) }

  /// How many pairs of so many agents take part in a trial.
  static func triedPairs(of count: Int) -> Int { min(max(1, count / triedPart), mostTried) }
}
