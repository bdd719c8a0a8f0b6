import Automation
import Execution
import FleetModel
import Redis
import Wire

/// An event that a rule may act on, copied out of the bytes that it was read from.
struct TriggerEvent {
  let entry: StreamID
  let kind: EventKind
  let type: String
  let agent: AgentID
  /// Nil if it says nothing that is kept.
  private var content: Content?
  let receivedAt: Instant
  /// Which of the rules on its type hold for it, by bit in their order; nil if numbers alone do not tell it.
  var matches: UInt64?
  /// The agent's values before this event, by their metrics' names on the wire.
  let before: [String: Double]
  /// How much room it takes, about, in bytes.
  private(set) var size: Int

  /// - Parameters:
  ///   - before: of the agent as it stood before the event was applied.
  ///   - metrics: the open metrics that there are.
  init?(_ event: borrowing Event, _ entry: StreamID, before: Agent?, _ metrics: MetricTable = .builtIn) {
    self.entry = entry
    kind = event.kind
    type = event.typeName
    agent = event.agentID
    guard let (content, weight) = Self.content(of: event, metrics) else { return nil }
    self.content = content
    receivedAt = event.receivedAt
    self.before = before.map { Self.values(of: $0, metrics) } ?? [:]
    size = weight + 512
  }

  private static func values(of agent: Agent, _ metrics: MetricTable) -> [String: Double] {
    var values: [String: Double] = [:]
    for metric in Metric.allCases { values[metric.field] = agent.value(metric) }
    for place in metrics.places {
      if let value = agent.value(place), let name = metrics[place]?.name { values[name] = value }
    }
    return values
  }

  /// What the event says, as a tree or as the bytes of a short one: most of a flood is decided by numbers, and nobody
  /// asks for a tree.
  ///
  /// A class, since whoever asks first makes the tree for all.
  private final class Content {
    private var bytes: [UInt8]
    private var tree: JSONValue?

    init(_ tree: JSONValue) { (bytes, self.tree) = ([], tree) }

    init(bytes: UnsafeRawBufferPointer) { self.bytes = Array(bytes) }

    var data: JSONValue {
      if let tree { return tree }
      let json = (try? JSONValue.parse(bytes)) ?? .null
      let data = Self.data(in: json)
      (tree, bytes) = (data, [])
      return data
    }

    /// An entry of flat fields has them beside its id.
    static func data(in json: JSONValue) -> JSONValue { json["data"] ?? json }
  }

  /// Of a long event only the fields that vigia knows.
  var data: JSONValue { content?.data ?? .null }

  /// An event of no more bytes waits as it came: as a tree it may take twenty times the room.
  private static let shortBytes = 1024

  /// What the event says, and how much room it takes. Of one that is long, or that takes much more room than its bytes,
  /// only the fields that vigia knows are kept, as far as texts are: whoever blows an event up must not keep a rule from
  /// seeing it.
  private static func content(of event: borrowing Event, _ metrics: MetricTable) -> (Content, weight: Int)? {
    if event.bytes.count <= shortBytes { return (Content(bytes: event.bytes), event.bytes.count) }
    guard let data = data(of: event, metrics) else { return nil }
    return (Content(data), data.weight)
  }

  private static func data(of event: borrowing Event, _ metrics: MetricTable) -> JSONValue? {
    guard event.bytes.count <= TextBound.data else { return known(event, metrics) }
    do throws(Unreadable) {
      let data = Content.data(in: try JSONValue.parse(event.bytes))
      return data.weight <= 4 * TextBound.data ? data : known(event, metrics)
    } catch {
      return nil
    }
  }

  private static func known(_ event: borrowing Event, _ metrics: MetricTable) -> JSONValue {
    var data = JSONObject()
    for metric in Metric.allCases { data[metric.field] = event.metrics[metric].map { .number($0) } }
    for place in metrics.places {
      if let value = event.openMetrics[place], let name = metrics[place]?.name { data[name] = .number(value) }
    }
    for field in EventField.allCases where event.fields[field].isPresent {
      let list = event.strings(field, limit: 64)
      if event.fields[field].form != .json {
        data[field.key] = event.string(field).map { .string($0) }
      } else if !list.isEmpty {
        data[field.key] = .array(list.map { .string($0) })
      }
    }
    return .object(data)
  }

  /// The same without what it says.
  var withoutData: TriggerEvent {
    var bare = self
    (bare.content, bare.size) = (nil, 0)
    return bare
  }

  /// Whether an event is too long for all of its data to be kept.
  static func isTooLong(_ event: borrowing Event) -> Bool { event.bytes.count > TextBound.data }

  /// The event of a run that is looked at again, as far as its record has kept it.
  init(of record: RunRecord) {
    entry = StreamID(Array(record.event.utf8)) ?? .zero
    let remains = record.trigger ?? RememberedTrigger(type: "", data: .null, before: [:])
    (type, content, before) = (remains.type, Content(remains.data), remains.before)
    kind = EventKind.allCases.first { $0.type == remains.type } ?? .other
    (agent, size) = (record.agent, 0)
    receivedAt = entry.instant
  }

  /// The kind of alert that it is about; nil if it is about none.
  var alert: AlertKind? { kind.subject }

  var remains: RememberedTrigger {
    RememberedTrigger(type: type, data: data.encoded.count <= RememberedTrigger.most ? data : .null, before: before)
  }

