import FleetModel

/// What happens to a fleet and to those who watch it: steps, one after the other, that a seed determines.
package struct History: Sendable {
  package let seed: UInt64
  package var agents: [String]
  package var steps: [Step]

  /// Something that fails for a while.
  package enum Fault: Equatable, Sendable {
    case redis, handler
    /// One console alone loses its link.
    case link(Int)
  }

  package enum Step: Equatable, Sendable {
    case publish(PublishedEvent)
    /// From now on the agent's own reports say this.
    case set(agent: String, metric: String, value: Double)
    /// An agent stops reporting, or goes on; nil: all of them.
    case silence(String?), speak(String?)
    /// Nothing but time, in seconds; agents report meanwhile.
    case wait(Int)
    case fail(Fault), mend(Fault)
    /// Redis comes back without what it held.
    case mendEmpty
    case open(console: Int)
    case operate(console: Int, Operation)
    /// Whether an agent's runtime does what it is told.
    case obey(agent: String, Bool)
    /// Whether automation that is on holds itself back.
    case hold(Bool)
    /// Somebody elsewhere takes care of an agent's first alert.
    case tend(agent: String, Tending)
  }

  package enum Tending: Equatable, Sendable { case acknowledge, silence, close, escalate }

  /// What an operator does at a console.
  package enum Operation: Equatable, Sendable {
    /// Goes to the agent's row and presses a key for an action, then confirms.
    case act(Character, agent: String)
    /// Presses a key for an action where the cursor stands, or on what is marked, then confirms.
    case actHere(Character)
    case mark(agent: String)
    case filter(String)
    case freeze
    /// Takes back marks, filter or freeze.
    case back
  }
}

extension History.Step: CustomStringConvertible {
  package var description: String {
    switch self {
    case .publish(let event): "publish \(event)"
    case .set(let agent, let metric, let value): "\(agent) reports \(metric) \(value) from now on"
    case .silence(let agent): "\(agent ?? "everybody") falls silent"
    case .speak(let agent): "\(agent ?? "everybody") reports again"
    case .wait(let seconds): "\(seconds) s pass"
    case .fail(let fault): "\(fault) fails"
    case .mend(let fault): "\(fault) works again"
    case .mendEmpty: "redis works again, empty"
    case .open(let console): "console \(console) opens"
    case .operate(let console, let operation): "console \(console): \(operation)"
    case .hold(let holds): "automation \(holds ? "holds itself back" : "acts again")"
    case .tend(let agent, let tending): "somebody: \(tending) \(agent)"
    case .obey(let agent, let obeys): "\(agent) \(obeys ? "obeys" : "does not obey")"
    }
  }
}
