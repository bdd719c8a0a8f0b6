/// How each role looks, as a table with an entry for every role.
package struct Theme: Sendable {
  package var name: String
  private var styles: [Style]

  /// Makes a theme; a role that `styles` leaves out looks as in `plain`.
  package init(name: String, styles: [Role: Style]) {
    self.name = name
    self.styles = Role.allCases.map { styles[$0] ?? Style(attributes: Theme.plainAttributes($0)) }
  }

  package subscript(role: Role) -> Style {
    get { styles[Int(role.rawValue)] }
    set { styles[Int(role.rawValue)] = newValue }
  }

  /// Attributes alone, for terminals without colours and for `NO_COLOR`.
  package static let plain = Theme(name: "plain", styles: [:])

  private static func plainAttributes(_ role: Role) -> Attributes {
    switch role {
    case .text, .stateRunning, .alertLow, .good, .sparkline: []
    case .dim, .border, .stateDraining, .stateStopped, .gap, .stale: .dim
    case .title, .borderFocused, .statePaused, .stateRestarting, .alertMedium, .warning, .sparklineBad, .key: .bold
    case .header, .input: .underline
    case .marked, .alertHigh, .bad, .code: [.bold, .underline]
    case .titleFocused, .selected, .alertCritical, .promptDanger, .statusBad: [.bold, .reverse]
    case .selectedUnfocused: .underline
    case .statusBar, .statusGood, .statusWarning, .prompt: .reverse
    }
  }
}
