import FleetModel

/// How far an order has come: it is done once all the commands that stand for it are.
struct OrderProgress {
  private(set) var commands: [Command] = []
  private var parts: [CommandID: SubmissionProgress] = [:]
  /// How each part that is through ended.
  private var ends: [CommandID: Exit] = [:]

  init() {}

  init(_ commands: [Command], needsObedience: Bool) {
    self.commands = commands
    for command in commands {
      parts[command.id] = SubmissionProgress(targets: command.targets.count, needsObedience: needsObedience)
    }
  }

  /// What nobody has taken up so far.
  var unreceived: [Command] { commands.filter { parts[$0.id]?.isReceived != true } }
  var isReceived: Bool { unreceived.isEmpty }
  /// What has not come to its end.
  var unfinished: [Command] { commands.filter { ends[$0.id] == nil } }
  /// Whether the handler is through with it, and only the runtimes' confirmation is missing.
  var isSucceeded: Bool { commands.allSatisfy { ends[$0.id] == .done || parts[$0.id]?.isSucceeded == true } }

  /// How far a command of the order has come.
  enum Standing: CaseIterable { case done, refused, underWay, notTaken }

  func standing(of id: CommandID) -> Standing {
    if let end = ends[id] { return end == .done ? .done : .refused }
    return parts[id]?.isReceived == true ? .underWay : .notTaken
  }

  /// Leaves out commands that could not be sent.
  mutating func leaveOut(_ ids: Set<CommandID>) {
    commands.removeAll { ids.contains($0.id) }
    for id in ids { (parts[id], ends[id]) = (nil, nil) }
  }

  /// Whether a line is about it. What takes an order back has runs of its own for the order's parts: they count where they
  /// tell that runtimes have confirmed it.
  func concerns(_ line: AuditLine) -> Bool { part(of: line) != nil }

  private func part(of line: AuditLine) -> CommandID? {
    if case .command(let id) = line.origin, parts[id] != nil { return id }
    guard let batch = line.batch, parts[batch.id] != nil, line.phase == .obeyed, line.target != .none else {
      return nil
    }
    return batch.id
  }

  /// Takes a line; how the program ends, once that is known of all.
  mutating func take(_ line: AuditLine) -> Exit? {
    guard let id = part(of: line), let end = parts[id]?.take(line) else { return nil }
    ends[id] = end
    return outcome
  }

  /// How the program ends, once that is known of all commands.
  var outcome: Exit? {
    guard ends.count == parts.count else { return nil }
    return ends.values.allSatisfy { $0 == .done } ? .done : .failed
  }
}

/// How far a command has come, as its audit lines tell.
struct SubmissionProgress {
  private let targets: Int
  private let needsObedience: Bool
  private var hasSucceeded = false
  private var obeyed: Set<AgentID> = []
  private(set) var isReceived = false

  init(targets: Int, needsObedience: Bool) {
    self.targets = targets
    self.needsObedience = needsObedience
  }

  /// Whether the handler is through with it, and only the runtimes' confirmation is missing.
  var isSucceeded: Bool { hasSucceeded }

  /// Takes a line; how the program ends, once that is known.
  mutating func take(_ line: AuditLine) -> Exit? {
    isReceived = true
    if line.phase == .obeyed { obeyed.insert(line.target) }
    if line.target == .none {
      switch line.phase {
      case .succeeded: hasSucceeded = true
      // The closing one: all that were told have confirmed it.
      case .obeyed: return .done
      case .rejected, .failed, .expired, .unknown, .skipped: return .failed
      case .received, .proposed, .started, .undone: break
      }
    }
    guard hasSucceeded else { return nil }
    return !needsObedience || obeyed.count >= max(1, targets) ? .done : nil
  }
}
