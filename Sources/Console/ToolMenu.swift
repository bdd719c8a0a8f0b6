import FleetModel

/// The operator's own links and commands for one agent, in place of the panes.
struct ToolMenu: Sendable {
  enum Item: Equatable, Sendable {
    case link(name: String, address: String)
    case command(OwnCommand)
  }

  /// A code that is asked for before a dangerous command.
  struct Question: Equatable, Sendable {
    var command: OwnCommand
    var arguments: [String]
    var code: String
    var typed = ""
  }

  var agent: AgentID
  var facts: LinkFacts
  var items: [Item]
  var selected = 0
  var top = 0
  var question: Question?
}
