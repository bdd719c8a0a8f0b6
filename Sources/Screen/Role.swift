/// What a cell means; the theme decides how that looks. Panes never name a colour.
package enum Role: UInt8, CaseIterable, Sendable {
  case text, dim, title, titleFocused, border, borderFocused, header
  case selected, selectedUnfocused, marked
  case stateRunning, statePaused, stateRestarting, stateDraining, stateStopped
  case alertLow, alertMedium, alertHigh, alertCritical
  case good, warning, bad
  case sparkline, sparklineBad
  case statusBar, statusGood, statusBad, statusWarning
  case key, prompt, promptDanger, code, input, gap, stale

  /// The name that theme files use: the case itself, as `alertCritical`.
  package var name: String { String(describing: self) }

  /// The role of that name, if there is one.
  package init?(name: String) {
    guard let role = Role.allCases.first(where: { $0.name == name }) else { return nil }
    self = role
  }

  /// One letter for each role, by which recorded screens show roles.
  package var letter: Character { Role.letters[Int(rawValue)] }

  private static let letters = Array(".dTFbBhSsmRPXDO0123gwe~!_GEWkp?c|^z")
}
