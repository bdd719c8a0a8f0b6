import FleetModel

/// What each role does on which keys.
extension AccessTable {
  static func rows(_ role: AccessRole, _ keys: Keys) -> [Row] {
    switch role {
    case .viewer: viewing(keys)
    case .operator: viewing(keys) + [Row(keys.commands, ["XADD @ * f v"])]
    case .maintainer:
      viewing(keys) + [
        Row(keys.commands, ["XADD @ * f v"]), Row(keys.events, ["XADD @ * f v"]),
        Row(keys.dead, ["XDEL @ 0-1", "XTRIM @ MINID 0"]),
      ]
    case .handler: handling(keys)
    case .publisher: [Row(keys.events, ["XADD @ * f v"])]
    case .runtime: [Row(keys.control, ["XREAD STREAMS @ 0", "XRANGE @ - +", "XINFO STREAM @"])]
    case .doctor:
      [Row(keys.lease, ["GET @"]), Row([], ["SCAN 0"])]
        + keys.boundedStreams.map { Row($0, ["XINFO STREAM @", "XINFO GROUPS @"], isOptional: true) }
    }
  }

  /// Streams beside the installation's own.
  static func rows(_ role: AccessRole, reading streams: [[UInt8]]) -> [Row] {
    let commands =
      role == .handler
      ? ["XLEN @", "XINFO GROUPS @", "XINFO CONSUMERS @ g", "XPENDING @ g", "XRANGE @ - +"]
      : ["XREAD STREAMS @ 0", "XRANGE @ - +", "XREVRANGE @ + -", "XINFO STREAM @"]
    return streams.map { Row($0, commands, isOptional: true) }
  }

  // MARK: Looking on

  private static let following = ["XREAD STREAMS @ 0", "XRANGE @ - +", "XREVRANGE @ + -", "XINFO STREAM @"]

  private static func viewing(_ keys: Keys) -> [Row] {
    let all = Array("*".utf8)
    return [
      Row(keys.events, following), Row(keys.audit, following),
      Row(keys.lease, ["GET @", "MGET @"]), Row(keys.automation, ["GET @", "MGET @"]),
      Row(keys.agent(AgentID(bytes: all)), ["HGETALL @"]), Row([], ["SCAN 0"]),
      Row(keys.alerts, ["HGETALL @"]), Row(keys.cursor, ["HGET @ f", "HGETALL @"]),
      Row(keys.proposals, ["HGET @ f", "HGETALL @"]),
      Row(keys.profiles, ["HGET @ f", "HMGET @ f", "HGETALL @"]),
      Row(keys.insight, ["HGET @ f", "HMGET @ f", "HGETALL @"]),
      Row(keys.insightChanged, ["ZRANGEBYSCORE @ 0 0"]),
      Row(keys.rollups + all, ["MGET @"]), Row(keys.levels, ["GET @"]), Row(keys.queues, ["GET @"]),
      Row(keys.waiting, ["HGETALL @"]), Row(keys.waitingState, ["GET @"]), Row(keys.maintenance, ["HGETALL @"]),
      Row(keys.tuning, ["HGET @ f", "HGETALL @"]),
      Row(keys.budgets, ["HGET @ f", "HGETALL @"]), Row(keys.budgetGroups, ["HMGET @ f", "HGETALL @"]),
      Row(keys.undelivered, ["ZRANGEBYSCORE @ 0 0"]), Row(keys.tally, ["HGETALL @"]),
      Row(keys.mark(all), ["HGETALL @"], isOptional: true),
      Row(keys.dead, ["XRANGE @ - +", "XREVRANGE @ + -"]),
    ]
  }

  // MARK: Handling

  private static let group = [
    "XGROUP CREATE @ g 0", "XREADGROUP GROUP g c STREAMS @ >", "XACK @ g 0-1", "XPENDING @ g", "XCLAIM @ g c 0 0-1",
    "XINFO GROUPS @", "XRANGE @ - +",
  ]

  private static let marks = [
    "TYPE @", "GET @", "MGET @", "SET @ v", "DEL @", "PEXPIRE @ 1", "HGET @ f", "HGETALL @", "HSET @ f v", "HDEL @ f",
    "SADD @ m", "SREM @ m", "SCARD @", "SMEMBERS @", "SISMEMBER @ m", "ZADD @ 0 m", "ZREM @ m", "ZCOUNT @ 0 0",
    "ZSCORE @ m", "ZRANGEBYSCORE @ 0 0", "ZREMRANGEBYSCORE @ 0 0", "ZREMRANGEBYRANK @ 0 0",
  ]

  private static func handling(_ keys: Keys) -> [Row] { needed(keys) + optional(keys) }

