import Console
import FleetModel
import Redis
import Screen
import Wire

/// The fleet at one moment, as text or JSON.
struct FleetPicture {
  let fleet: Fleet
  /// Events that came, readable or not.
  let received: Int
  let handler: HandlerLeaseStatus
  let now: Instant
  /// Nil if it was not asked for, or could not be read.
  var budgets: BudgetReport?
  /// The file that metrics and levels come from; nil if they are those of the handler.
  var levelsFile: String?
  /// How its shards stand; nil if it is one.
  var shards: ShardsStanding?
  /// Whether nobody knows who the server is.
  var isUnverified = false

  /// An agent's place among all, without the agent itself: thousands of them are sorted.
  private struct Rank {
    var position: Int
    var trouble: Trouble
    var name: NaturalOrder
    var id: NaturalOrder

    func comesBefore(_ other: Rank) -> Bool {
      if trouble != other.trouble { return trouble > other.trouble }
      return name == other.name ? id < other.id : name < other.name
    }
  }

  private var automation: SwitchStanding { SwitchStanding(fleet.automationSettings) }

  /// Agents with their open alerts, worst first, as the console has them.
  private var ranked: some Sequence<(agent: Agent, position: Int, alerts: [Alert], insight: AgentInsight?)> {
    let ranks = fleet.agents.indices.compactMap { position -> Rank? in
      guard let profile = fleet.agents.profiles[position] else { return nil }
      let name = profile.name.isEmpty ? profile.id.description : profile.name
      return Rank(
        position: position, trouble: Trouble(fleet, position, isInTenths: true), name: NaturalOrder(name),
        id: NaturalOrder(profile.id.bytes))
    }
    return ranks.sorted { $0.comesBefore($1) }.lazy.compactMap { rank in
      fleet.agents[rank.position].map {
        (
          agent: $0, position: rank.position, alerts: fleet.alerts(ofAgentAt: rank.position),
          insight: fleet.insights[rank.position]
        )
      }
    }
  }

  // MARK: JSON

  var json: JSONValue { shards?.missing.noted(in: document) ?? document }

  private var document: JSONValue {
    let unreadable = fleet.counts.unreadable.sorted { $0.key < $1.key }
    return [
      "events": [
        "received": .integer(Int64(received)),
        "decoded": .integer(Int64(received - fleet.counts.unreadableTotal)),
        "unreadable": .integer(Int64(fleet.counts.unreadableTotal)),
        "duplicates": .integer(Int64(fleet.counts.duplicates)),
        "reasons": .object(
          JSONObject(members: unreadable.map { (Array($0.key.utf8), .integer(Int64($0.value))) })),
      ],
      "agents": .array(ranked.map { json($0.agent, $0.position, $0.alerts, $0.insight) }),
      "handler": handler.json,
      "automation": [
        "mode": automation.setting.mode.map { .string($0.rawValue) } ?? .null, "switched": isSwitched,
      ],
      "levels_file": levelsFile.map { .string($0) },
      "proposals": .integer(Int64(fleet.proposals.open(at: now).count)),
      "queues": fleet.queues.map { QueueReportPage($0, at: now).json },
      "waiting": fleet.waiting.map { WaitingPage($0, isKept: handler != .absent, at: now).json },
      "undelivered": .integer(Int64(fleet.undelivered.count(at: now))),
      "silent": [
        "agents": .integer(Int64(fleet.silences.silent.count)), "of": .integer(Int64(fleet.silences.reporting)),
        "source": .bool(fleet.isSourceSilent),
      ],
      "shards": shards?.json,
      "tls_not_verified": isUnverified ? true : nil,
    ]
  }

  /// Whether anybody has ever switched automation; nil if that is not known.
  private var isSwitched: JSONValue? {
    switch automation.setting {
    case .unknown: nil
    case .unset: false
    case .set: true
    }
  }

  private func json(_ agent: Agent, _ position: Int, _ alerts: [Alert], _ insight: AgentInsight?) -> JSONValue {
    var metrics = JSONObject()
    for metric in Metric.allCases {
      if let value = agent.value(metric) { metrics[metric.field] = Self.number(value) }
    }
    for reading in fleet.openReadings(ofAgentAt: position) {
      metrics[reading.metric.name] = reading.value.map { Self.number($0) }
    }
    return [
      "id": .string(agent.id.bytes), "name": .string(agent.name), "role": .string(agent.role),
      "state": .string(agent.state.rawValue),
      "replicas": (agent.record.replicas ?? agent.reported?.replicas).map { .integer(Int64($0)) },
      "metrics": .object(metrics), "alerts": .array(alerts.map(Self.json)),
      "insight": insight.map { InsightCoding.json($0) },
      "budgets": budgets?.json(of: agent.id, role: agent.role),
      "record": agent.record.version > 0 ? AgentRecordCoding.json(agent.record) : nil,
      "events": .integer(Int64(agent.eventCount)), "last_event": .string(ISO8601.format(agent.lastEventAt)),
    ]
  }

  /// An alert as the handler writes it; `local` says that it has not.
  private static func json(_ alert: Alert) -> JSONValue {
    guard alert.isLocal, var object = AlertCoding.jsonWithID(alert.record).object else {
      return AlertCoding.jsonWithID(alert.record)
    }
    object["local"] = true
    return .object(object)
  }

