/// Two versions that the agents of support run side by side, one of which fails more often.
///
/// It stays below the level from which on errors are trouble: only who compares the versions sees it.
enum SimulatedVersion {
  static let better = "1.4.1"
  static let worse = "1.4.2"
  /// So much more of the messages fail.
  static let failsMore = 0.033

  /// Half of them got the newer one, three in turns.
  static func give(to agents: inout [SimulatedAgent]) {
    let places = agents.indices.filter { agents[$0].profile.role == "support" }
    for (number, place) in places.enumerated() { agents[place].version = number % 6 < 3 ? better : worse }
  }
}
