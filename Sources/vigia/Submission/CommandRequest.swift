import FleetModel
import Redis
import Wire

/// What somebody wants done, checked against the table of actions: a command but for its id and times.
struct CommandRequest: Equatable {
  /// How long the handler may take to begin.
  static let expiresAfter = TimeSpan.seconds(60)

  let action: Action
  let targets: [AgentID]
  let arguments: [String: String]
  let reason: String

  /// Why an order makes no sense.
  struct Fault: Error, CustomStringConvertible {
    let description: String
  }

  init(_ action: Action, _ targets: [AgentID] = [], _ arguments: [String: String] = [:], reason: String = "") {
    self.action = action
    self.targets = targets
    self.arguments = arguments
    self.reason = reason
  }

  /// Checks what was typed.
  ///
  /// - Parameter arguments: each `name=value`.
  init(action name: String, targets: [String], arguments: [String], reason: String) throws(Fault) {
    guard let action = Action(rawValue: name) else {
      let known = Action.allCases.map(\.rawValue).joined(separator: ", ")
      throw Fault(description: "no action is called \(name.shown); there are \(known)")
    }
    try Self.check(targets: targets, of: action)
    self.init(
      action, targets.map { AgentID($0) }, try Self.read(arguments, of: action), reason: reason)
    do throws(Command.TooLarge) { _ = try parts(.whole, at: .epoch) } catch {
      throw Fault(description: error.description)
    }
  }

  /// The commands to send, and where each goes: several if it names more agents than one may, or agents of several shards.
  ///
  /// - Parameter places: the shards that know the command, if it is an undo.
  func parts(
    _ division: AgentDivision, at now: Instant, _ places: [Int]? = nil
  ) throws(Command.TooLarge) -> [RoutedCommand] {
    try division.parts(of: command(at: now), at: places) { Self.makeID(at: now) }
  }

  private static func makeID(at now: Instant) -> CommandID {
    UUIDv7.make(at: now, random: (.random(in: 0...UInt64.max), .random(in: 0...UInt64.max)))
  }

  /// The command to send.
  func command(at now: Instant) -> Command {
    Command(
      id: Self.makeID(at: now), action: action,
      targets: targets, arguments: arguments, operator: Identity.operator(Environment.values("USER")), reason: reason,
      issuedAt: now,
      expiresAt: now + Self.expiresAfter)
  }

  private static func check(targets: [String], of action: Action) throws(Fault) {
    switch action.scope {
    case .agents:
      if targets.isEmpty { throw Fault(description: "\(action.rawValue) needs at least one agent") }
    case .fleetOrAgents: break
    case .object, .fleet:
      if !targets.isEmpty {
        let arguments = action.parameters.filter(\.isRequired).map { "--arg \($0.name)=…" }.joined(separator: " ")
        throw Fault(description: "\(action.rawValue) takes no agents; what it acts on is an argument: \(arguments)")
      }
    }
    if let long = targets.first(where: { $0.utf8.count > AgentID.mostBytes }) {
      throw Fault(
        description: "an agent's id has at most \(AgentID.mostBytes) bytes; this has more: \(long.prefix(40))…".shown)
    }
    if targets.contains("") { throw Fault(description: "an agent's id is empty") }
  }

  private static func read(_ texts: [String], of action: Action) throws(Fault) -> [String: String] {
    var arguments: [String: String] = [:]
    for text in texts {
      let pieces = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard pieces.count == 2 else { throw Fault(description: "--arg \(text.shown): write name=value") }
      let name = String(pieces[0])
      guard let parameter = action.parameters.first(where: { $0.name == name }) else {
        let known = action.parameters.map(\.name).joined(separator: ", ")
        throw Fault(
          description:
            "\(action.rawValue) has no argument \(name.shown); \(known.isEmpty ? "it has none" : "it has \(known)")")
      }
      guard arguments[name] == nil else { throw Fault(description: "\(name) is given twice") }
      if let fault = parameter.fault(of: String(pieces[1])) { throw Fault(description: fault.shown) }
      arguments[name] = String(pieces[1])
    }
    for parameter in action.parameters where parameter.isRequired && arguments[parameter.name] == nil {
      guard let text = parameter.defaultText else {
        throw Fault(description: "\(action.rawValue) needs --arg \(parameter.name)=…")
      }
      arguments[parameter.name] = text
    }
    return arguments
  }
}
