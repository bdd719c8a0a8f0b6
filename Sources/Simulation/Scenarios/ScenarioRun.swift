import FleetModel
import Wire

/// A fleet of scenarios on a clock. It confirms what it is told, and an agent that is paused reports nothing; but its
/// troubles go on as planned: else the truth would not be true.
struct ScenarioRun: SimulatedWorld {
  private let fleet: ScenarioFleet
  /// What has been published goes up to here.
  private var now: Instant
  /// Who is paused, and until when; nil for until somebody resumes it.
  private var paused: [AgentID: Instant?] = [:]

  init(_ fleet: ScenarioFleet, from start: Instant) {
    (self.fleet, now) = (fleet, start)
  }

  var count: Int { fleet.count }

  mutating func advance(to instant: Instant) -> [SimulatedEvent] {
    guard instant > now else { return [] }
    defer { now = instant }
    let over = paused.filter { $0.value.map { $0 <= instant } ?? false }.keys.sorted {
      $0.bytes.lexicographicallyPrecedes($1.bytes)
    }
    for agent in over { paused[agent] = nil }
    let published = fleet.events(from: now, to: instant).map(\.event)
    return over.map { status($0) } + published.filter { paused[$0.agent] == nil || $0.kind != .metrics }
  }

  mutating func obey(_ message: ControlMessage) -> [SimulatedEvent] {
    let agents = message.agent == .none ? fleet.agents : fleet.agents.filter { $0 == message.agent }
    for agent in agents {
      if message.action == .pause { paused[agent] = .some(message.until) }
      if message.action == .resume || message.action == .restart { paused[agent] = nil }
    }
    return agents.map { status($0, answering: message.commandID) }
  }

  private func status(_ agent: AgentID, answering command: CommandID? = nil) -> SimulatedEvent {
    let state = paused[agent] == nil ? AgentState.running : .paused
    return SimulatedEvent(
      .status, agent, ["state": .string(state.rawValue), "command_id": command.map { .string($0.text) }])
  }
}
