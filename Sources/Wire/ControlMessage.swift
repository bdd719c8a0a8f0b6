import FleetModel

/// What runtimes can be told: an action, or a job that is due.
package enum ControlVerb: Hashable, Sendable {
  case action(Action)
  case job

  package var name: String {
    switch self {
    case .action(let action): action.rawValue
    case .job: "job"
    }
  }

  package init?(name: String) {
    if name == "job" {
      self = .job
    } else {
      guard let action = Action(rawValue: name) else { return nil }
      self = .action(action)
    }
  }
}

/// What one runtime is told to do: an entry of `agentos:control`, and a message on `agentos.control.<verb>`.
package struct ControlMessage: Equatable, Sendable {
  package var agent: AgentID
  package var verb: ControlVerb
  /// Argument name → text; whole numbers go out as JSON numbers.
  package var arguments: [String: String]
  package var commandID: CommandID
  /// When what it restricts ends, also by itself; nil if it restricts nothing.
  package var until: Instant?

  package init(
    agent: AgentID, verb: ControlVerb, arguments: [String: String] = [:], commandID: CommandID, until: Instant? = nil
  ) {
    self.agent = agent
    self.verb = verb
    self.arguments = arguments
    self.commandID = commandID
    self.until = until
  }

  package init(
    agent: AgentID, action: Action, arguments: [String: String] = [:], commandID: CommandID, until: Instant? = nil
  ) {
    self.init(agent: agent, verb: .action(action), arguments: arguments, commandID: commandID, until: until)
  }

  /// Nil for a job.
  package var action: Action? {
    if case .action(let action) = verb { action } else { nil }
  }
}

/// `{"entity_id":"agent-0042","event_type":"control.pause","data":{"for":"15m","command_id":"…","until":"…"}}`
package enum ControlCoding {
  package static func encode(_ message: ControlMessage) -> [UInt8] {
    var data = JSONObject()
    for (name, text) in message.arguments.sorted(by: { $0.key < $1.key }) { data[name] = argument(text) }
    data["command_id"] = .string(message.commandID.text)
    data["until"] = message.until?.json
    let json: JSONValue = [
      "entity_id": .string(message.agent.bytes),
      "event_type": .string("control.\(message.verb.name)"),
      "data": .object(data),
    ]
    return json.encoded
  }

  /// Reads a message of any format; nil if it has no agent, no known action or no command's id.
  package static func decode(_ payload: UnsafeRawBufferPointer) -> ControlMessage? {
    guard let json = try? MessageFormat.document(payload),
      let agent = json["entity_id"]?.bytes.flatMap({ AgentID(outside: $0) }),
      let type = json["event_type"]?.text, type.hasPrefix("control."),
      let verb = ControlVerb(name: String(type.dropFirst("control.".count))), let data = json["data"]?.object,
      let id = data["command_id"]?.text
    else { return nil }
    var arguments: [String: String] = [:]
    for member in data.members {
      let name = String(decoding: member.key, as: UTF8.self)
      guard name != "command_id", name != "until", !member.value.isNull else { continue }
      arguments[name] = member.value.text ?? String(decoding: member.value.encoded, as: UTF8.self)
    }
    return ControlMessage(
      agent: agent, verb: verb, arguments: arguments, commandID: CommandID(id),
      until: data["until"].flatMap { Instant(json: $0) })
  }

  /// Reads a message from bytes held elsewhere.
  package static func decode(_ payload: [UInt8]) -> ControlMessage? { payload.withUnsafeBytes { decode($0) } }

  /// A whole number in its shortest form as a number; everything else as text, which comes back as it was.
  private static func argument(_ text: String) -> JSONValue {
    guard let value = Int64(text), "\(value)" == text else { return .string(text) }
    return .integer(value)
  }
}
