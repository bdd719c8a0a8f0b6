/// What agents may use a day, as the configuration says.
package struct Budget: Equatable, Sendable {
  package enum Unit: String, CaseIterable, Sendable {
    /// In the currency of the configuration.
    case cost
    case tokens
  }

  /// Whose use is added up.
  package enum Scope: Equatable, Sendable {
    /// Each agent whose id fits, for itself.
    case agent(Glob)
    /// Each role that fits, its agents together.
    case role(Glob)
    /// All agents together.
    case fleet
  }

  package var scope: Scope
  package var unit: Unit
  package var most: Double

  /// Shares of a budget at which people are told, each once a day.
  package static let levels = [0.8, 0.95, 1]
  /// More entries are not taken.
  package static let mostEntries = 64

  package init(_ scope: Scope, _ unit: Unit, most: Double) {
    (self.scope, self.unit, self.most) = (scope, unit, most)
  }

  /// The share of the budget that is used.
  package func share(_ used: Double) -> Double { most > 0 ? used / most : 0 }

  /// How many of the levels a use has reached.
  package func level(_ used: Double) -> Int {
    let share = share(used)
    return Self.levels.count { share >= $0 }
  }
}
