import FleetModel

/// Something that the product said of an agent.
struct ForesightAlarm: Equatable {
  enum Kind: String, CaseIterable {
    /// A value is past its level.
    case level
    case silence, anomaly, runaway
    /// The health has become critical.
    case health
    case forecast

    /// Whether it is foresight's own word: levels are there without it.
    var isForesight: Bool { self != .level }
  }

  var agent: AgentID
  var kind: Kind
  var at: Instant
  /// The metric's name on the wire; empty if it is about none.
  var metric = ""
  /// What it says, in words.
  var words = ""
}

/// A common cause that the product named.
struct ForesightClaim: Equatable {
  var cause: TraitValue
  var at: Instant
  /// What it says, in words.
  var words = ""
}
