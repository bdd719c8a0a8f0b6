import FleetModel
import Wire

/// Agents that run with a setting which was tried in a role that is no longer theirs: kept as they change, so that
/// whoever brings them back looks through no fleet.
struct TunedElsewhere {
  /// Positions, by who set it: see ``author(of:)``.
  private var positions: [String: Set<Int>] = [:]
  private var authors: [Int: Set<String>] = [:]

  /// Under which name settings of a role's agents are tried.
  static func author(of role: ExactText) -> String {
    AgentTuning.byTrial + AgentID(bytes: Array(role.text.utf8)).keyPart
  }

  /// Positions of agents that run with what was tried in a role of which they are none, in no order.
  func positions(of author: String) -> Set<Int> { positions[author] ?? [] }

  /// Takes how an agent is set.
  mutating func note(_ position: Int, _ tunings: [AgentTuning], role: ExactText) {
    guard !tunings.isEmpty || !authors.isEmpty else { return }
    var found: Set<String> = []
    for tuning in tunings where tuning.value != nil && tuning.by.hasPrefix(AgentTuning.byTrial) {
      found.insert(tuning.by)
    }
    if !found.isEmpty { found.remove(Self.author(of: role)) }
    guard found != authors[position] ?? [] else { return }
    remove(position)
    guard !found.isEmpty else { return }
    authors[position] = found
    for author in found { positions[author, default: []].insert(position) }
  }

  mutating func remove(_ position: Int) {
    guard !authors.isEmpty, let former = authors.removeValue(forKey: position) else { return }
    for author in former {
      positions[author]?.remove(position)
      if positions[author]?.isEmpty == true { positions[author] = nil }
    }
  }
}
