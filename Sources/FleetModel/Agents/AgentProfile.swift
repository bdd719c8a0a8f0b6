/// Who an agent is and what it was told: what seldom changes.
package struct AgentProfile: Sendable {
  package let id: AgentID
  /// What its publishers call it; empty if nobody said. Not scrubbed.
  package var name = ""
  /// What groups it with others. Not scrubbed.
  package var traits = AgentTraits()
  package var language = ""
  package var backupFor = ""
  package var skills: [String] = []
  package var languages: [String] = []
  /// How many conversations it can have at once; nil if nobody said.
  package var capacity: Int?
  package var replicasMinimum: Int?
  package var replicasMaximum: Int?
  /// What it lets others set, by name; see ``TunableParameter/mostOfAgent``.
  package var parameters: [TunableParameter] = []
  package var isActive = true
  /// When `agent.deleted` came; the row leaves a minute later.
  package var deletedAt: Instant?
  /// What the handler has recorded; changes only when the audit or the agent's hash says so.
  package var record = AgentRecord()
  /// Which shard of a divided fleet it is in; 0 if the fleet is one.
  let shard: UInt8
  /// Which telling of all records knew of it last, see ``Fleet/beginRecords()``.
  var recordRound = 0
  /// What the runtime itself said last, by `agent.status`.
  package var reported: Report?
  package var firstEventAt: Instant

  /// A runtime's own word on its state.
  package struct Report: Equatable, Sendable {
    package var state: AgentState?
    package var replicas: Int?
    package var commandID: CommandID?
    package var at: Instant
  }

  package init(id: AgentID, at instant: Instant, shard: UInt8 = 0) {
    (self.id, self.shard) = (id, shard)
    firstEventAt = instant
  }

  package var role: String { traits[.role] }
  /// Its share of its role's conversations, if it lets that be set.
  package var routingShare: TunableParameter? { parameters.first { $0.name.isExactly(LoadSettings.parameter) } }
  package var tier: String { traits[.tier] }
  package var model: String { traits[.llmModel] }

  /// How many bytes its words take.
  var textBytes: Int {
    [name, language, backupFor].reduce(traits.textBytes) { $0 + $1.utf8.count }
      + (skills + languages).reduce(0) { $0 + $1.utf8.count + 16 } + parameters.count * 64
  }

  /// The state to show: inactive and deleted agents are stopped, whatever the record says.
  package var state: AgentState { isActive && deletedAt == nil ? record.state : .stopped }

  /// Whether the runtime has confirmed the recorded state; nil if it never reported.
  package var isObeying: Bool? {
    guard let reported, let state = reported.state else { return nil }
    return state == record.state
  }
}
