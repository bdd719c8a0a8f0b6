import Automation
import FleetModel
import Wire

/// What an actuator is asked to do for one target.
struct ActuatorCall: Equatable {
  /// The action's wire name, or the job's.
  var name: String
  var target: AgentID
  var arguments: [String: String]
  /// The idempotency key: the same for the same effect, however often it is asked for.
  var key: String
  var commandID: CommandID
  var `operator`: String
  var reason: String
  /// When what it restricts ends.
  var until: Instant?

  /// What a place of a template is filled with.
  func value(_ place: Template.Place) -> String {
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

  var json: JSONValue {
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

  init(
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

  init?(json: JSONValue) {
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
enum ActuatorResult: Equatable {
  /// The actuator did it, and what it said.
  case done(String)
  /// It was not done, and will not be.
  case failed(String)
  /// Nobody can say whether it was done.
  case unknown(String)
}

/// What a look-up of an earlier call found.
enum LookUpResult: Equatable {
  case done, notDone
  case unclear(String)
}

/// Where effects outside of Redis are had.
protocol ActuatorClient: AnyObject {
  /// Does what a call says; a safe one again and again, as far as its actuator allows. `completion` is called once, not
  /// from within, and never after `abandon`.
  ///
  /// - Parameter rule: what is to be done where nobody knows whether it was carried out.
  func perform(
    _ call: ActuatorCall, by actuator: Actuator, rule: RepeatRule, _ completion: @escaping (ActuatorResult) -> Void)
  /// Asks whether an earlier call was carried out.
  func lookUp(_ call: ActuatorCall, by request: HTTPActuator, _ completion: @escaping (LookUpResult) -> Void)
  /// Lets go of what is under way: its intents stand, and whoever acts next goes on from them.
  ///
  /// - Parameter onlyResumable: what could only be guessed at is left to come to its end.
  func abandon(onlyResumable: Bool)
  var isIdle: Bool { get }
}

extension Actuator {
  /// What is to be done with an intent that has no outcome.
  ///
  /// - Parameter isSafe: whether the action by itself may be done twice.
  func repeatRule(isSafe: Bool) -> RepeatRule {
    let byItself: RepeatRule = isSafe ? .safe : .never
    return switch self {
    case .redis: byItself
    case .http(let http): http.repeat ?? byItself
    case .exec(let exec): exec.repeat ?? byItself
    }
  }
}

extension Action {
  /// Whether doing it twice is as doing it once: what sets something to a value is, what happens anew each time is not.
  var isSafeToRepeat: Bool {
    switch self {
    case .pause, .resume, .scale, .rateLimit, .rebalance, .activateBackup, .deactivateBackup, .blockIP, .unblockIP,
      .tune, .acknowledge, .unacknowledge, .silence, .unsilence, .close, .automation:
      true
    case .restart, .escalate, .transfer, .offerCoupon, .schedule, .cancel, .notify, .approve, .reject, .undo: false
    }
  }
}
