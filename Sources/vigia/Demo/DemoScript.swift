import FleetModel

/// The commands that the headless demo gives: each action that the handler carries out at least once, twenty in all.
struct DemoScript {
  enum Step: Equatable {
    case order(CommandRequest)
    /// Takes back what an earlier step did, counted from 0.
    case undo(Int)
  }

  static let steps: [Step] = [
    .order(CommandRequest(.pause, ["support-eu-01"], ["for": "5m"])),
    .order(CommandRequest(.resume, ["support-eu-01"])),
    .order(CommandRequest(.scale, ["support-jp-01"], ["by": "+2"])),
    .undo(2),
    .order(CommandRequest(.rateLimit, ["sales-us-01"], ["per_minute": "60", "for": "5m"])),
    .undo(4),
    .order(CommandRequest(.activateBackup, ["support-jp-01"], ["backup": "support-jp-02"])),
    .order(CommandRequest(.deactivateBackup, ["support-jp-01"])),
    .order(CommandRequest(.escalate, ["sales-us-01"], ["to": "on-call", "severity": "high"])),
    .order(CommandRequest(.acknowledge, [], ["alert": "escalation/sales-us-01"])),
    .order(CommandRequest(.blockIP, [], ["ip": "203.0.113.7", "for": "10m"])),
    .order(CommandRequest(.unblockIP, [], ["ip": "203.0.113.7"])),
    .order(CommandRequest(.restart, ["support-br-01"])),
    .order(CommandRequest(.pause, ["sales-us-01"], ["for": "5m"])),
    .undo(13),
    .order(CommandRequest(.scale, ["support-eu-01"], ["replicas": "4"])),
    .order(CommandRequest(.blockIP, ["support-eu-01"], ["ip": "198.51.100.9", "for": "10m"])),
    .order(CommandRequest(.unblockIP, ["support-eu-01"], ["ip": "198.51.100.9"])),
    .order(CommandRequest(.rateLimit, ["support-eu-01"], ["per_minute": "90", "for": "5m"])),
    .order(CommandRequest(.restart, ["support-jp-01"])),
  ]

  /// One step that was given.
  private struct Given {
    let command: Command
    let reachesRuntimes: Bool
    var progress: SubmissionProgress
    var outcome: Exit?
  }

  private var given: [Given] = []
  private var positions: [CommandID: Int] = [:]

  var sent: Int { given.count }
  var succeeded: Int { given.count { $0.progress.isSucceeded } }
  /// Those that runtimes confirmed; what does not reach them counts once it has succeeded.
  var obeyed: Int { given.count { $0.outcome == .done } }
  var isThrough: Bool { given.count == Self.steps.count && given.allSatisfy { $0.outcome != nil } }

  /// Whether the last command is far enough for the next one: its confirmation may still be to come.
  var mayGoOn: Bool {
    guard let last = given.last else { return true }
    return last.progress.isSucceeded || last.outcome != nil
  }

  /// What was not done, for people.
  var unfinished: [String] {
    given.filter { $0.outcome != .done }.map { step in
      let words = [step.command.action.rawValue] + step.command.targets.map(\.description)
      let end = step.outcome != nil ? "failed" : step.progress.isSucceeded ? "not confirmed" : "no answer"
      return "\(words.joined(separator: " ")): \(end)"
    }
  }

  /// The next command; nil when all are given.
  mutating func next(at now: Instant) -> Command? {
    guard given.count < Self.steps.count else { return nil }
    let order: CommandRequest
    let reachesRuntimes: Bool
    switch Self.steps[given.count] {
    case .order(let step): (order, reachesRuntimes) = (step, step.action.reachesRuntimes)
    case .undo(let earlier):
      order = CommandRequest(.undo, [], ["command_id": given[earlier].command.id.text])
      reachesRuntimes = given[earlier].reachesRuntimes
    }
    let command = order.command(at: now)
    positions[command.id] = given.count
    let progress = SubmissionProgress(targets: command.targets.count, needsObedience: reachesRuntimes)
    given.append(Given(command: command, reachesRuntimes: reachesRuntimes, progress: progress))
    return command
  }

  mutating func take(_ line: AuditLine) {
    guard case .command(let id) = line.origin, let position = positions[id], given[position].outcome == nil else {
      return
    }
    // An undo's line on the command that it takes back is no line of that command's own run.
    given[position].outcome = given[position].progress.take(line)
  }
}
