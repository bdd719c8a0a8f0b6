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
    let slices = Self.slices(of: targets)
    guard slices.count > 1 else { return [self] }
    guard slices.count <= Batch.mostParts else {
      throw TooLarge(
        description: "\(targets.count) agents are too many for one order: \(Batch.mostParts) commands of "
          + "\(Self.mostTargets) agents are the most; choose fewer")
    }
    return slices.enumerated().map { index, slice in
      var part = self
      part.id = makeID()
      part.targets = Array(slice)
      part.observed = observed.isEmpty ? [:] : Self.observed(observed, of: slice)
      part.batch = Batch(id: id, part: index + 1, parts: slices.count)
      return part
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