  private static func needed(_ keys: Keys) -> [Row] {
    let all = Array("*".utf8)
    return [
      Row(keys.lease, ["GET @", "SET @ v", "PTTL @", "PEXPIRE @ 1", "DEL @"]),
      Row(keys.fence, ["GET @", "SET @ v"]),
      Row(keys.audit, ["TYPE @", "XADD @ * f v", "XREVRANGE @ + -"]),
      Row(keys.control, ["TYPE @", "XADD @ * f v"]),
      Row(keys.dead, ["TYPE @", "XADD @ * f v"]),
      Row(keys.reports, ["TYPE @", "XADD @ * f v"]),
      Row(
        keys.events,
        ["XADD @ * f v", "XREAD STREAMS @ 0", "XRANGE @ - +", "XREVRANGE @ + -", "XINFO STREAM @"]),
      Row(keys.commands, group),
      Row(keys.commands + ":*".utf8, group),
      Row(keys.agent(AgentID(bytes: all)), ["TYPE @", "HGET @ f", "HGETALL @", "HSET @ f v", "HDEL @ f"]),
      Row(keys.alerts, ["TYPE @", "HGET @ f", "HGETALL @", "HSET @ f v", "HDEL @ f"]),
      Row(keys.proposals, ["TYPE @", "HGET @ f", "HSET @ f v", "HDEL @ f"]),
      Row(keys.profiles, ["TYPE @", "HSCAN @ 0", "HSET @ f v", "HDEL @ f"]),
      Row(keys.notices, ["TYPE @", "HKEYS @", "HMGET @ f", "HSET @ f v", "HDEL @ f"]),
      Row(keys.cursor, ["TYPE @", "HGET @ f", "HMGET @ f", "HSET @ f v", "HDEL @ f"]),
      Row(keys.schedule, ["TYPE @", "ZADD @ 0 m", "ZREM @ m", "ZSCORE @ m", "ZRANGEBYSCORE @ 0 0"]),
      Row(keys.blocked, ["TYPE @", "ZADD @ 0 m", "ZREM @ m", "ZSCORE @ m"]),
      Row(keys.automation, ["GET @", "SET @ v"]),
      Row(keys.mark(all), marks),
      Row([], ["SCAN 0", "TIME"]),
    ]
  }

  private static func optional(_ keys: Keys) -> [Row] {
    let all = Array("*".utf8)
    let rows = [
      Row(keys.rollups + all, ["MGET @", "SET @ v"]),
      Row(keys.insight, ["TYPE @", "HMGET @ f", "HSET @ f v", "HDEL @ f"]),
      Row(keys.insightChanged, ["TYPE @", "ZADD @ 0 m", "ZREM @ m"]),
      Row(keys.budgets, ["TYPE @", "HGETALL @", "HSET @ f v", "HDEL @ f"]),
      Row(keys.budgetGroups, ["TYPE @", "HGETALL @", "HSET @ f v"]),
      Row(keys.levels, ["SET @ v"]),
      Row(keys.queues, ["GET @", "SET @ v", "DEL @"]),
      Row(keys.queueHands, ["TYPE @", "HGET @ f", "HGETALL @", "HSET @ f v", "HDEL @ f"]),
      Row(keys.waiting, ["TYPE @", "HGET @ f", "HGETALL @", "HSET @ f v", "HDEL @ f"]),
      Row(keys.waitingState, ["GET @", "SET @ v", "DEL @"]),
      Row(keys.handoffs, ["TYPE @", "HGET @ f", "HGETALL @", "HSET @ f v", "HDEL @ f"]),
      Row(keys.commands, ["TYPE @", "XADD @ * f v"]),
      Row(keys.maintenance, ["TYPE @", "HGET @ f", "HGETALL @", "HSET @ f v", "HDEL @ f"]),
      Row(keys.tuning, ["TYPE @", "HGET @ f", "HGETALL @", "HSET @ f v", "HDEL @ f"]),
      Row(keys.load, ["TYPE @", "HGET @ f", "HGETALL @", "HSET @ f v", "HDEL @ f"]),
      Row(keys.insightRecord, ["TYPE @", "HGET @ f", "HSET @ f v"]),
      Row(keys.tally, ["HINCRBY @ f 1"]),
      Row(keys.audit, ["XDEL @ 0-1", "XRANGE @ - +"]),
      Row(keys.profiles, ["HLEN @"]),
      Row(keys.maintenance, ["HLEN @"]),
      Row([], ["INFO memory", "DBSIZE"]),
      Row(keys.mark(all), ["MEMORY USAGE @", "PTTL @"]),
    ]
    let streams = keys.boundedStreams.map {
      Row($0, ["XTRIM @ MAXLEN 0", "XLEN @", "MEMORY USAGE @", "XINFO STREAM @"])
    }
    return (rows + streams).map { Row($0.key, $0.commands, isOptional: true) }
  }
}
