import FleetModel

/// Commands as they stand on the wire.
///
/// ```json
/// {"entity_id":"agent-0042","event_type":"command.pause",
///  "data":{"command_id":"01890a5d-…","action":"pause","targets":["agent-0042"],"args":{"for":"15m"},
///          "operator":"alice@bastion","reason":"error rate 25%","issued_at":"2026-11-22T08:00:00.000Z",
///          "expires_at":"2026-11-22T08:01:00.000Z","observed":{"agent-0042":{"state":"running","version":17}},
///          "dry_run":false}}
/// ```
package enum CommandCoding {
  /// A command as plain JSON, which every FastStream version reads.
  package static func encode(_ command: Command) -> [UInt8] {
    let arguments = command.arguments.sorted { $0.key < $1.key }
    let observed = command.observed.sorted { $0.key.bytes.lexicographicallyPrecedes($1.key.bytes) }
    let data: JSONObject = [
      "command_id": .string(command.id.text),
      "action": .string(command.action.rawValue),
      "targets": .array(command.targets.map { .string($0.bytes) }),
      "args": .object(JSONObject(members: arguments.map { (Array($0.key.utf8), .string($0.value)) })),
      "operator": .string(command.operator),
      "reason": .string(command.reason),
      "issued_at": .string(ISO8601.format(command.issuedAt)),
      "expires_at": .string(ISO8601.format(command.expiresAt)),
      "observed": observed.isEmpty
        ? nil : .object(JSONObject(members: observed.map { ($0.key.bytes, json($0.value)) })),
      "dry_run": .bool(command.isDryRun),
    ]
    let message: JSONValue = [
      "entity_id": .string((command.targets.first ?? .none).bytes),
      "event_type": .string("command.\(command.action.rawValue)"),
      "data": .object(data),
    ]
    return message.encoded
  }

  /// Reads a command: plain JSON, or wrapped as FastStream does. Refuses what is malformed, of an unknown action, or
  /// scoped to agents without naming one. Arguments are taken as text and not judged here.
  package static func decode(_ payload: UnsafeRawBufferPointer) throws(CommandRefusal) -> Command {
    let document: JSONValue
    do throws(Unreadable) {
      document = try MessageFormat.document(payload)
    } catch {
      throw CommandRefusal(reason: "the command is unreadable: \(error); send one JSON object")
    }
    guard let data = document["data"], data.object != nil else {
      throw CommandRefusal(
        reason: "the command has no object \"data\"; send {\"entity_id\",\"event_type\",\"data\":{…}}")
    }
    return try CommandReader(data: data).command()
  }

  /// Reads a command from bytes held elsewhere.
  package static func decode(_ payload: [UInt8]) throws(CommandRefusal) -> Command {
    let result: Result<Command, CommandRefusal> = payload.withUnsafeBytes { buffer in
      do throws(CommandRefusal) { return .success(try decode(buffer)) } catch { return .failure(error) }
    }
    return try result.get()
  }

  private static func json(_ observation: Command.Observation) -> JSONValue {
    ["state": .string(observation.state.rawValue), "version": .integer(Int64(observation.version))]
  }
}

/// Takes a command's fields out of its `data`, each with its own refusal.
private struct CommandReader {
  let data: JSONValue

  func command() throws(CommandRefusal) -> Command {
    let id = try id()
    let action = try action()
    let targets = try targets()
    if case .agents = action.scope, targets.isEmpty {
      throw refusal("\(action.rawValue) names no target; list the agents in \"targets\"")
    }
    guard let operatorName = data["operator"]?.text, !operatorName.isEmpty else {
      throw refusal("\"operator\" is missing or empty; name who asks, as user@host")
    }
    return Command(
      id: id, action: action, targets: targets, arguments: try arguments(), operator: operatorName,
      reason: data["reason"]?.text ?? "", issuedAt: try instant("issued_at"), expiresAt: try instant("expires_at"),
      observed: try observed(), isDryRun: try isDryRun())
  }

