/// What becomes of the parameters that agents let others set.
package enum TuningMode: String, CaseIterable, Sendable {
  /// Nothing is tried, and what was adopted goes back to what it was.
  case off
  /// A person is asked before each trial, and before each adoption.
  case propose
  /// Tried and adopted without a question.
  case auto
}
