import FleetModel

/// What Redis holds, as far as consoles read it.
struct MemoryStore: Sendable {
  /// Steps whenever it comes back empty.
  private(set) var generation = 0
  private(set) var events: [(at: Instant, event: PublishedEvent)] = []
  private(set) var audit: [AuditLine] = []
  private(set) var records: [AgentID: AgentRecord] = [:]
  /// What the handler holds to be open.
  var alerts: [AlertID: AlertRecord] = [:]
  /// How far it has read events.
  var judgedUpTo: Instant?
  /// Commands that were sent, and those of them that the handler has had.
  private(set) var commands: [Command] = []
  var handled: Set<CommandID> = []

  mutating func add(_ event: PublishedEvent, at instant: Instant) { events.append((instant, event)) }

  /// A line of the audit, with the record that it leaves.
  mutating func add(_ line: AuditLine) {
    audit.append(line)
    if let after = line.after { records[line.target] = after }
  }

  /// A command; the same one sent again counts once.
  mutating func send(_ command: Command) {
    if !commands.contains(where: { $0.id == command.id }) { commands.append(command) }
  }

  mutating func empty() {
    let next = generation + 1
    self = MemoryStore()
    generation = next
  }
}
