/// The names whose values are words of the wire's own enumerations. Conditions compare them whatever the case of their
/// letters, as whoever reads an event does.
///
/// | name | words |
/// |---|---|
/// | `agent.state`, `data.state` | running, paused, restarting, draining, stopped |
/// | `data.risk_level`, `data.severity` | low, medium, high, critical |
extension FactName {
  private static let words: Set = ["agent.state", "data.state", "data.risk_level", "data.severity"]

  /// Whether its value is such a word.
  var isWord: Bool { Self.words.contains(description) }
}

extension FactValue {
  /// The value in small letters.
  var lowercased: FactValue {
    switch self {
    case .text(let text): .text(text.lowercased())
    case .list(let values): .list(values.map(\.lowercased))
    case .number, .flag: self
    }
  }
}
