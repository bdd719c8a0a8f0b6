import FleetModel

/// Takes a command's fields out of its `data`, each with its own refusal. Whatever stands there, the work and what is
/// kept of it are bounded: see ``Limits``.
struct CommandReader {
  /// What a command may hold besides its targets, in bytes of UTF-8.
  enum Limits {
    /// Of an id or action that is refused, so much is told.
    static let (id, action) = (64, 64)
    static let operatorName = 256
    /// A longer reason is cut.
    static let reason = 1024
    /// The arguments' names and texts together: they are remembered for two days.
    static let arguments = 64 * 1024
  }

  let data: JSONValue

  func command() throws(CommandRefusal) -> Command {
    let id = try id()
    let action = try action()
    let batch = try batch()
    let targets = try targets()
    if case .agents = action.scope, targets.isEmpty {
      throw refusal("\(action.rawValue) names no target; list the agents in \"targets\"")
    }
    return Command(
      id: id, action: action, targets: targets, arguments: try arguments(), operator: try operatorName(),
      reason: (data["reason"]?.text ?? "").clipped(toBytes: Limits.reason), issuedAt: try instant("issued_at"),
      expiresAt: try instant("expires_at"), observed: try observed(), isDryRun: try isDryRun(), batch: batch)
  }

  /// A refusal that names what can be read of the command.
  private func refusal(_ reason: String) -> CommandRefusal {
    let targets = data["targets"]?.list.flatMap { $0.count <= Command.mostTargets ? $0 : nil } ?? []
    return CommandRefusal(
      id: data["command_id"]?.text.map { CommandID($0.clipped(toBytes: Limits.id)) },
      action: data["action"]?.text.map { $0.clipped(toBytes: Limits.action) },
      targets: targets.compactMap { $0.bytes.flatMap { AgentID(outside: $0) } }.filter { $0 != .none }.uniqued(),
      operator: data["operator"]?.text.map { $0.clipped(toBytes: Limits.operatorName) },
      batch: data["batch"].flatMap(BatchCoding.decode), reason: reason)
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
      throw refusal(
        "\"action\" is \"\(name.clipped(toBytes: Limits.action))\", which this handler does not know; "
          + "update it or send another")
    }
    return action
  }

  private func operatorName() throws(CommandRefusal) -> String {
    guard let name = data["operator"]?.text, !name.isEmpty else {
      throw refusal("\"operator\" is missing or empty; name who asks, as user@host")
    }
    guard name.utf8.count <= Limits.operatorName else {
      throw refusal("\"operator\" is longer than \(Limits.operatorName) bytes; name who asks, as user@host")
    }
    return name
  }

  private func batch() throws(CommandRefusal) -> Batch? {
    guard let value = data["batch"], !value.isNull else { return nil }
    guard let batch = BatchCoding.decode(value) else {
      throw refusal(
        "\"batch\" needs an \"id\" as commands have and a \"part\" from 1 to \"parts\", which is at most "
          + "\(Batch.mostParts)")
    }
    return batch
  }

  private func targets() throws(CommandRefusal) -> [AgentID] {
    guard let value = data["targets"], !value.isNull else { return [] }
    guard let list = value.list else { throw refusal("\"targets\" is no array; list the agents' ids in it") }
    guard list.count <= Command.mostTargets else {
      throw refusal(
        "\"targets\" names \(list.count) agents, and a command has at most \(Command.mostTargets); "
          + "send several with \"batch\"")
    }
    var targets: [AgentID] = []
    for element in list {
      guard let bytes = element.bytes else { throw refusal("\"targets\" holds a value that is not a string") }
      targets.append(try agent(bytes, in: "targets"))
    }
    return targets.uniqued()
  }

  private func agent(_ bytes: [UInt8], in place: String) throws(CommandRefusal) -> AgentID {
    guard let id = AgentID(outside: bytes) else {
      throw refusal("\"\(place)\" holds an id that is longer than \(AgentID.mostBytes) bytes or no valid UTF-8")
    }
    return id
  }

  private func arguments() throws(CommandRefusal) -> [String: String] {
    guard let value = data["args"], !value.isNull else { return [:] }
    guard let object = value.object else { throw refusal("\"args\" is no object; send {\"name\":\"value\"}") }
    var arguments: [String: String] = [:]
    var room = Limits.arguments
    for member in object.members {
      var text: [UInt8] = []
      let hasText = Self.append(member.value, to: &text)
      room -= member.key.count + text.count
      guard room >= 0 else { throw refusal("\"args\" holds more than \(Limits.arguments) bytes; send less") }
      guard let name = String(validating: member.key, as: UTF8.self), let text = String(validating: text, as: UTF8.self)
      else { throw refusal("\"args\" holds what is no valid UTF-8") }
      arguments[name] = hasText ? text : nil
    }
    return arguments
  }

  /// Appends an argument's text: a string's own, the elements of an array with commas between them, other values' JSON.
  ///
  /// - Returns: whether there is one.
  private static func append(_ value: JSONValue, to text: inout [UInt8]) -> Bool {
    switch value {
    case .null: return false
    case .string(let bytes): text += bytes
    case .array(let elements):
      var isFirst = true
      for element in elements where !element.isNull {
        if !isFirst { text.append(UInt8(ascii: ",")) }
        isFirst = false
        _ = append(element, to: &text)
      }
    case .bool, .integer, .number, .object: value.append(to: &text)
    }
    return true
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
    guard object.members.count <= Command.mostTargets else {
      throw refusal(
        "\"observed\" names \(object.members.count) agents, and a command has at most \(Command.mostTargets)")
    }
    var observed: [AgentID: Command.Observation] = [:]
    for member in object.members {
      guard let state = member.value["state"]?.text.flatMap(AgentState.init(word:)),
        let version = member.value["version"]?.int
      else {
        throw refusal("\"observed\" needs a known \"state\" and a whole \"version\" for each agent; or leave it out")
      }
      observed[try agent(member.key, in: "observed")] = Command.Observation(state: state, version: version)
    }
    return observed
  }

  private func isDryRun() throws(CommandRefusal) -> Bool {
    guard let value = data["dry_run"], !value.isNull else { return false }
    guard let flag = value.bool else { throw refusal("\"dry_run\" is neither true nor false") }
    return flag
  }
}
