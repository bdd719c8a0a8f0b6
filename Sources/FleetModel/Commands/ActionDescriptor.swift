/// All that is known of an action: its words, its arguments, how it is confirmed, undone and repeated, and what it risks.
///
/// Help, prompts, completion, validation, guards and documentation are made from it. A new action is a case of ``Action``,
/// one entry in its table, a planner in Execution, and a test.
package struct ActionDescriptor: Sendable {
  /// What an action acts on.
  package enum Scope: Sendable {
    /// Named agents; without one the command is refused, since an empty set means nothing and never all.
    case agents
    /// The fleet as a whole, or named agents.
    case fleetOrAgents
    /// Something else, named in the arguments: an alert, a proposal, a command.
    case object
    case fleet
  }

  /// What takes an action back.
  package enum Inverse: Equatable, Sendable {
    /// Another action, or the same with what stood before.
    case action(String)
    /// Nothing does, for this reason.
    case none(String)
  }

  /// How an operator confirms it.
  package enum Confirmation: Sendable {
    /// `y`.
    case key
    /// A code of four characters: it interrupts users, shuts somebody out, or nobody needs it in a hurry.
    case code
  }

  /// What rules may do with an action while the fleet is ill.
  package enum Risk: Equatable, Sendable {
    /// It could make things worse: it is held back.
    case held
    case goesOn
    /// An address is blocked: so many an hour, beyond them it is proposed.
    case blocks
    /// An agent gets more: once in a span, beyond that it is proposed.
    case scalesUp
  }

  /// What a runtime reports once it has obeyed; that it names the command is all that others say.
  package enum Goal: Sendable {
    case state(AgentState)
    /// As many replicas as it was told to have.
    case replicas
  }

  /// A verb phrase for help, and for prompts unless `verb` says it shorter.
  package var title: String
  package var verb: String
  package var scope = Scope.agents
  /// The arguments, in the order in which a prompt asks for them.
  package var parameters: [ActionParameter] = []
  package var inverse: Inverse
  package var confirmation = Confirmation.code
  /// Whether the arguments are asked for first, rather than shown with their defaults.
  package var asksArguments = false
  /// What it risks while the fleet is ill; several if its arguments tell.
  package var risks: [Risk] = [.goesOn]
  /// Whether doing it twice is as doing it once: setting something to a value is, what happens anew each time is not.
  package var isSafeToRepeat = true
  /// Whether it is done to alerts, one a command.
  package var isAboutAlerts = false
  /// Whether runtimes are told of it, and confirm it. What it does not reach them for is obeyed once it has succeeded.
  package var reachesRuntimes = true
  /// Whether only an agent's runtime can do it.
  package var needsRuntime = false
  package var goal: Goal?
  /// Whether a service or program may be configured to carry it out.
  package var takesActuator = false

  init(_ title: String, verb: String? = nil, undoneBy inverse: Inverse, _ fill: (inout ActionDescriptor) -> Void) {
    self.title = title
    self.verb = verb ?? title
    self.inverse = inverse
    fill(&self)
  }
}
