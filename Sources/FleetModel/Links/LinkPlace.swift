/// A place in a link's address or a command's argument that is filled in: `{agent}`.
package enum LinkPlace: String, CaseIterable, Sendable {
  case agent, name, role, tier, model
  /// The alert's kind, and how bad it is.
  case alert, severity
  /// When the alert began; without one an hour before now.
  case since
  case sinceMilliseconds = "since_ms"
  case now
  case nowMilliseconds = "now_ms"

  /// `{agent}, {name} and …`.
  package static var words: String { allCases.map { "{\($0.rawValue)}" }.joined(separator: ", ") }
}
