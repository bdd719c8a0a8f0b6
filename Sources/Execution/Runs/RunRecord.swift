import Automation
import FleetModel
import Wire

/// A rule's run as `agentos:mark:<run>` holds it, from its decision to its end: what is done was settled when it was
/// decided, whatever becomes of the runbook.
///
/// `{"rule":"…","agent":"…","event":"<entry>","reason":"…","severity":"high","do":[…],"refused":["…"],"else":[…],
/// "undo":[…],"verify_after":90000,"occasion":{"type":"agent.…","data":{…},"before":{"error_rate":0.1}}}`
package struct RunRecord: Equatable {
  /// A list of actions of a run.
  package enum Part: String, CaseIterable { case ruleActions = "do", otherwise = "else", undo }

  package var rule: String
  package var agent: AgentID
  package var event: String
  package var reason: String
  /// How bad the trouble is.
  package var severity = Severity.medium
  /// The kind of alert that its event opens; nil if it opens none.
  package var alert: AlertKind?
  package var ruleActions: [PlannedAction]
  /// What guards have taken out, and why.
  package var refused: [String] = []
  package var otherwise: [PlannedAction] = []
  package var undo: [PlannedAction] = []
  /// Whether it is only what was beyond a cap: the run beside it has done the rest.
  package var isRest = false
  /// Which failure has stopped it; nil if none has.
  package var stopped: String?
  /// Which of the actions were done, if something takes them back: their own marks do not live as long.
  package var done: Set<Int> = []
  /// When its verification failed first, and somebody was told so.
  package var doubtedAt: Instant?
  /// How long after the actions it is verified; nil if it is not.
  package var verifyAfter: TimeSpan?
  /// What the event said, and the agent's values before it: kept where the run is judged again.
  package var trigger: RememberedTrigger?

  /// By which an action of a run is known, as a command is by its own.
  package static func id(of run: String, _ part: Part, _ place: Int) -> CommandID {
    CommandID("\(run)/\(part.rawValue)/\(place)")
  }

  /// The name of what a run leaves to a person.
  package static func rest(of run: String) -> String { "\(run)/rest" }

  package func ruleActions(of part: Part) -> [PlannedAction] {
    switch part {
    case .ruleActions: ruleActions
    case .otherwise: otherwise
    case .undo: undo
    }
  }

  package var encoded: [UInt8] {
    let json: JSONValue = [
      "rule": .string(rule), "agent": .string(agent.bytes), "event": .string(event), "reason": .string(reason),
      "do": .array(ruleActions.map(\.json)), "else": .array(otherwise.map(\.json)), "undo": .array(undo.map(\.json)),
      "refused": refused.isEmpty ? nil : .array(refused.map { .string($0) }), "severity": .string(severity.rawValue),
      "alert": alert.map { .string($0.type) }, "stopped": stopped.map { .string($0) },
      "doubted_at": doubtedAt.map { .integer($0.milliseconds) },
      "done": done.isEmpty ? nil : .array(done.sorted().map { .integer(Int64($0)) }),
      "rest": isRest ? true : nil,
      "verify_after": verifyAfter.map { .integer($0.milliseconds) }, "occasion": trigger?.json,
    ]
    return json.encoded
  }

  package init(rule: String, agent: AgentID, event: String, reason: String, ruleActions: [PlannedAction]) {
    self.rule = rule
    self.agent = agent
    self.event = event
    self.reason = reason
    self.ruleActions = ruleActions
  }

  package init?(_ bytes: [UInt8]) {
    guard let json = try? JSONValue.parse(bytes), let rule = json["rule"]?.text, let agent = json["agent"]?.bytes else {
      return nil
    }
    func list(_ key: String) -> [PlannedAction] { json[key]?.list?.compactMap { PlannedAction(json: $0) } ?? [] }
    self.init(
      rule: rule, agent: AgentID(bytes: agent), event: json["event"]?.text ?? "", reason: json["reason"]?.text ?? "",
      ruleActions: list("do"))
    severity = json["severity"]?.text.flatMap(Severity.init(rawValue:)) ?? .medium
    alert = json["alert"]?.text.flatMap { type in AlertKind.allCases.first { $0.type == type } }
    stopped = json["stopped"]?.text
    isRest = json["rest"]?.bool == true
    doubtedAt = Instant(stored: json["doubted_at"])
    done = Set(json["done"]?.list?.compactMap(\.int) ?? [])
    otherwise = list("else")
    undo = list("undo")
    refused = json["refused"]?.list?.compactMap(\.text) ?? []
    trigger = json["occasion"].map { RememberedTrigger($0) }
    verifyAfter = json["verify_after"]?.int.map { TimeSpan(milliseconds: Int64(max(0, $0))) }
  }
}

extension PlannedAction {
  package var json: JSONValue {
    let words: String? =
      switch kind {
      case .action: nil
      case .report(let name): name
      case .advice(let text): text
      }
    return [
      "action": .string(name), "target": .string(target.bytes), "args": .object(JSONObject(texts: arguments)),
      "words": words.map { .string($0) }, "stop": onError == .stop ? true : nil,
    ]
  }

  package init?(json: JSONValue) {
    guard let name = json["action"]?.text, let target = json["target"]?.bytes else { return nil }
    let words = json["words"]?.text ?? ""
    let kind: Kind
    switch name {
    case "report": kind = .report(words)
    case "advice": kind = .advice(words)
    default:
      guard let action = Action(rawValue: name) else { return nil }
      kind = .action(action)
    }
    let arguments = json["args"]?.object?.texts ?? [:]
    self.init(
      kind: kind, target: AgentID(bytes: target), arguments: arguments,
      onError: json["stop"]?.bool == true ? .stop : .continue)
  }
}

extension PlannedAction {
  /// Whether this is what takes the other back.
  package func takesBack(_ other: PlannedAction) -> Bool {
    switch (kind, other.kind) {
    case (.action(.deactivateBackup), .action(.activateBackup)), (.action(.resume), .action(.pause)),
      (.action(.unblockIP), .action(.blockIP)), (.action(.rateLimit), .action(.rateLimit)):
      target == other.target
    default: false
    }
  }
}
