/// Which handler is to lead which shard, by highest random weight: each shard goes to the handler that weighs most for it
/// and has room left. So shards spread evenly, all who know the same handlers agree, and few shards move if one ends.
enum RendezvousOrder {
  /// - Parameters:
  ///   - count: how many shards there are.
  ///   - handlers: by id, the shards that each could lead.
  /// - Returns: the leader of each shard; nil if nobody could lead it.
  static func leaders(of count: Int, among handlers: [String: Set<Int>]) -> [String?] {
    let able = handlers.filter { !$0.value.isEmpty }
    guard !able.isEmpty else { return Array(repeating: nil, count: count) }
    let room = (count + able.count - 1) / able.count
    var taken: [String: Int] = [:]
    return (0..<count).map { shard in
      let order = able.keys.sorted { isBefore($0, $1, for: shard) }
      // Room is kept as if each could lead each: a server that is gone moves no shard of another.
      guard let first = order.first(where: { taken[$0, default: 0] < room }) else { return nil }
      taken[first, default: 0] += 1
      // If that one cannot lead it, the next one does that can, and may have more than its part by it.
      return ([first] + order).first { able[$0]?.contains(shard) == true }
    }
  }

  private static func isBefore(_ left: String, _ right: String, for shard: Int) -> Bool {
    let weights = (weight(of: left, for: shard), weight(of: right, for: shard))
    return weights.0 == weights.1 ? left < right : weights.0 > weights.1
  }

  /// FNV-1a of id and shard, mixed so that a difference in the last byte reaches all bits.
  ///
  /// Source: the finalizer of SplitMix64.
  private static func weight(of id: String, for shard: Int) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in Array(id.utf8) + [0, UInt8(truncatingIfNeeded: shard)] {
      hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
    }
    hash = (hash ^ hash >> 30) &* 0xbf58_476d_1ce4_e5b9
    hash = (hash ^ hash >> 27) &* 0x94d0_49bb_1331_11eb
    return hash ^ hash >> 31
  }
}
