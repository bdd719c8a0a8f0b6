/// What is known of one shard of a fleet: who judges its agents, and how far that was told. A fleet that is not divided
/// has one.
struct ShardStanding: Sendable {
  /// Whether a handler leads it, and whether the alerts that the handler wrote can be read: of no concern to a handler's
  /// own fleet.
  var handlerIsAlive = false
  var alertsAreServed = true
  /// Whether the link to it is up. What is silent on a link that is down is no agent.
  var isHeard = true
  /// Whose word on its alerts counts, as that was judged last.
  var hadHandlersWord = false
  /// How far its handler has read events; nil if that is not known.
  var judgedUpTo: Instant?
  /// When the alerts of its handler were told last.
  var alertsToldAt = Instant.epoch
  /// Where the count of tellings stood when the last telling of its records began.
  var recordsBegan = 0
  /// Where its fleet-wide switch stands.
  var automation = AutomationSwitch()

  /// Whether its handler's word on alerts counts.
  var hasHandlersWord: Bool { handlerIsAlive && alertsAreServed }
}

extension Fleet {
  /// Which shard an agent is in, by its position.
  func shard(at position: Int) -> Int {
    division.count == 1 ? 0 : agents.profiles[position].map { Int($0.shard) } ?? 0
  }

  /// Whether a handler judges an agent's alerts: its word is waited for.
  func isJudgedByHandler(_ position: Int) -> Bool {
    alerts.authority == .handler && (division.count == 1 || standings[shard(at: position)].hasHandlersWord)
  }

  /// Takes note whether the link to a shard is up: while it is not, nobody knows who of its agents is silent.
  package mutating func setHeard(_ isHeard: Bool, ofShard shard: Int) {
    guard standings.indices.contains(shard), standings[shard].isHeard != isHeard else { return }
    revision &+= 1
    standings[shard].isHeard = isHeard
    // What they said meanwhile is read now.
    if isHeard { silences.heardFrom = max(silences.heardFrom, now) }
    for position in agents.indices where isPresent(position) && self.shard(at: position) == shard {
      judgeSilence(at: position)
    }
  }

  /// Whether an agent's shard is heard.
  package func isHeard(_ position: Int) -> Bool { standings[shard(at: position)].isHeard }

  // MARK: The switch

  /// Where the switch of the rules stands. While the shards differ, the strictest holds.
  package var automation: AutomationSwitch {
    division.count == 1 ? standings[0].automation : AutomationSwitch.strictest(of: standings.map(\.automation))
  }

  /// Where the switch stands in each shard, in words, if the shards differ: `dry in shards 02 05, on in the others`. Nil
  /// if they do not, or where a shard has not said it.
  package var automationDiffers: String? {
    automationSettings.contains(.unknown) ? nil : AutomationSetting.differenceWords(automationSettings)
  }

  /// Where the switch stands in each shard, in their order.
  package var automationSettings: [AutomationSetting] { standings.map(\.automation.setting) }
}

/// Shards as they are named to people: `shard 03`, `shards 02 05`.
package enum ShardNames {
  /// So many are named; of more their number is said.
  private static let mostNamed = 8

  /// `03`, as in the names of its keys.
  package static func number(_ shard: Int) -> String { shard < 10 ? "0\(shard)" : "\(shard)" }

  package static func words(_ shards: [Int]) -> String { (shards.count == 1 ? "shard " : "shards ") + numbers(shards) }

  /// The same behind a label that says what they are: `02 05`.
  package static func numbers(_ shards: [Int]) -> String {
    let named = shards.sorted().prefix(mostNamed).map(number).joined(separator: " ")
    return named + (shards.count > mostNamed ? " and \(shards.count - mostNamed) more" : "")
  }
}
