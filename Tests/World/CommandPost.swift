import FleetModel
import Wire

/// Sends commands of people by hand, each until the server takes it.
final class CommandPost {
  private unowned let world: SimulatedWorld
  private let name: String
  /// Commands that the server has taken.
  private(set) var sent: [Command] = []
  private var made = 0

  /// - Parameter name: how the ids of the commands begin.
  init(_ world: SimulatedWorld, _ name: String) { (self.world, self.name) = (world, name) }

  /// Makes a command and sends it.
  @discardableResult
  func send(
    _ action: Action, _ targets: [AgentID], _ arguments: [String: String], by person: String = "ana@ops"
  ) -> Command {
    made += 1
    let now = world.serverTime
    let command = Command(
      id: CommandID("\(name)-\(made)"), action: action, targets: targets, arguments: arguments, operator: person,
      reason: "by hand", issuedAt: now, expiresAt: now + .minutes(2))
    send(command)
    return command
  }

  /// Sends one, perhaps once more.
  func send(_ command: Command) {
    guard world.publish(command) != nil else {
      return world.schedule(inMilliseconds: 1000) { [self] in send(command) }
    }
    if !sent.contains(where: { $0.id == command.id }) { sent.append(command) }
  }
}
