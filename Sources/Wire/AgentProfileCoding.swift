import FleetModel

/// What agents say of themselves, as `agentos:profiles` keeps it: agent → an event that says all of it at once. A handler
/// that takes over knows by it what was said before the events that it reads.
package enum AgentProfileCoding {
  /// `{"entity_id":"…","event_type":"agent.updated","data":{"role":"support",…},"heard_since":1795334137846}`; what nobody
  /// said is left out.
  ///
  /// - Parameters:
  ///   - since: when it was heard first, if that is long enough ago to count it in shares of the fleet.
  ///   - last: when it was heard last, to a day: an agent that is silent for long leaves.
  package static func encode(_ profile: AgentProfile, heardSince since: Instant? = nil, last: Instant? = nil) -> [UInt8]
  {
    func text(_ text: String) -> JSONValue? { text.isEmpty ? nil : .string(text) }
    func list(_ texts: [String]) -> JSONValue? { texts.isEmpty ? nil : .array(texts.map { .string($0) }) }
    func number(_ count: Int?) -> JSONValue? { count.map { .integer(Int64($0)) } }
    let event: JSONValue = [
      "entity_id": .string(profile.id.bytes), "event_type": "agent.updated",
      "data": [
        "name": text(profile.name), "role": text(profile.role), "tier": text(profile.tier),
        "llm_model": text(profile.model), "provider": text(profile.traits[.provider]),
        "version": text(profile.traits[.version]), "prompt_version": text(profile.traits[.promptVersion]),
        "region": text(profile.traits[.region]), "default_language": text(profile.language),
        "backup_for": text(profile.backupFor), "skills": list(profile.skills), "languages": list(profile.languages),
        "capacity": number(profile.capacity),
        "replicas_min": number(profile.replicasMinimum), "replicas_max": number(profile.replicasMaximum),
        "parameters": json(profile.parameters), "is_active": .bool(profile.isActive),
      ],
      "heard_since": since.map { .integer($0.milliseconds) },
      "heard": last.map { .integer($0.milliseconds) },
    ]
    return event.encoded
  }

  /// As `parameters` of an event says it; nil for none.
  package static func json(_ parameters: [TunableParameter]) -> JSONValue? {
    guard !parameters.isEmpty else { return nil }
    return .object(
      JSONObject(
        members: parameters.map { parameter in
          let bounds: JSONValue = [
            "min": .number(parameter.minimum), "max": .number(parameter.maximum), "step": .number(parameter.step),
            "value": .number(parameter.value),
          ]
          return (key: Array(parameter.name.utf8), value: bounds)
        }))
  }

  /// When an agent was heard last, to a day, as its profile has it; nil in one of an older version.
  package static func heard(_ profile: [UInt8]) -> Instant? {
    (try? JSONValue.parse(profile))?["heard"].flatMap { Instant(json: $0) }
  }

  /// When an agent was heard first, as its profile has it; nil if it had not been heard for long.
  package static func heardSince(_ profile: [UInt8]) -> Instant? {
    guard let json = try? JSONValue.parse(profile) else { return nil }
    return json["heard_since"].flatMap { Instant(json: $0) }
  }
}
