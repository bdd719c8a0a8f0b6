import FleetModel

/// The agents themselves: what they report by themselves, and whether they do what they are told.
package struct Runtimes: Sendable {
  /// Between two reports of an agent, in seconds.
  package static let interval: Int64 = 30

  private var reports: [String: [String: Double]] = [:]
  private var silent: Set<String> = []
  private var defiant: Set<String> = []
  /// Those that have paused, as they were told.
  private var paused: Set<String> = []

  package init() {}

  /// Takes a step that is theirs.
  package mutating func take(_ step: History.Step, all: [String]) {
    switch step {
    case .set(let agent, let metric, let value): reports[agent, default: [:]][metric] = value
    case .silence(let agent): silent.formUnion(agent.map { [$0] } ?? all)
    case .speak(let agent): silent.subtract(agent.map { [$0] } ?? all)
    case .obey(let agent, let obeys): if obeys { defiant.remove(agent) } else { defiant.insert(agent) }
    case .publish(let event) where event.isActive == false: silent.insert(event.agent)
    case .publish(let event) where event.isActive == true: silent.remove(event.agent)
    case .publish, .wait, .fail, .mend, .mendEmpty, .open, .operate, .hold, .tend: break
    }
  }

  /// The reports of a moment.
  package var due: [PublishedEvent] {
    reports.keys.sorted().filter { !silent.contains($0) && !paused.contains($0) }
      .map { PublishedEvent("metrics", $0, reports[$0] ?? [:]) }
  }

  /// Tells an agent to pause or to go on; its word that it has done so, unless it does not obey.
  package mutating func tell(_ agent: String, pause: Bool, command: String?) -> PublishedEvent? {
    guard !defiant.contains(agent) else { return nil }
    if pause { paused.insert(agent) } else { paused.remove(agent) }
    var words = ["state": pause ? "paused" : "running"]
    words["command_id"] = command
    return PublishedEvent("status", agent, words: words)
  }
}
