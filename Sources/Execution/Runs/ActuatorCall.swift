import Automation
import FleetModel
import Wire

/// What an actuator is asked to do for one target.
package struct ActuatorCall: Equatable {
  /// The action's wire name, or the job's.
  package var name: String
  package var target: AgentID
  package var arguments: [String: String]
  /// The idempotency key: the same for the same effect, however often it is asked for.
  package var key: String
  package var commandID: CommandID
  package var `operator`: String
  package var reason: String
  /// When what it restricts ends.
  package var until: Instant?
  /// The span that it is, for services that carry it on (W3C Trace Context); nil if nobody follows. It is not stored.
  package var traceparent: String?

  /// What a place of a template is filled with.
  package func value(_ place: Template.Place) -> String {
    switch place {
    case .agent: target.description
    case .action: name
    case .commandID: commandID.text
    case .operator: self.operator
    case .reason: reason
    case .key: key
    case .until: until.map { ISO8601.format($0) } ?? ""
    case .argument(let name): arguments[name] ?? ""
    }
  }

  package var json: JSONValue {
    return [
      "name": .string(name),
      "target": .string(target.bytes),
      "args": .object(JSONObject(texts: arguments)),
      "key": .string(key),
      "command_id": .string(commandID.text),
      "operator": .string(self.operator),
      "reason": .string(reason),
      "until": until.map { .integer($0.milliseconds) },
    ]
  }

  package init(
    name: String, target: AgentID, arguments: [String: String], key: String, commandID: CommandID, operator: String,
    reason: String, until: Instant? = nil
  ) {
    self.name = name
    self.target = target
    self.arguments = arguments
    self.key = key
    self.commandID = commandID
    self.operator = `operator`
    self.reason = reason
    self.until = until
  }

  package init?(json: JSONValue) {
    guard let name = json["name"]?.text, let target = json["target"]?.bytes, let key = json["key"]?.text else {
      return nil
    }
    let arguments = json["args"]?.object?.texts ?? [:]
    self.init(
      name: name, target: AgentID(bytes: target), arguments: arguments, key: key,
      commandID: CommandID(json["command_id"]?.text ?? ""), operator: json["operator"]?.text ?? "",
      reason: json["reason"]?.text ?? "", until: json["until"]?.int.map { Instant(milliseconds: Int64($0)) })
  }
}

/// What became of a call.
package enum ActuatorResult: Equatable {
  /// The actuator did it, and what it said.
  case done(String)
  /// It was not done, and will not be.
  case failed(String)
  /// Nobody can say whether it was done.
  case unknown(String)
}

/// What a look-up of an earlier call found.
package enum LookUpResult: Equatable {
  case done, notDone
  case unclear(String)
}

extension Actuator {
  /// What is to be done with an intent that has no outcome.
  ///
  /// - Parameter isSafe: whether the action by itself may be done twice.
  package func repeatRule(isSafe: Bool) -> RepeatRule {
    let byItself: RepeatRule = isSafe ? .safe : .never
    return switch self {
    case .redis: byItself
    case .http(let http): http.repeat ?? byItself
    case .exec(let exec): exec.repeat ?? byItself
    case .grafana: .safe
    }
  }
}

extension ActuatorCall {
  /// Whether doing it twice is as doing it once.
  package var isSafeToRepeat: Bool { Action(rawValue: name)?.isSafeToRepeat ?? false }
}
