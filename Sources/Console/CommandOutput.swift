import FleetModel

/// What a command of the operator's own has printed, or that it still runs.
package struct CommandOutput: Equatable, Sendable {
  package enum State: Equatable, Sendable {
    case running(since: Instant)
    /// In words, and whether that is what was hoped for.
    case ended(String, isGood: Bool)
  }

  package var title: String
  package var state: State
  /// Scrubbed.
  package var lines: [String] = []
  /// Whether something before these lines is left out.
  package var isCut = false

  /// More lines are not kept, nor more bytes of one.
  static let mostLines = 2000
  static let longestLine = 1000
}
