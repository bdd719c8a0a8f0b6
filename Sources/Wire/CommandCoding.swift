import FleetModel

/// Commands as they stand on the wire.
///
/// ```json
/// {"entity_id":"agent-0042","event_type":"command.pause",
///  "data":{"command_id":"01890a5d-…","action":"pause","targets":["agent-0042"],"args":{"for":"15m"},
///          "operator":"alice@bastion","reason":"error rate 25%","issued_at":"2026-11-22T08:00:00.000Z",
///          "expires_at":"2026-11-22T08:01:00.000Z","observed":{"agent-0042":{"state":"running","version":17}},
///          "dry_run":false,"batch":{"id":"01890a5d-…","part":1,"parts":3}}}
/// ```
/// `batch` stands only in the parts of an order that was split; see ``Batch``.
package enum CommandCoding {
  /// A command as plain JSON, which every FastStream version reads.
  package static func encode(_ command: Command) -> [UInt8] {
    let arguments = command.arguments.sorted { $0.key < $1.key }
    let observed = command.observed.sorted { $0.key.precedes($1.key) }
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
      "batch": command.batch.map(BatchCoding.json),
    ]
    let message: JSONValue = [
      "entity_id": .string((command.targets.first ?? .none).bytes),
      "event_type": .string("command.\(command.action.rawValue)"),
      "data": .object(data),
    ]
    return message.encoded
  }

  /// A longer message is refused before it is read: what it takes to read one stays far below a lease.
  package static let mostBytes = 1 << 20

  /// Reads a command: plain JSON, or wrapped as FastStream does. Refuses what is too long, malformed, of an unknown
  /// action, or scoped to agents without naming one. Arguments are taken as text and not judged here.
  package static func decode(_ payload: UnsafeRawBufferPointer) throws(CommandRefusal) -> Command {
    guard payload.count <= mostBytes else {
      throw CommandRefusal(
        reason: "the command has \(payload.count) bytes, and \(mostBytes) are the most; send several with \"batch\"")
    }
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
