import FleetModel

/// What sharing load has under way, as `agentos:load` holds it: role → JSON.
///
/// ```json
/// {"moves":[{"agent":"support-3","to":0.8,"command":"…","until":1795334400000}],
///  "question":{"proposal":"rule/handler/load/…","agent":"support-3","from":1,"to":0.8,"until":1795334400000}}
/// ```
/// What is empty is left out. Times are in milliseconds.
package enum LoadCoding {
  /// A longer value is not read.
  package static let mostBytes = 512 << 10

  package static func encode(_ standing: LoadStanding) -> [UInt8] {
    let json: JSONValue = [
      "moves": standing.moves.isEmpty ? nil : .array(standing.moves.map(encode)),
      "question": standing.question.map(encode),
    ]
    return json.encoded
  }

  private static func encode(_ move: LoadStanding.Move) -> JSONValue {
    [
      "agent": .string(move.agent.bytes), "to": .number(move.to), "command": .string(move.command.text),
      "until": .integer(move.until.milliseconds),
    ]
  }

  private static func encode(_ question: LoadStanding.Question) -> JSONValue {
    [
      "proposal": .string(question.id.text), "agent": .string(question.agent.bytes), "from": .number(question.from),
      "to": .number(question.to), "until": .integer(question.until.milliseconds),
    ]
  }

  /// Nil for what is no such object, or names nothing that is under way: nobody could say what becomes of it.
  package static func decode(_ value: [UInt8]) -> LoadStanding? {
    guard value.count <= mostBytes, let json = try? JSONValue.parse(value), json.object != nil else { return nil }
    var standing = LoadStanding()
    let moves = (json["moves"]?.list ?? []).prefix(LoadStanding.mostMoves)
    standing.moves = moves.compactMap(move)
    standing.question = json["question"].flatMap(question)
    return standing.isEmpty ? nil : standing
  }

  private static func move(_ json: JSONValue) -> LoadStanding.Move? {
    guard let agent = agent(json["agent"]), let to = number(json["to"]), let command = id(json["command"]),
      let until = Instant(stored: json["until"])
    else { return nil }
    return LoadStanding.Move(agent: agent, to: to, command: CommandID(command), until: until)
  }

  private static func question(_ json: JSONValue) -> LoadStanding.Question? {
    guard let agent = agent(json["agent"]), let from = number(json["from"]), let to = number(json["to"]),
      let proposal = id(json["proposal"]), let until = Instant(stored: json["until"])
    else { return nil }
    return LoadStanding.Question(id: ProposalID(proposal), agent: agent, from: from, to: to, until: until)
  }

  private static func agent(_ json: JSONValue?) -> AgentID? {
    json?.bytes.flatMap { AgentID(outside: $0) }.flatMap { $0 == .none ? nil : $0 }
  }

  private static func number(_ json: JSONValue?) -> Double? { json?.double.flatMap { $0.isFinite ? $0 : nil } }

  private static func id(_ json: JSONValue?) -> String? {
    json?.text.flatMap { $0.isEmpty || $0.utf8.count > TextBound.commandID ? nil : $0 }
  }
}
