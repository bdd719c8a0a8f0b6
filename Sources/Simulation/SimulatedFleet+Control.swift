import FleetModel
import Wire

extension SimulatedFleet {
  /// Does as one entry of the control stream says; what the agents answer. A message to an agent that is not of this
  /// fleet is somebody else's; one to no agent is for all of them.
  package mutating func obey(_ message: ControlMessage) -> [SimulatedEvent] {
    let targets: [Int]
    if message.agent == .none {
      targets = Array(agents.indices)
    } else {
      targets = positions[message.agent].map { [$0] } ?? []
    }
    return targets.flatMap { obey(message, at: $0) }
  }

  private mutating func obey(_ message: ControlMessage, at position: Int) -> [SimulatedEvent] {
    let agent = agents[position].profile.id
    // A job is done as soon as it is begun.
    guard let action = message.action else { return [agents[position].status(answering: message.commandID)] }
    switch action {
    case .pause: return pause(position, message)
    case .restart: return restart(position, message)
    case .drain: return drain(position, message)
    case .resume:
      if agents[position].state.isHeld { agents[position].state = .running }
      (agents[position].pausedUntil, agents[position].drain) = (nil, nil)
    case .scale:
      agents[position].replicas = replicas(for: position, message.arguments)
    case .rateLimit:
      let limit = message.arguments["per_minute"].flatMap { Int($0) } ?? 0
      agents[position].rateLimit = limit > 0 ? limit : nil
      agents[position].rateLimitedUntil = limit > 0 ? message.until : nil
    case .activateBackup:
      agents[position].backup = message.arguments["backup"].map { AgentID($0) } ?? backup(of: agent)
    case .deactivateBackup: agents[position].backup = nil
    case .blockIP:
      if let address = message.arguments["ip"] { blocked[address] = .some(message.until) }
    case .unblockIP:
      if let address = message.arguments["ip"] { blocked[address] = nil }
    case .escalate:
      // Somebody steps in and talks to the users, if they are unhappy by then.
      if agents[position].rating <= 3.5 { cure([.unhappyUsers], of: agent) }
    case .rollback: return rollback(position, message)
    case .tune:
      let value = message.arguments["value"].flatMap { Double($0) }
      agents[position].tune(message.arguments["parameter"] ?? "", value)
    case .transfer: return [agents[position].status(answering: message.commandID)] + obeyMove(message)
    case .rebalance, .offerCoupon, .schedule, .cancel, .notify, .acknowledge, .unacknowledge,
      .silence, .unsilence, .close, .approve, .reject, .undo, .automation, .planMaintenance, .cancelMaintenance:
      break
    case .take, .handBack, .closeConversation:
      return [agents[position].status(answering: message.commandID)] + obeyPerson(message) + obeyMove(message)
    }
    return [agents[position].status(answering: message.commandID)]
  }

  private mutating func pause(_ position: Int, _ message: ControlMessage) -> [SimulatedEvent] {
    let interrupted = agents[position].restart?.commands ?? []
    (agents[position].restart, agents[position].drain) = (nil, nil)
    agents[position].state = .paused
    agents[position].pausedUntil = message.until
    return (interrupted + [message.commandID]).map { agents[position].status(answering: $0) }
      + sendUsersOn(from: agents[position].profile.id)
  }

  /// Nothing new comes to the agent, and it answers once its conversations have ended or moved.
  private mutating func drain(_ position: Int, _ message: ControlMessage) -> [SimulatedEvent] {
    guard [.running, .draining].contains(agents[position].state) else {
      return [agents[position].status(answering: message.commandID)]
    }
    agents[position].state = .draining
    agents[position].pausedUntil = message.until
    let earlier = agents[position].drain?.commands ?? []
    agents[position].drain = .init(commands: earlier + [message.commandID], emptyAt: now + Self.drainTakes)
    return [agents[position].status()]
  }

  /// The agent is gone for some seconds, and answers when it is back.
  private mutating func restart(_ position: Int, _ message: ControlMessage) -> [SimulatedEvent] {
    agents[position].state = .restarting
    (agents[position].pausedUntil, agents[position].drain) = (nil, nil)
    let earlier = agents[position].restart?.commands ?? []
    agents[position].restart = .init(
      commands: earlier + [message.commandID], backAt: now + Self.restartTakes,
      version: agents[position].restart?.version)
    if agents[position].profile.id == GrowingQueue.agent { growing = nil }
    cure([.errorStorm, .unhappyUsers, .leak, .badRelease], of: agents[position].profile.id)
    return [agents[position].status()]
  }

  /// It starts anew with the other version, and says so when it is back; one that is paused stays so.
  private mutating func rollback(_ position: Int, _ message: ControlMessage) -> [SimulatedEvent] {
    guard let version = message.arguments["version"] else {
      return [agents[position].status(answering: message.commandID)]
    }
    guard agents[position].state == .paused else {
      let events = restart(position, message)
      agents[position].restart?.version = version
      return events
    }
    agents[position].version = version
    return [agents[position].updated(), agents[position].status(answering: message.commandID)]
  }

  private func replicas(for position: Int, _ arguments: [String: String]) -> Int {
    let agent = agents[position]
    if let wanted = arguments["replicas"].flatMap({ Bounded.int($0) }) { return max(0, wanted) }
    guard let change = arguments["by"].flatMap({ Bounded.int($0) }) else { return agent.replicas }
    return min(max(agent.replicas + change, agent.profile.replicas.lowerBound), agent.profile.replicas.upperBound)
  }

  private func backup(of agent: AgentID) -> AgentID? {
    agents.first { $0.profile.backupFor == agent }?.profile.id
  }

  /// Ends what was restricted for a time, should nobody else have done so, and brings back who restarted.
  mutating func endRestrictions() -> [SimulatedEvent] {
    blocked = blocked.filter { isBlocked($0.key) }
    return agents.indices.flatMap { endRestrictions(of: $0) }
  }

  private mutating func endRestrictions(of position: Int) -> [SimulatedEvent] {
    var events: [SimulatedEvent] = []
    if let until = agents[position].rateLimitedUntil, until <= now {
      agents[position].rateLimit = nil
      agents[position].rateLimitedUntil = nil
      events.append(agents[position].status())
    }
    if let drain = agents[position].drain, drain.emptyAt <= now {
      agents[position].drain = nil
      events += drain.commands.map { agents[position].status(answering: $0) }
    }
    if agents[position].state.isHeld, let until = agents[position].pausedUntil, until <= now {
      agents[position].state = .running
      (agents[position].pausedUntil, agents[position].drain) = (nil, nil)
      events.append(agents[position].status())
    }
    if let restart = agents[position].restart, restart.backAt <= now {
      agents[position].restart = nil
      agents[position].state = .running
      agents[position].startAfresh()
      if let version = restart.version {
        agents[position].version = version
        events.append(agents[position].updated())
      }
      events += restart.commands.map { agents[position].status(answering: $0) }
      events.append(agents[position].metrics())
    }
    return events
  }
}
