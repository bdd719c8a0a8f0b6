import FleetModel

/// Proposals as the hash `agentos:proposals` holds them, and as audit lines carry them.
///
/// ```json
/// {"id":"coupon/agent-7/1763000000000-0","rule":"coupon","agent":"agent-7",
///  "actions":[{"action":"offer_coupon","target":"agent-7","args":{"conversation_ids":"c-1"}}],
///  "reason":"avg_rating is 1.9","digest":"9f86…","made":"2026-11-22T08:00:00.000Z","expires":"2026-11-22T08:15:00.000Z",
///  "state":"open"}
/// ```
package enum ProposalCoding {
  package static func encode(_ proposal: Proposal) -> [UInt8] { json(proposal).encoded }

  package static func json(_ proposal: Proposal) -> JSONValue {
    [
      "id": .string(proposal.id.text),
      "rule": .string(proposal.rule),
      "agent": .string(proposal.agent.bytes),
      "actions": .array(proposal.steps.map(json)),
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

  /// Reads a proposal; nil where it is malformed.
  package static func decode(_ payload: [UInt8]) -> Proposal? { (try? JSONValue.parse(payload)).flatMap(decode(json:)) }

  package static func decode(json: JSONValue) -> Proposal? {
    guard let id = json["id"]?.text, let rule = json["rule"]?.text,
      let agent = json["agent"]?.bytes.flatMap({ AgentID(outside: $0) }),
      let digest = json["digest"]?.text, let made = json["made"].flatMap({ Instant(json: $0) }),
      let expires = json["expires"].flatMap({ Instant(json: $0) }),
      let state = json["state"]?.text.flatMap(Proposal.State.init(rawValue:))
    else { return nil }
    return Proposal(
      id: ProposalID(id), rule: rule, agent: agent,
      steps: json["actions"]?.list?.compactMap(step) ?? [],
      reason: json["reason"]?.text ?? "", digest: digest, madeAt: made, expiresAt: expires, state: state)
  }

  private static func step(_ json: JSONValue) -> Proposal.Step? {
    guard let action = json["action"]?.text, let target = AgentID(outside: json["target"]?.bytes ?? []) else {
      return nil
    }
    return Proposal.Step(action: action, target: target, arguments: json["args"]?.object?.texts ?? [:])
  }
}