  /// Values are kept in single precision: more digits than it has would be noise.
  private static func number(_ value: Double) -> JSONValue {
    let rounded = (value * 10_000).rounded() / 10_000
    return Int64(exactly: rounded).map { .integer($0) } ?? .number(rounded)
  }

  // MARK: Text

  /// A table of the agents, a line for the fleet as a whole, and what there is to say of its rules.
  var lines: [String] {
    let header = ["agent", "name", "state", "errors", "response", "traffic", "queue", "rating", "health", "alerts"]
    let rows = ranked.map { cells($0.agent, $0.alerts, $0.insight) }
    return TextTable.lines([header] + rows, rightAligned: 3...8) + [summary] + standing
  }

  private var standing: [String] {
    let open = fleet.proposals.open(at: now).count
    let waiting = open == 1 ? "1 waits" : "\(open) wait"
    let undelivered = fleet.undelivered.count(at: now)
    return (isUnverified ? ["\(Endpoint.unverifiedMark)  anybody may be between this machine and Redis; --tls-ca"] : [])
      + (shards?.lines ?? [])
      + ["automation  \(automationWords)"]
      + (levelsFile.map { ["levels      those of \($0.shown), whatever the handler goes by"] } ?? [])
      + (fleet.isSourceSilent ? ["reports     \(silentWords)"] : [])
      + (open > 0 ? ["proposals   \(waiting) for an answer; vigia proposals"] : [])
      + [handler.fault, handler.warning].compactMap { $0.map { "handler     \($0.shown)" } }
      + (fleet.queues.map { QueueReportPage($0, at: now).summary } ?? [])
      + (fleet.waiting.map { WaitingPage($0, isKept: handler != .absent, at: now).summary } ?? [])
      + (undelivered > 0 ? ["notices     \(undelivered) undelivered; vigia dead list"] : [])
  }

  /// That nothing comes from any agent.
  private var silentWords: String {
    guard let last = fleet.silences.lastReportAt else { return "none" }
    return "none from any agent for \(Format.age(now - last))"
  }

  private var automationWords: String {
    let words = automation.differs ?? switchWords
    return automation.silentWords.map { "\(words); \($0)" } ?? words
  }

  private var switchWords: String {
    switch automation.setting {
    case .unknown: "unknown: the server does not say"
    case .unset: "dry: nobody has switched it on yet; vigia automation on"
    case .set(.on): handler.held.map { "on, HELD: \($0.shown)" } ?? "on"
    case .set(let mode): mode.rawValue
    }
  }

  /// What the handler thinks, unless an event has said something worse lately.
  private func health(_ agent: Agent, _ insight: AgentInsight?) -> String {
    let told = agent.value(.healthScore, within: Fleet.freshness, of: fleet.now)
    let worst = [insight?.health, told].compactMap(\.self).min() ?? agent.value(.healthScore)
    return worst.map { Self.decimal($0, 2) } ?? "-"
  }

  private func cells(_ agent: Agent, _ alerts: [Alert], _ insight: AgentInsight?) -> [String] {
    func cell(_ metric: Metric, _ format: (Double) -> String) -> String { agent.value(metric).map(format) ?? "-" }
    return [
      agent.id.description.shown, agent.name.shown, agent.state.rawValue,
      cell(.errorRate) { Self.decimal($0 * 100, 1) + "%" }, cell(.responseTime) { Self.decimal($0, 0) + "ms" },
      cell(.messagesPerMinute) { Self.decimal($0, 0) + "/m" }, cell(.queueSize) { Self.decimal($0, 0) },
      cell(.averageRating) { Self.decimal($0, 2) },
      health(agent, insight),
      alerts.map { "\($0.record.severity.rawValue) \(Self.word(for: $0.id.kind))" }.joined(separator: ", "),
    ]
  }

  private var summary: String {
    let unreadable = fleet.counts.unreadableTotal
    let counts = [(fleet.count, "agent"), (received, "event")].map { Format.counted($0, $1) }
    let alerts = Format.counted(fleet.alerts.count, "alert")
    return (counts + ["\(unreadable) unreadable", alerts, handlerWords]).joined(separator: ", ")
  }

  private var handlerWords: String {
    guard let free = shards?.withoutHandler, !free.isEmpty, free.count < shards?.count ?? 0 else {
      return handler.words
    }
    return "no handler in \(ShardNames.words(free))"
  }

  private static func word(for kind: AlertKind) -> String { words[kind] ?? kind.type }

  /// `agent.health_critical` as it is read: health critical.
  private static let words = Dictionary(
    uniqueKeysWithValues: AlertKind.allCases.map { kind in
      let name = kind.type.hasPrefix("agent.") ? kind.type.dropFirst("agent.".count) : kind.type[...]
      return (kind, String(name).swapping("_", for: " "))
    })

  /// A number with so many digits after the point.
  private static func decimal(_ value: Double, _ digits: Int) -> String {
    let scale = digits == 0 ? 1.0 : digits == 1 ? 10 : 100
    guard let scaled = Int64(exactly: (value * scale).rounded()) else { return "?" }
    guard digits > 0 else { return "\(scaled)" }
    let fraction = String(scaled.magnitude % UInt64(scale))
    return "\(scaled / Int64(scale))." + String(repeating: "0", count: digits - fraction.count) + fraction
  }
}