  /// The name of a rule's run on it: the same however often the event is read.
  func run(of rule: Rule) -> String { run(of: rule, agent.keyPart) }

  /// - Parameter agent: the agent as it is spelled in keys.
  func run(of rule: Rule, _ agent: String) -> String { "rule/\(rule.id)/\(entry)/\(agent)" }
}

/// What a rule's names stand for when an event is judged.
struct RuleFacts: Facts {
  let trigger: TriggerEvent
  let agent: Agent?
  let record: AgentRecord
  let health: FleetHealth
  /// Who says that it stands in for the agent.
  let knownBackup: AgentID?
  let now: Instant
  /// What its users said lately, if they were unhappy.
  var feedback: [Incident] = []
  /// What has become of the run's actions, once they are done.
  var run: RunOutcome?
  /// Whether a dashboard is made for new agents.
  var makesDashboards = false
  /// The open metrics that there are.
  var metrics = MetricTable.builtIn

  func value(_ name: FactName) -> FactValue? {
    let last = name.parts.last ?? ""
    switch name.parts.first {
    case "data": return data(name.parts.dropFirst())
    case "event": return event(last)
    case "metric": return present(last).map { .number($0) }
    case "before": return trigger.before[last].map { .number($0) }
    case "agent": return agent(last)
    case "role": return role(last)
    case "fleet": return fleet(last)
    case "run":
      return run.flatMap { last == "obeyed" ? .flag($0.isObeyed) : last == "failed" ? .flag($0.hasFailed) : nil }
    case "handler": return last == "makes_dashboards" ? .flag(makesDashboards) : nil
    default: return nil
    }
  }

  private func data(_ path: ArraySlice<String>) -> FactValue? {
    var value: JSONValue? = trigger.data
    for part in path { value = value?[part] }
    return value.flatMap { FactValue($0) }
  }

  private func event(_ name: String) -> FactValue? {
    switch name {
    case "type": .text(trigger.type)
    case "id": .text("\(trigger.entry)")
    case "foreseen": foreseen.map { .text($0) }
    case "age": .number(Double((now - trigger.receivedAt).milliseconds) / 1000)
    default: nil
    }
  }

  /// The agent's present value of a metric of either sort.
  func present(_ name: String) -> Double? {
    if let metric = Metric.allCases.first(where: { $0.field == name }) {
      return agent?.value(metric, within: Fleet.freshness, of: now)
    }
    return metrics.place(named: name).flatMap { agent?.value($0, within: Fleet.freshness, of: now) }
  }

  private func agent(_ name: String) -> FactValue? {
    func text(_ text: String?) -> FactValue? { text.flatMap { $0.isEmpty ? nil : .text($0) } }
    func number(_ count: Int?) -> FactValue? { count.map { .number(Double($0)) } }
    return switch name {
    case "id": .text(trigger.agent.description)
    case "name": text(agent?.name)
    case "state": .text((agent?.isActive == false ? AgentState.stopped : record.state).rawValue)
    case "role": text(agent?.role)
    case "tier": text(agent?.tier)
    case "replicas": number(record.replicas ?? 1)
    case "replicas_min": number(agent?.replicasMinimum)
    case "replicas_max": number(agent?.replicasMaximum)
    case "rate_limit": number(record.rateLimit)
    case "backup": text(record.backup?.description)
    case "has_backup": .flag(record.backup != nil || knownBackup != nil)
    case "backup_for": text(agent?.backupFor)
    case "health": record.health.map { .number($0) }
    case "bad_conversations": list(feedback.compactMap(\.items.first))
    case "complaints": list(feedback.map { "\($0.items.first ?? ""): \($0.summary)" })
    default: nil
    }
  }

  private func list(_ texts: [String]) -> FactValue? { texts.isEmpty ? nil : .list(texts.map { .text($0) }) }

  private func role(_ name: String) -> FactValue? {
    switch name {
    case "size": return .number(Double(health.roleSize(of: trigger.agent)))
    case "healthy": return .number(Double(health.healthyPeers(of: trigger.agent)))
    case "healthy_agents":
      let peers = health.peers(of: trigger.agent)
      return peers.isEmpty ? nil : .list(peers.map { .text($0.description) })
    default: return nil
    }
  }

  private func fleet(_ name: String) -> FactValue? {
    switch name {
    case "size": .number(Double(health.size))
    case "unhealthy": .number(Double(health.unhealthy))
    case "specialist":
      health.specialist(
        other: trigger.agent, skill: trigger.data["skill"]?.text, language: trigger.data["language"]?.text
      ).map { .text($0.description) }
    default: nil
    }
  }
}

extension FactValue {
  /// Nil for null; an object, and a list of nothing else, is its JSON text. Of a list that holds other things too these are
  /// taken: one object among addresses must not keep them from being blocked.
  init?(_ json: JSONValue) {
    switch json {
    case .null: return nil
    case .object: self = .text(String(decoding: json.encoded, as: UTF8.self))
    case .bool(let flag): self = .flag(flag)
    case .integer(let number): self = .number(Double(number))
    case .number(let number): self = .number(number)
    case .string: self = .text(json.text ?? "")
    case .array(let elements):
      let others = elements.filter { $0.object == nil }.compactMap { FactValue($0) }
      let isOfObjects = others.isEmpty && elements.contains { $0.object != nil }
      self = isOfObjects ? .text(String(decoding: json.encoded, as: UTF8.self)) : .list(others)
    }
  }
}
