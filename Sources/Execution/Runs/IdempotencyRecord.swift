import FleetModel
import Wire

/// What is remembered of a command under `agentos:mark:<command id>`: that it was received, how it ended, and what it
/// takes to undo it or to tell when its runtimes have obeyed.
package struct CommandRecord: Equatable {
  package var action: String
  package var targets: [AgentID]
  package var arguments: [String: String]
  package var `operator`: String
  package var reason: String
  /// How it ended; nil while it is being run.
  package var closed: AuditLine.Phase?
  /// The command that took it back.
  package var undoneBy: CommandID?
  /// Those of its targets whose runtimes were told something.
  package var told: Set<AgentID> = []
  /// What it is a part of.
  package var batch: Batch?

  package init(_ command: Command) {
    action = command.action.rawValue
    targets = command.targets
    arguments = command.arguments
    self.operator = command.operator
    reason = command.reason
    batch = command.batch
  }

  /// What its runtimes report once they have obeyed, as far as the command itself says so.
  package var goal: RuntimeGoal {
    let replicas = arguments["replicas"].flatMap { Int($0) }
    return Action(rawValue: action).map { RuntimeGoal(of: $0, replicas: replicas) }
      ?? RuntimeGoal(state: nil, replicas: nil)
  }

  package init(action: String, targets: [AgentID], operator: String) {
    self.action = action
    self.targets = targets
    arguments = [:]
    self.operator = `operator`
    reason = ""
  }

  package var encoded: [UInt8] {
    func list(_ ids: [AgentID]) -> JSONValue { .array(ids.map { .string($0.bytes) }) }
    var json = JSONWriter()
    json.add("action", action)
    json.add("targets", list(targets))
    json.add("args", .object(JSONObject(texts: arguments)))
    json.add("operator", self.operator)
    json.add("reason", reason)
    json.add("closed", closed?.rawValue)
    json.add("undone_by", undoneBy?.text)
    json.add("told", list(targets.filter { told.contains($0) }))
    json.add("batch", batch.map(BatchCoding.json))
    return json.finish()
  }

  package init?(_ bytes: [UInt8]) {
    guard let json = bytes.withUnsafeBytes({ try? JSONValue.parse($0) }), let action = json["action"]?.text else {
      return nil
    }
    func list(_ key: String) -> [AgentID] {
      json[key]?.list?.compactMap { $0.bytes.map { AgentID(bytes: $0) } } ?? []
    }
    self.action = action
    targets = list("targets")
    arguments = json["args"]?.object?.texts ?? [:]
    self.operator = json["operator"]?.text ?? ""
    reason = json["reason"]?.text ?? ""
    closed = json["closed"]?.text.flatMap(AuditLine.Phase.init(rawValue:))
    undoneBy = json["undone_by"]?.text.map { CommandID($0) }
    told = Set(list("told"))
    batch = json["batch"].flatMap(BatchCoding.decode)
  }

  /// The command that it is about; nil if this version does not know its action.
  package func command(_ id: CommandID, at now: Instant) -> Command? {
    guard let action = Action(rawValue: action) else { return nil }
    return Command(
      id: id, action: action, targets: targets.filter { $0 != .none }, arguments: arguments, operator: self.operator,
      issuedAt: now, expiresAt: now)
  }
}

/// What is remembered of one target of a command under `agentos:mark:<command id>/<target>`: that it was acted on, and
/// what stood before.
package struct IdempotencyRecord: Equatable {
  package var phase: AuditLine.Phase
  package var detail: String
  package var before: AgentRecord?
  /// When the block, silence or job that a transaction ended would have come to its end, or to its turn, by itself.
  package var blockedUntil: Instant?
  /// What a parameter or mode that a transaction set was before; nil if it was not set.
  package var setting: String?
  /// Whether its runtime was told something.
  package var wasNotified = false
  /// What its runtime reports once it has obeyed; nil if it was told nothing, or by an older handler.
  package var goal: RuntimeGoal?
  /// Of an intent, phase `started`: what an actuator was about to do. Its outcome takes the intent's place.
  package var intent: Intent?

  /// An effect that was begun: what it takes to do the same again, or to find out whether it was done.
  package struct Intent: Equatable {
    /// When it was decided: an end that counts from then stays where it is.
    package var at: Instant
    package var call: ActuatorCall

    package init(at: Instant, call: ActuatorCall) {
      self.at = at
      self.call = call
    }
  }

  package var encoded: [UInt8] {
    var json = JSONWriter()
    json.add("phase", phase.rawValue)
    json.add("why", detail)
    if let before { json.add("before") { AgentRecordCoding.write(before, to: &$0) } }
    json.add("blocked_until", blockedUntil.map { Int($0.milliseconds) })
    json.add("setting", setting)
    json.add("told", .bool(wasNotified))
    if let goal {
      json.add("goal") {
        $0.add("state", goal.state?.rawValue)
        $0.add("replicas", goal.replicas)
      }
    }
    if let intent {
      json.add("intent") {
        $0.add("at", Int(intent.at.milliseconds))
        $0.add("call", intent.call.json)
      }
    }
    return json.finish()
  }

  package init(phase: AuditLine.Phase, detail: String) {
    self.phase = phase
    self.detail = detail
  }

  package init?(_ bytes: [UInt8]) {
    guard let json = bytes.withUnsafeBytes({ try? JSONValue.parse($0) }),
      let phase = json["phase"]?.text.flatMap(AuditLine.Phase.init(rawValue:))
    else { return nil }
    self.phase = phase
    detail = json["why"]?.text ?? ""
    before = json["before"].flatMap(AgentRecordCoding.decode(json:))
    blockedUntil = json["blocked_until"]?.int.map { Instant(milliseconds: Int64($0)) }
    setting = json["setting"]?.text
    wasNotified = json["told"]?.bool ?? false
    goal = json["goal"].map {
      RuntimeGoal(state: $0["state"]?.text.flatMap(AgentState.init(word:)), replicas: $0["replicas"]?.int)
    }
    if let intent = json["intent"], let at = intent["at"]?.int,
      let call = intent["call"].flatMap({ ActuatorCall(json: $0) })
    {
      self.intent = Intent(at: Instant(milliseconds: Int64(at)), call: call)
    }
  }
}
