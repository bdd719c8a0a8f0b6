import FleetModel

/// Proposals as the hash `agentos:proposals` holds them, and as audit lines carry them.
///
/// ```json
/// {"id":"coupon/agent-7/1763000000000-0","rule":"coupon","agent":"agent-7",
///  "actions":[{"action":"offer_coupon","target":"agent-7","args":{"conversation_ids":"c-1"}}],
///  "else":[],"undo":[],
///  "reason":"avg_rating is 1.9","digest":"9f86…","made":"2026-11-22T08:00:00.000Z","expires":"2026-11-22T08:15:00.000Z",
///  "state":"open"}
/// ```
/// `else` and `undo` are missing in what an older handler proposed. `digest` is the SHA-256 of the same text with an empty digest and the state `open`.
package enum ProposalCoding {
  package static func encode(_ proposal: Proposal) -> [UInt8] { json(proposal).encoded }

  package static func json(_ proposal: Proposal) -> JSONValue {
    [
      "id": .string(proposal.id.text),
      "rule": .string(proposal.rule),
      "agent": .string(proposal.agent.bytes),
      "actions": .array(proposal.steps.map(json)),
      "else": proposal.followUp.map { .array($0.otherwise.map(json)) },
      "undo": proposal.followUp.map { .array($0.undo.map(json)) },
      "reason": .string(proposal.reason),
      "digest": .string(proposal.digest),
      "made": proposal.madeAt.json,
      "expires": proposal.expiresAt.json,
      "state": .string(proposal.state.rawValue),
    ]
  }

  private static func json(_ step: Proposal.Step) -> JSONValue {
    return [
      "action": .string(step.action), "target": .string(step.target.bytes),
      "args": .object(JSONObject(texts: step.arguments)),
    ]
  }

  /// Why a value is no proposal that anybody may be shown or answer.
  package enum Fault: Error, CustomStringConvertible {
    case malformed
    /// Its digest is another proposal's, or was never one.
    case altered
    /// It stands under another id than its own.
    case misplaced

    /// Whether it is nothing at all, rather than something else than it says.
    package var isMalformed: Bool { self == .malformed }

    package var description: String {
      switch self {
      case .malformed: "cannot be read"
      case .altered: "was altered: its sha256 is not that of what it proposes"
      case .misplaced: "stands under another id than its own"
      }
    }
  }

  /// The digest of all that is proposed, as it was made: by it an answer names it.
  package static func digest(of proposal: Proposal) -> String {
    var made = proposal
    made.digest = ""
    made.state = .open
    return SHA256.hex(encode(made))
  }

  /// The proposal with its digest.
  package static func sealed(_ proposal: Proposal) -> Proposal {
    var sealed = proposal
    sealed.digest = digest(of: proposal)
    return sealed
  }

  /// Reads a proposal as the hash holds it.
  ///
  /// - Parameter field: under which it stands there.
  package static func decode(_ payload: [UInt8], field: [UInt8]) throws(Fault) -> Proposal {
    guard let json = try? JSONValue.parse(payload) else { throw .malformed }
    let proposal = try decode(json: json)
    guard proposal.id.text.utf8.elementsEqual(field) else { throw .misplaced }
    return proposal
  }

  /// Reads a proposal. Its digest is that of what it proposes, or it is none.
  package static func decode(json: JSONValue) throws(Fault) -> Proposal {
    guard let proposal = read(json) else { throw .malformed }
    guard proposal.digest == digest(of: proposal) else { throw .altered }
    return proposal
  }

  private static func read(_ json: JSONValue) -> Proposal? {
    guard let id = json["id"]?.text, let rule = json["rule"]?.text, let agent = json["agent"]?.bytes,
      let digest = json["digest"]?.text, let made = json["made"].flatMap({ Instant(json: $0) }),
      let expires = json["expires"].flatMap({ Instant(json: $0) }),
      let state = json["state"]?.text.flatMap(Proposal.State.init(rawValue:))
    else { return nil }
    func steps(_ key: String) -> [Proposal.Step]? { json[key]?.list?.compactMap(step) }
    let (otherwise, undo) = (steps("else"), steps("undo"))
    let isOlder = otherwise == nil && undo == nil
    return Proposal(
      id: ProposalID(id), rule: rule, agent: AgentID(bytes: agent), steps: steps("actions") ?? [],
      followUp: isOlder ? nil : Proposal.FollowUp(otherwise: otherwise ?? [], undo: undo ?? []),
      reason: json["reason"]?.text ?? "", digest: digest, madeAt: made, expiresAt: expires, state: state)
  }

  private static func step(_ json: JSONValue) -> Proposal.Step? {
    guard let action = json["action"]?.text, let target = AgentID(outside: json["target"]?.bytes ?? []) else {
      return nil
    }
    return Proposal.Step(action: action, target: target, arguments: json["args"]?.object?.texts ?? [:])
  }
}
