extension AlertBook {
  /// How many are open, and how.
  package struct Counts: Equatable, Sendable {
    package var all = 0
    /// Somebody takes care of them.
    package var acknowledged = 0
    /// Silenced, and not acknowledged.
    package var silenced = 0
    /// Nothing is heard about them; those in hand do not count.
    package var quiet = 0
    /// Only this program says that they are open; they count among all.
    package var local = 0

    /// Acknowledged or silenced.
    package var inHand: Int { acknowledged + silenced }
    package var isLoud: Bool { all > inHand }
    /// Whether one asks for attention that is not quiet.
    package var isActive: Bool { all > inHand + quiet }
  }

  /// How many alerts are open of each kind, how many of all are quiet, and how many are this program's alone: kept up as
  /// they change.
  struct Tally: Sendable {
    private(set) var quiet = 0
    private(set) var local = 0
    private var ofKind = [Int](repeating: 0, count: AlertKind.allCases.count)

    subscript(kind: AlertKind) -> Int { ofKind[Int(kind.rawValue)] }

    /// Adds an alert, or takes it out.
    mutating func add(_ alert: Numbers, _ sign: Int) {
      ofKind[Int(alert.kind.rawValue)] += sign
      if alert.quietSince != nil { quiet += sign }
      if alert.isLocal { local += sign }
    }
  }
}
