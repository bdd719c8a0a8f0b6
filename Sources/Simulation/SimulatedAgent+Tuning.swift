import FleetModel

/// Parameters that an agent lets others set.
extension SimulatedAgent {
  /// What a parameter is set to, or what the agent runs with by itself; nil for one that it does not declare.
  func setting(of name: String) -> Double? { settings[name] ?? parameters.first { $0.name == name }?.value }

  /// Sets a parameter that it declares, within its bounds.
  ///
  /// - Parameter value: nil for what it runs with by itself.
  mutating func tune(_ name: String, _ value: Double?) {
    guard let parameter = parameters.first(where: { $0.name == name }) else { return }
    settings[name] = value.map { parameter.nearest($0) }
  }

  /// The part of its messages that fail by its timeout.
  var timeoutFails: Double {
    setting(of: SimulatedTimeout.parameter).map { SimulatedTimeout.fails(at: $0) } ?? 0
  }
}

/// A timeout that the agents of support let others set. With a shorter one than the best, answers are cut off that were
/// about to come; with a longer one, customers wait for what never comes.
enum SimulatedTimeout {
  static let parameter = "timeout_s"
  static let best = 35.0
  private static let step = 5.0
  /// So much more of the messages fail with each step away from the best. At the declared value that is below the level
  /// from which on errors are trouble.
  private static let failsPerStep = 0.01

  static func fails(at seconds: Double) -> Double { failsPerStep * abs(seconds - best) / step }

  static func declare(by agents: inout [SimulatedAgent]) {
    guard
      let timeout = TunableParameter(name: parameter, minimum: 5, maximum: 60, step: step, value: 20)
    else { return }
    for place in agents.indices where agents[place].profile.role == "support" {
      agents[place].parameters.append(timeout)
    }
  }
}
