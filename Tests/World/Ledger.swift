import FleetModel
import Wire

/// What the audit and the control stream have said of each command so far. Each new line is checked at once.
struct Ledger {
  struct Target {
    var started = 0
    /// How it ended for the target; nil while it has not.
    var outcome: AuditLine?
  }

  struct Entry {
    var received = 0
    var closing: AuditLine?
    var targets: [AgentID: Target] = [:]
    var obeyed: [AgentID: Int] = [:]
  }

  private(set) var commands: [String: Entry] = [:]
  /// By run of a rule, or of what was scheduled.
  private(set) var runs: [String: RunEntry] = [:]
  /// For each agent the commands that ended for it, in order.
  private(set) var order: [AgentID: [String]] = [:]
  /// Each agent's record as the audit told it last.
  private(set) var records: [AgentID: AgentRecord] = [:]
  /// Calls for help as the audit told them last.
  private(set) var calls: [AlertID: AlertRecord] = [:]
  /// By command or run, action and agent: how often runtimes were told.
  private(set) var controls: [String: Int] = [:]
  private var lastLine = StreamID.zero
  private var lastControl = StreamID.zero

  /// One of these commands that has no end, or a run that was decided and has none, in words; nil if there is none.
  func lost(of sent: [Command]) -> String? {
    if let command = sent.first(where: { commands[$0.id.text]?.closing == nil }) {
      return "lost: \(command.id) \(command.action.rawValue) \(command.arguments)"
    }
    let open = runs.filter { $0.value.decisions > 0 && $0.value.closing == nil }
    return open.keys.min().map { "lost: the run \($0)" }
  }

  /// Takes what was added to both streams since, and has runtimes hear it.
  ///
  /// - Returns: whether the audit has told anything.
  mutating func read(_ world: SimulatedWorld) throws(Violation) -> Bool {
    try read(world) { world.runtimes.take($0) }
  }

  /// - Parameter hear: told what runtimes are told.
  mutating func read(_ world: SimulatedWorld, _ hear: (ControlMessage) -> Void) throws(Violation) -> Bool {
    let before = lastLine
    for (id, payload) in world.entries(world.keys.audit, after: lastLine) {
      lastLine = id
      guard let line = AuditCoding.decode(payload) else {
        throw Violation("an audit line cannot be read: \(String(decoding: payload, as: UTF8.self))")
      }
      world.tell("audit: \(Self.words(line))")
      try take(line)
    }
    for (id, payload) in world.entries(world.keys.control, after: lastControl) {
      lastControl = id
      guard let message = ControlCoding.decode(payload) else {
        throw Violation("a control message cannot be read: \(String(decoding: payload, as: UTF8.self))")
      }
      world.tell("control: \(message.verb.name) \(message.agent) (\(message.commandID))")
      let key = "\(message.commandID) \(message.verb.name) \(message.agent)"
      controls[key, default: 0] += 1
      guard controls[key] == 1 else { throw Violation("runtimes were told twice: \(key)") }
      guard hasSucceeded(message) else { throw Violation("runtimes were told what did not succeed: \(key)") }
      hear(message)
    }
    return lastLine != before
  }

  static func words(_ line: AuditLine) -> String {
    let name =
      switch line.origin {
      case .command(let id): id.text
      case .run(let id): id
      }
    return "\(name) \(line.phase.rawValue) \(line.action) [\(line.target)] \(line.detail)"
  }

  private mutating func take(_ line: AuditLine) throws(Violation) {
    if let alert = line.alert, alert.id.kind == .escalation { calls[alert.id] = alert }
    if let after = line.after {
      let expected = (records[line.target]?.version ?? 0) + 1
      guard after.version == expected else {
        throw Violation("the record has version \(after.version) where \(expected) is next: \(Self.words(line))")
      }
      records[line.target] = after
    }
    switch line.origin {
    case .run(let id):
      do throws(Violation) {
        try runs[id, default: RunEntry()].take(line)
      } catch {
        throw Violation("\(error.words): \(Self.words(line))")
      }
    case .command(let id):
      do throws(Violation) {
        try take(line, &commands[id.text, default: Entry()])
      } catch {
        throw Violation("\(error.words): \(Self.words(line))")
      }
      if line.target != .none, commands[id.text]?.targets[line.target]?.outcome == line {
        order[line.target, default: []].append(id.text)
      }
    }
  }

  /// Whether the audit says that what runtimes are told has been done.
  private func hasSucceeded(_ message: ControlMessage) -> Bool {
    let id = RunEntry.run(of: message.commandID.text)
    if let run = runs[id] { return run.succeeded.contains(message.agent) }
    guard let entry = commands[id] else { return false }
    guard message.agent != .none else {
      // What is no agent's has a closing line alone, which may come a little later.
      return entry.closing.map { $0.phase == .succeeded } ?? true
    }
    return entry.targets[message.agent]?.outcome?.phase == .succeeded
  }

  private func take(_ line: AuditLine, _ entry: inout Entry) throws(Violation) {
    switch line.phase {
    case .received:
      entry.received += 1
      guard entry.received == 1 else { throw Violation("received twice") }
    case .started:
      entry.targets[line.target, default: Target()].started += 1
      guard entry.targets[line.target]?.started == 1 else { throw Violation("begun twice") }
      guard entry.targets[line.target]?.outcome == nil else { throw Violation("begun after its outcome") }
    case .succeeded, .failed, .skipped, .unknown, .rejected, .expired:
      // A restart succeeds when it is begun, and fails later if the runtime does not confirm it.
      if line.phase == .failed, line.detail.contains("was not confirmed") { return }
      // Of a proposal or an alert that is no agent's the outcome has a line too, with how it then stands.
      let isOutcome = line.target != .none || line.proposal != nil || line.alert != nil
      if !isOutcome {
        guard entry.closing == nil else { throw Violation("closed twice") }
        entry.closing = line
      } else {
        guard entry.targets[line.target]?.outcome == nil else { throw Violation("ended twice") }
        guard entry.closing == nil else { throw Violation("ended after the closing line") }
        entry.targets[line.target, default: Target()].outcome = line
      }
    case .obeyed:
      entry.obeyed[line.target, default: 0] += 1
      guard entry.obeyed[line.target] == 1 else { throw Violation("obeyed twice") }
    case .undone, .proposed: break
    }
  }
}
