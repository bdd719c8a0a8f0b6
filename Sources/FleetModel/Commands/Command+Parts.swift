extension Command {
  /// No command names more agents.
  package static let mostTargets = 1000
  /// What the ids of a part have in bytes at most: with every byte escaped, once as target and once as observed, they
  /// still fit a message.
  private static let mostTargetBytes = 48 * 1024

  /// Why an order cannot be sent, not even in parts.
  package struct TooLarge: Error, CustomStringConvertible {
    package let description: String
  }

  /// The commands to send for this one: itself, or several that stand for it if it names more agents than a command
  /// may.
  ///
  /// - Parameter makeID: an id for each part; the batch has the id of this command.
  package func parts(_ makeID: () -> CommandID) throws(TooLarge) -> [Command] {
    switch action.scope {
    // What it acts on stands in its arguments; the agents only say what a screen showed.
    case .object, .fleet:
      var command = self
      if targets.count > Self.mostTargets { (command.targets, command.observed) = ([], [:]) }
      return [command]
    case .agents, .fleetOrAgents: break
    }
    return try parts([(shard: 0, agents: targets)], makeID).map(\.command)
  }

  /// The same for agents in several shards: each command is for agents of one.
  func parts(
    _ groups: [(shard: Int, agents: [AgentID])], _ makeID: () -> CommandID
  ) throws(TooLarge) -> [RoutedCommand] {
    let slices = groups.flatMap { group in Self.slices(of: group.agents).map { (shard: group.shard, agents: $0) } }
    guard slices.count > 1 else { return [RoutedCommand(self, shard: slices.first?.shard ?? 0)] }
    guard slices.count <= Batch.mostParts else {
      throw TooLarge(
        description: "\(targets.count) agents are too many for one order: \(Batch.mostParts) commands of "
          + "\(Self.mostTargets) agents\(groups.count > 1 ? " of one shard" : "") are the most; choose fewer")
    }
    return slices.enumerated().map { index, slice in
      var part = self
      part.id = makeID()
      part.targets = Array(slice.agents)
      part.observed = observed.isEmpty ? [:] : Self.observed(observed, of: slice.agents)
      part.batch = Batch(id: id, part: index + 1, parts: slices.count)
      return RoutedCommand(part, shard: slice.shard)
    }
  }

  /// The same command for each of some shards, at most ``Batch/mostParts``.
  func copies(_ shards: [Int], _ makeID: () -> CommandID) throws(TooLarge) -> [RoutedCommand] {
    let whole = try parts(makeID)[0]
    guard shards.count > 1 else { return [RoutedCommand(whole, shard: shards.first ?? 0)] }
    return shards.prefix(Batch.mostParts).enumerated().map { index, shard in
      var part = whole
      part.id = makeID()
      part.observed = [:]
      part.batch = Batch(id: id, part: index + 1, parts: min(shards.count, Batch.mostParts))
      return RoutedCommand(part, shard: shard)
    }
  }

  /// The commands to send for what is done to several alerts: one each, and together one order.
  ///
  /// - Parameter makeID: an id for each part; the batch has the id of this command.
  package func parts(about alerts: [AlertID], _ makeID: () -> CommandID) throws(TooLarge) -> [Command] {
    guard alerts.count <= Batch.mostParts else {
      throw TooLarge(
        description: "\(alerts.count) alerts are too many for one order: \(Batch.mostParts) are the most; choose fewer")
    }
    return alerts.enumerated().map { index, alert in
      var part = self
      part.targets = [alert.agent]
      part.arguments["alert"] = String(decoding: alert.bytes, as: UTF8.self)
      guard alerts.count > 1 else { return part }
      part.id = makeID()
      part.batch = Batch(id: id, part: index + 1, parts: alerts.count)
      return part
    }
  }

  private static func observed(
    _ all: [AgentID: Observation], of targets: ArraySlice<AgentID>
  ) -> [AgentID: Observation] {
    var part: [AgentID: Observation] = [:]
    for target in targets { part[target] = all[target] }
    return part
  }

  private static func slices(of targets: [AgentID]) -> [ArraySlice<AgentID>] {
    var slices: [ArraySlice<AgentID>] = []
    var (start, bytes) = (0, 0)
    for (index, target) in targets.enumerated() {
      let isFull = index - start == mostTargets || bytes + target.bytes.count > mostTargetBytes
      if isFull, index > start {
        slices.append(targets[start..<index])
        (start, bytes) = (index, 0)
      }
      bytes += target.bytes.count
    }
    if start < targets.count { slices.append(targets[start...]) }
    return slices
  }
}
