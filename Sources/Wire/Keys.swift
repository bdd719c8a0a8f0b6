import FleetModel

/// Every key and channel that vigia reads or writes, built from one prefix in this one place, so that a shard of agents
/// can have a prefix with a hash tag of its own.
package struct Keys: Sendable {
  /// The stream of events.
  package let events: [UInt8]
  /// The stream of commands from any operator.
  package let commands: [UInt8]
  /// The stream that tells what became of each command.
  package let audit: [UInt8]
  /// The stream that runtimes obey.
  package let control: [UInt8]
  /// Alert id → record.
  package let alerts: [UInt8]
  /// Due time → what runs then.
  package let schedule: [UInt8]
  /// Address → end of its block.
  package let blocked: [UInt8]
  package let proposals: [UInt8]
  /// What agents say of themselves: a hash.
  package let profiles: [UInt8]
  /// What the handler thinks of each agent: a hash, agent → ``InsightCoding``.
  package let insight: [UInt8]
  /// When that last changed: a sorted set, agent → epoch milliseconds. A console asks by it for what is new.
  package let insightChanged: [UInt8]
  /// How good forecasts were: a hash.
  package let insightRecord: [UInt8]
  /// By which metrics and levels the active handler judges: ``LevelsCoding``.
  package let levels: [UInt8]
  /// What each agent has used today: a hash, agent → ``SpendingCoding``; and what roles and the fleet have.
  package let budgets: [UInt8]
  package let budgetGroups: [UInt8]
  /// How the queues of other services stand: ``QueueCoding``.
  package let queues: [UInt8]
  /// Who has the alerts of queues in hand: a hash, ``QueueAlertID`` → ``QueueCoding``.
  package let queueHands: [UInt8]
  /// The conversations that wait for a person: a hash, id → ``WaitingCoding``.
  package let waiting: [UInt8]
  /// What holds for all of them: ``WaitingCoding``.
  package let waitingState: [UInt8]
  /// The conversations that are to change hands: a hash, id → ``HandoffCoding``.
  package let handoffs: [UInt8]
  /// Windows of maintenance: a hash, agent → ``MaintenanceCoding``.
  package let maintenance: [UInt8]
  /// What is tried with the parameters of each role's agents: a hash, role → ``TuningCoding``.
  package let tuning: [UInt8]
  /// What sharing load has under way: a hash, role → ``LoadCoding``.
  package let load: [UInt8]
  /// The stream of what could not be handled.
  package let dead: [UInt8]
  /// The stream of reports: what jobs came to.
  package let reports: [UInt8]
  /// Id → what people are still to be told, see `OutboxEntry`.
  package let notices: [UInt8]
  /// The active handler's lease.
  package let lease: [UInt8]
  /// Counts takeovers.
  package let fence: [UInt8]
  /// How many agents of a shard stand how, for the leaders of the other shards of a divided fleet.
  package let shardCounts: [UInt8]
  /// Which handlers of a divided fleet live, and what they could lead: a hash, used in shard 0 alone.
  package let handlers: [UInt8]
  /// The field of the cursor's hash that is another text with every change of alerts.
  package static let alertsRevision = Array("alerts#revision".utf8)
  /// The same of queues.
  package static let queuesRevision = Array("queues#revision".utf8)
  /// The same of conversations that wait for a person.
  package static let waitingRevision = Array("waiting#revision".utf8)
  /// The same of windows of maintenance.
  package static let maintenanceRevision = Array("maintenance#revision".utf8)
  /// The field of the cursor's hash that says into how many shards the fleet is divided.
  package static let shardsField = Array("shards".utf8)

  /// Stream → how far the active handler has acted.
  package let cursor: [UInt8]
  package let automation: [UInt8]
  /// Where a new recorder's marker goes out.
  package let recorderChannel: [UInt8]

  /// What all of them begin with.
  package let prefix: KeyPrefix
  private let prefixBytes: [UInt8]
  private let channelPrefix: [UInt8]

  package init(_ prefix: KeyPrefix = .default) {
    func key(_ name: String) -> [UInt8] { Array("\(prefix):\(name)".utf8) }
    self.prefix = prefix
    prefixBytes = Array(prefix.text.utf8)
    channelPrefix = Array(prefix.channels.utf8)
    events = key("events")
    commands = key("commands")
    audit = key("audit")
    control = key("control")
    alerts = key("alerts")
    schedule = key("schedule")
    blocked = key("blocked")
    proposals = key("proposals")
    profiles = key("profiles")
    insight = key("insight")
    insightChanged = key("insight:changed")
    insightRecord = key("insight:record")
    levels = key("levels")
    budgets = key("budgets")
    budgetGroups = key("budgets:groups")
    queues = key("queues")
    queueHands = key("queues:hands")
    waiting = key("waiting")
    waitingState = key("waiting:state")
    handoffs = key("handoffs")
    maintenance = key("maintenance")
    tuning = key("tuning")
    load = key("load")
    dead = key("dead")
    reports = key("reports")
    notices = key("notices")
    lease = key("handler")
    fence = key("fence")
    handlers = key("handlers")
    shardCounts = key("counts")
    cursor = key("cursor")
    automation = key("automation")
    recorderChannel = channelPrefix + ".recorder".utf8
  }

  /// An operator's own stream of commands.
  package func commands(of operator: String) -> [UInt8] { commands + ":\(`operator`)".utf8 }

  /// What SCAN finds all of them by.
  package var prefixPattern: [UInt8] { (prefix.isPattern ? prefixBytes : Keys.escaped(prefixBytes)) + ":*".utf8 }

  /// Streams, each with bounds of its own.
  package var boundedStreams: [[UInt8]] { [events, commands, audit, control, dead, reports] }

  /// A name as a pattern that matches it alone.
  private static func escaped(_ name: [UInt8]) -> [UInt8] {
    name.flatMap { byte in "*?[]\\^".utf8.contains(byte) ? [UInt8(ascii: "\\"), byte] : [byte] }
  }

  /// The record of an agent.
  package func agent(_ id: AgentID) -> [UInt8] { prefixBytes + ":agent:".utf8 + id.bytes }

  /// An idempotency mark, throttle or guard counter.
  package func mark(_ key: some Collection<UInt8>) -> [UInt8] { prefixBytes + ":mark:".utf8 + key }

  package func mark(_ text: String) -> [UInt8] { mark(text.utf8) }

  /// What rules have acted on and has not cleared since: a hash.
  package var uncleared: [UInt8] { mark("rules/uncleared") }

  /// Which agents rules have paused, and until when: a sorted set.
  package var paused: [UInt8] { mark("rules/paused") }

  /// Where the version before kept those of one role: a sorted set.
  package func formerPaused(role: String) -> [UInt8] { mark("paused/\(role)") }

  /// A number that is another one after each change of it.
  package var pausedChanges: [UInt8] { mark("rules/paused/changes") }

  /// For whom an agent stands in: a set.
  package func standIns(of backup: AgentID) -> MarkKey {
    MarkKey(
      mark("rules/standing-in/" + backup.keyPart), former: mark(Array("rules/standing-in/".utf8) + backup.bytes))
  }

  /// Whose runtimes have confirmed a command: a set.
  package func obeyed(_ id: CommandID) -> [UInt8] { mark("obeyed/\(id)") }

  /// What has come of an order that was split: a hash.
  package func batch(_ id: CommandID) -> [UInt8] { mark("batch/\(id)") }

  /// That maintenance of an agent was done or declined a while ago.
  package func maintained(_ agent: AgentID) -> [UInt8] { mark("rules/maintained/\(agent.keyPart)") }

  /// How often rules decided what: a hash.
  package var tally: [UInt8] { mark("rules/tally") }

  /// The notices that were given up within a day, and when: a sorted set.
  package var undelivered: [UInt8] { mark("notices/undelivered") }

  /// The mark that a command, or an action of a run, has acted on a target.
  ///
  /// - Parameter formerID: the id that the version before gave it; nil if it is the same.
  package func mark(_ id: CommandID, _ target: AgentID, formerID: CommandID? = nil) -> MarkKey {
    MarkKey(mark("\(id)/\(target.keyPart)"), former: mark(Array("\(formerID ?? id)/".utf8) + target.bytes))
  }

  /// A mark whose key holds an agent's id.
  package func mark(of agent: AgentID, _ spell: (_ id: String) -> String) -> MarkKey {
    MarkKey(mark(spell(agent.keyPart)), former: mark(spell(agent.escapedText)))
  }

  /// Whether a command can have this id: its marks begin with it, and a slash parts it from its targets, so that it is
  /// visible ASCII of a bounded length, without a slash, and no word by which other marks begin.
  package static func isCommandID(_ bytes: some Collection<UInt8>) -> Bool {
    !bytes.isEmpty && bytes.count <= 64 && bytes.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "/") }
      && !otherMarks.contains(String(decoding: bytes, as: UTF8.self))
  }

  /// By what marks begin that are no command's.
  private static let otherMarks: Set<String> = [
    "asked", "batch", "dry", "for", "held", "limit", "notices", "obeyed", "paused", "proposed", "rate", "rule", "rules",
    "schedule", "throttle",
  ]

  /// One hour of an agent's packed history, `RollupHour.encoded`; hours count from the epoch.
  package func rollup(_ id: AgentID, hour: UInt32) -> [UInt8] { rollups + id.bytes + ":\(hour)".utf8 }

  /// By what all of them begin.
  package var rollups: [UInt8] { prefixBytes + ":rollup:".utf8 }

  /// Where a control message goes out besides the stream.
  package func controlChannel(_ verb: ControlVerb) -> [UInt8] { channelPrefix + ".control.\(verb.name)".utf8 }

  /// The handlers' consumer group on the streams of commands.
  package static let group = Array("vigia-handler".utf8)
  /// The field of a stream entry that holds its message.
  package static let dataField = Array("__data__".utf8)
  /// The field of a recorded entry that holds the channel it was heard on.
  package static let channelField = Array("channel".utf8)
  /// The channels that the handler records.
  package static let recordedPatterns = ["agent.*", "agents.*"]
}
