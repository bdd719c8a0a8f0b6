extension CommandLog {
  /// How far a command has come on its way to the server, as its sender knows.
  package enum Delivery: Int, Comparable, Sendable {
    /// The server does not have it: there was no link, or it refused it. It is kept, and sent as soon as that is possible.
    case waiting
    /// It went out, and the server has not answered: it may have it.
    case underWay
    case delivered

    package static func < (left: Delivery, right: Delivery) -> Bool { left.rawValue < right.rawValue }
  }

  /// Takes how far a command that this console sent has come.
  package mutating func setDelivery(_ delivery: Delivery, of command: Command, at now: Instant) {
    update((command.batch?.id ?? command.id).text) {
      $0.deliveries[command.id] = delivery
      if delivery == .delivered, $0.deliveredAt == nil { $0.deliveredAt = now }
    }
  }
}

extension CommandLog {
  /// Where a command went: which part of its order it is, from 1, and to which shard.
  package struct Route: Equatable, Sendable {
    package var part: Int
    package var shard: Int
  }
}

extension CommandLog.Entry {
  /// The commands that nobody has taken up yet, of those that this console sent.
  private var unreceived: [CommandID: CommandLog.Route] {
    routes.filter { parts?.isUnreceived($0.value.part) ?? (progress == .sent) }
  }

  /// The shards in which nobody has taken it up yet, if this console sent it.
  package var openShards: [Int] { Set(unreceived.values.map(\.shard)).sorted() }

  /// The shards whose servers do not have it.
  package var waitingShards: [Int] {
    Set(unreceived.filter { deliveries[$0.key] == .waiting }.values.map(\.shard)).sorted()
  }

  /// How far the command that is behind has come, of several that stand for one order.
  package var delivery: CommandLog.Delivery { deliveries.values.min() ?? .delivered }
}