  /// A refusal that names what can be read of the command.
  private func refusal(_ reason: String) -> CommandRefusal {
    CommandRefusal(
      id: data["command_id"]?.text.map { CommandID($0) }, action: data["action"]?.text,
      targets: data["targets"]?.list?.compactMap { $0.bytes.map { AgentID(bytes: $0) } } ?? [],
      operator: data["operator"]?.text, reason: reason)
  }

  /// The id goes into keys.
  private func id() throws(CommandRefusal) -> CommandID {
    guard let bytes = data["command_id"]?.bytes, !bytes.isEmpty else {
      throw refusal("\"command_id\" is missing or empty; send a UUIDv7")
    }
    guard Keys.isCommandID(bytes) else {
      throw refusal(
        "\"command_id\" is longer than 64 bytes, not plain ASCII, holds a slash or is a word of the handler's own; "
          + "send a UUIDv7")
    }
    return CommandID(String(decoding: bytes, as: UTF8.self))
  }

  private func action() throws(CommandRefusal) -> Action {
    guard let name = data["action"]?.text else {
      throw refusal("\"action\" is missing; name one of \(Action.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    guard let action = Action(rawValue: name) else {
      throw refusal("\"action\" is \"\(name)\", which this handler does not know; update it or send another")
    }
    return action
  }

  private func targets() throws(CommandRefusal) -> [AgentID] {
    guard let value = data["targets"], !value.isNull else { return [] }
    guard let list = value.list else { throw refusal("\"targets\" is no array; list the agents' ids in it") }
    var targets: [AgentID] = []
    for element in list {
      guard let bytes = element.bytes else { throw refusal("\"targets\" holds something that is no string") }
      let target = AgentID(bytes: bytes)
      if !targets.contains(target) { targets.append(target) }
    }
    return targets
  }

  private func arguments() throws(CommandRefusal) -> [String: String] {
    guard let value = data["args"], !value.isNull else { return [:] }
    guard let object = value.object else { throw refusal("\"args\" is no object; send {\"name\":\"value\"}") }
    var arguments: [String: String] = [:]
    for member in object.members {
      arguments[String(decoding: member.key, as: UTF8.self)] = Self.argument(member.value)
    }
    return arguments
  }

  /// An argument's text: a string's own, the elements of an array with commas between them, other values' JSON.
  private static func argument(_ value: JSONValue) -> String? {
    switch value {
    case .null: nil
    case .string: value.text
    case .array(let elements): elements.compactMap(argument).joined(separator: ",")
    case .bool, .integer, .number, .object: String(decoding: value.encoded, as: UTF8.self)
    }
  }

  private func instant(_ key: String) throws(CommandRefusal) -> Instant {
    guard let instant = data[key].flatMap({ Instant(json: $0) }) else {
      throw refusal("\"\(key)\" is missing or no time; send ISO 8601, as 2026-11-22T08:00:00.000Z")
    }
    return instant
  }

  private func observed() throws(CommandRefusal) -> [AgentID: Command.Observation] {
    guard let value = data["observed"], !value.isNull else { return [:] }
    guard let object = value.object else { throw refusal("\"observed\" is no object; leave it out or name agents") }
    var observed: [AgentID: Command.Observation] = [:]
    for member in object.members {
      guard let state = member.value["state"]?.text.flatMap(AgentState.init(word:)),
        let version = member.value["version"]?.int
      else {
        throw refusal("\"observed\" needs a known \"state\" and a whole \"version\" for each agent; or leave it out")
      }
      observed[AgentID(bytes: member.key)] = Command.Observation(state: state, version: version)
    }
    return observed
  }

  private func isDryRun() throws(CommandRefusal) -> Bool {
    guard let value = data["dry_run"], !value.isNull else { return false }
    guard let flag = value.bool else { throw refusal("\"dry_run\" is neither true nor false") }
    return flag
  }
}
