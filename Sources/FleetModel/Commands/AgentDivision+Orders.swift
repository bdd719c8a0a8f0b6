/// A command and the shard whose handler is to carry it out.
package struct RoutedCommand: Equatable, Sendable {
  package var command: Command
  /// 0 if the fleet is not divided.
  package var shard: Int

  package init(_ command: Command, shard: Int = 0) { (self.command, self.shard) = (command, shard) }
}

/// Which shards an order goes to.
///
/// ```
/// pause a b c                 the shard of each: a command a shard, together a batch
/// ack alert=…/a               the shard of a
/// approve proposal=…/a        the shard of a
/// automation, block_ip        without an agent: all of them, as a batch
/// undo                        where the command was carried out
/// notify                      shard 0
/// ```
extension AgentDivision {
  /// The commands to send for an order, and where each goes.
  ///
  /// - Parameters:
  ///   - alerts: what it is about, if it is about several alerts.
  ///   - places: for an undo, the shards where the command stands that it takes back; nil if its agents tell.
  ///   - makeID: an id for each part; the batch has the id of the order.
  package func parts(
    of order: Command, about alerts: [AlertID] = [], at places: [Int]? = nil, _ makeID: () -> CommandID
  ) throws(Command.TooLarge) -> [RoutedCommand] {
    guard alerts.isEmpty else {
      return zip(alerts, try order.parts(about: alerts, makeID)).map { RoutedCommand($1, shard: shard(of: $0.agent)) }
    }
    guard count > 1 else { return try order.parts(makeID).map { RoutedCommand($0) } }
    switch order.action.scope {
    case .agents: return try order.parts(grouped(order.targets), makeID)
    case .fleetOrAgents:
      guard order.targets.isEmpty else { return try order.parts(grouped(order.targets), makeID) }
      return try order.copies(Array(0..<count), makeID)
    case .fleet: return try order.copies(Array(0..<count), makeID)
    case .object:
      guard order.action == .undo else { return [RoutedCommand(order, shard: shardOfObject(order))] }
      return try order.copies(places ?? self.places(ofTargets: order.targets), makeID).map { part in
        // Its agents only say what a screen showed: each shard is told of its own.
        var part = part
        if part.command.batch != nil { part.command.targets.removeAll { shard(of: $0) != part.shard } }
        return part
      }
    }
  }

  /// The shards that an order went to which can be taken back, by what is known of it.
  ///
  /// - Parameter targets: those that it acted on; none if it was for the fleet.
  package func places(of action: Action?, targets: [AgentID]) -> [Int] {
    guard targets.isEmpty else { return places(ofTargets: targets) }
    switch action?.scope {
    case .fleet, .fleetOrAgents: return Array(0..<count)
    case .agents, .object, nil: return [0]
    }
  }

  private func places(ofTargets targets: [AgentID]) -> [Int] {
    let places = Set(targets.map { shard(of: $0) })
    return places.isEmpty ? [0] : places.sorted()
  }

  /// Agents by their shards, each shard's in the order in which they were named.
  private func grouped(_ agents: [AgentID]) -> [(shard: Int, agents: [AgentID])] {
    var groups: [Int: [AgentID]] = [:]
    for agent in agents { groups[shard(of: agent), default: []].append(agent) }
    return groups.sorted { $0.key < $1.key }.map { (shard: $0.key, agents: $0.value) }
  }

  /// The shard of the alert or the proposal that an order is about. What names none is refused wherever it comes.
  private func shardOfObject(_ order: Command) -> Int {
    if let text = order.arguments["alert"], let alert = AlertID(bytes: Array(text.utf8)) {
      return shard(of: alert.agent)
    }
    if let text = order.arguments["proposal"], let agent = ProposalID(text).agent { return shard(of: agent) }
    return 0
  }
}

extension ProposalID {
  /// The agent that it is about: the last part of `rule/<rule>/<entry>/<agent>`; nil if it is no such text.
  package var agent: AgentID? {
    let parts = text.utf8.split(separator: UInt8(ascii: "/"), maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count == 4, parts[0].elementsEqual("rule".utf8) else { return nil }
    return AgentID(outside: Array(parts[3]))
  }
}
