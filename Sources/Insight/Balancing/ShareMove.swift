import FleetModel

/// A change of one agent's share of its role's new conversations, and why.
package struct ShareMove: Equatable, Sendable {
  package enum Kind: Equatable, Sendable {
    /// It has more to do than the others for its room, or less.
    case busier, idler
    /// Its health is bad.
    case ill
    /// It answers later than its role.
    case slow
    /// It makes up for what others take more or less.
    case evens
  }

  /// What was known when it was decided.
  package struct Reason: Equatable, Sendable {
    package let kind: Kind
    /// As the agent last told.
    package let open: Double
    package let capacity: Int
    package let waiting: Double
    /// 0…1; nil if unknown.
    package let health: Double?
    /// Milliseconds, smoothed; nil if unknown.
    package let responseTime: Double?
    /// What is open and waits in its role, of the room; smoothed.
    package let busy: Double
  }

  package let agent: AgentID
  package let from: Double
  /// What ``TunableParameter/nearest(_:)`` gives, and another share than `from`.
  package let to: Double
  package let reason: Reason

  /// What is done and why, to stand behind the agent's name, such as
  /// `share 0.8 instead of 1: 14 of 16 open, health 0.62, its role 41% busy`.
  package var words: String {
    var parts = ["\(reason.open.plain) of \(reason.capacity) open"]
    if reason.waiting > 0 { parts.append("\(reason.waiting.plain) waiting") }
    if let health = reason.health { parts.append("health \(health.hundredths)") }
    switch reason.kind {
    case .slow:
      if let time = reason.responseTime { parts.append("answers in \(time.plain) ms") }
    case .evens: parts.append(to > from ? "others take less" : "others take more")
    case .busier, .idler, .ill: break
    }
    parts.append("its role \((reason.busy * 100).rounded().plain)% busy")
    return "share \(to.plain) instead of \(from.plain): " + parts.joined(separator: ", ")
  }
}

extension Double {
  /// With two decimals at the most: `0.62`, `0.4`, `1`.
  fileprivate var hundredths: String { ((self * 100).rounded() / 100).plain }
}
