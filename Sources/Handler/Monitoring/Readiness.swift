import FleetModel

/// Whether a handler leads or could take over, in words; of a divided fleet for all shards together.
struct Readiness {
  let isReady: Bool
  /// What anybody may know.
  let title: String
  /// With the reason.
  let words: String

  /// No more shards are told one by one.
  private static let most = 4

  /// - Parameter roles: one, or one for each shard.
  init(_ roles: [(shard: Int?, role: HandlerPicture.Role)]) {
    let own = roles.map { Self.words(of: $0.role) }
    let faults = zip(roles, own).filter { if case .unready = $0.0.role { true } else { false } }
    let led = roles.filter { if case .leader = $0.role { true } else { false } }
    isReady = faults.isEmpty
    title = !isReady ? "not ready" : led.isEmpty ? "standby" : "leader"
    guard roles.count > 1 else {
      words = own.first ?? ""
      return
    }
    if let first = faults.first {
      // What keeps it from all shards is said once.
      let isCommon = faults.count == roles.count && faults.allSatisfy { $0.1 == first.1 }
      let all = faults.map { "shard \(ShardNames.number($0.0.shard ?? 0)): \($0.1)" }
      let more = all.count > Self.most ? "; and \(all.count - Self.most) more" : ""
      words = isCommon ? first.1 : "not ready: " + all.prefix(Self.most).joined(separator: "; ") + more
    } else {
      let names = led.map { ShardNames.number($0.shard ?? 0) }.joined(separator: ", ")
      words =
        led.isEmpty
        ? "standby for all \(roles.count) shards"
        : led.count == roles.count
          ? "leader of all \(roles.count) shards"
          : "leader of \(led.count) of \(roles.count) shards (\(names)), standby for the others"
    }
  }

  private static func words(of role: HandlerPicture.Role) -> String {
    switch role {
    case .leader(let fence, _): "leader, with fence \(fence)"
    case .standby(let leader): "standby" + (leader.map { ": \($0) leads" } ?? ": nobody leads yet")
    case .unready(let reason): "not ready: \(reason)"
    }
  }
}
