import FleetModel
import Wire

/// What an agent says of itself.
extension SimulatedAgent {
  func created() -> SimulatedEvent { SimulatedEvent(.created, profile.id, description) }

  func updated() -> SimulatedEvent { SimulatedEvent(.updated, profile.id, description) }

  func deleted() -> SimulatedEvent {
    SimulatedEvent(.deleted, profile.id, ["name": .string(profile.name), "is_active": false])
  }

  /// What the runtime does, and which command it answers.
  func status(answering command: CommandID? = nil) -> SimulatedEvent {
    SimulatedEvent(
      .status, profile.id,
      [
        "state": .string(state.rawValue), "replicas": .integer(Int64(replicas)),
        "command_id": command.map { .string($0.text) },
        "conversations": .integer(
          room.map { Int64($0.open) } ?? (state == .running || drain != nil ? Int64(traffic / 4) : 0)),
      ])
  }

  func metrics() -> SimulatedEvent {
    var data: JSONObject = [
      "error_rate": Self.rounded(errorRate, 10_000), "response_time": Self.whole(responseTime),
      "last_hour_errors": Self.whole(lastHourErrors), "messages_per_minute": Self.whole(traffic),
      "queue_size": Self.whole(isRouted ? backlog : queue + backlog), "avg_rating": Self.rounded(rating, 100),
      "negative_feedback_count": Self.whole(negativeFeedback), "attempts_count": Self.whole(attempts),
      "health_score": Self.rounded(health, 1000),
    ]
    if profile.role == "billing" { addMetersOfTheModel(to: &data) }
    // A handler that begins may have missed who introduced itself.
    if !version.isEmpty { (data["role"], data["version"]) = (.string(profile.role), .string(version)) }
    return SimulatedEvent(.metrics, profile.id, data)
  }

  /// What some services also say of the model and tools that they use.
  private func addMetersOfTheModel(to data: inout JSONObject) {
    let tokens = traffic * 640
    data["tokens_per_minute"] = Self.whole(tokens)
    // Some five of the currency for a million tokens.
    data["cost_per_hour"] = Self.rounded(tokens * 60 * 5e-6, 100)
    data["time_to_first_token"] = Self.whole(responseTime * 0.4)
    data["tool_calls_per_turn"] = Self.rounded(3 + 10 * errorRate, 10)
  }

  func performanceDegraded() -> SimulatedEvent {
    SimulatedEvent(
      .performanceDegraded, profile.id,
      [
        "error_rate": Self.rounded(errorRate, 10_000), "response_time": Self.whole(responseTime),
        "last_hour_errors": Self.whole(lastHourErrors),
      ])
  }

  func highTraffic() -> SimulatedEvent {
    SimulatedEvent(
      .highTraffic, profile.id,
      [
        "messages_per_minute": Self.whole(traffic), "queue_size": Self.whole(queue),
        "response_time_avg": Self.whole(responseTime),
      ])
  }

  func satisfactionLow(_ random: inout SeededRandom) -> SimulatedEvent {
    let complaints = ["slow answers", "wrong answers", "asked the same thing twice", "could not reach a person"]
    let chosen = complaints.shuffled(using: &random).prefix(2)
    return SimulatedEvent(
      .satisfactionLow, profile.id,
      [
        "avg_rating": Self.rounded(rating, 100), "negative_feedback_count": Self.whole(negativeFeedback),
        "main_complaints": .array(chosen.map { .string($0) }),
        "conversation_ids": .array((0..<3).map { _ in Self.conversation(&random) }),
      ])
  }

  func securityAlert(from addresses: [String], repeats: Int) -> SimulatedEvent {
    let risk: Severity = repeats < 1 ? .medium : repeats < 3 ? .high : .critical
    return SimulatedEvent(
      .securityAlert, profile.id,
      [
        "alert_type": "brute_force_login", "attempts_count": Self.whole(max(12, attempts)),
        "suspicious_ips": .array(addresses.map { .string($0) }), "risk_level": .string(risk.rawValue),
      ])
  }

  func healthCritical() -> SimulatedEvent {
    var issues: [JSONValue] = []
    var actions: [JSONValue] = []
    if level(.errorStorm) > 0.3 { (issues, actions) = (issues + ["error_rate_high"], actions + ["restart"]) }
    if queue > 200 { (issues, actions) = (issues + ["queue_growing"], actions + ["scale_up"]) }
    if issues.isEmpty { (issues, actions) = (["health_low"], ["escalate"]) }
    return SimulatedEvent(
      .healthCritical, profile.id,
      [
        "health_score": Self.rounded(health, 1000), "issues_detected": .array(issues),
        "suggested_actions": .array(actions),
      ])
  }

  func predictiveAlert() -> SimulatedEvent {
    let prediction: JSONValue = [
      "metric": "queue_size", "eta_minutes": 4, "value": Self.whole(queue * 3 + 100), "threshold": 300,
    ]
    return SimulatedEvent(
      .predictiveAlert, profile.id,
      ["predictions": [prediction], "confidence": 0.82, "recommended_actions": ["scale_up", "activate_backup"]])
  }

  func feedback(_ random: inout SeededRandom) -> SimulatedEvent {
    let stars = min(5, max(1, Int((rating + 0.7 * random.noise()).rounded())))
    let texts =
      stars >= 4
      ? ["Solved at once, thank you", "Muito bom!", "助かりました"] : ["It never answered me", "Péssimo", "待ち時間が長い"]
    return SimulatedEvent(
      .feedback, profile.id,
      [
        "conversation_id": Self.conversation(&random), "rating": .integer(Int64(stars)),
        "text": .string(stars == 3 ? "Okay" : random.element(of: texts) ?? ""),
      ])
  }

  func handoffRequested(_ random: inout SeededRandom) -> SimulatedEvent {
    let turn: JSONValue = ["from": "user", "text": "I would like to speak to a person"]
    return SimulatedEvent(
      .handoffRequested, profile.id,
      [
        "conversation_id": Self.conversation(&random), "skill": .string(random.element(of: profile.skills) ?? ""),
        "language": .string(profile.languages.first ?? "en"), "context": ["tier": "gold", "open_orders": 2],
        "history": [turn],
      ])
  }

  private var description: JSONObject {
    [
      "name": .string(profile.name), "is_active": true, "llm_model": .string(profile.model),
      "default_language": .string(profile.languages.first ?? "en"), "role": .string(profile.role),
      "version": version.isEmpty ? nil : .string(version),
      "tier": profile.backupFor == nil ? "primary" : "backup",
      "skills": .array(profile.skills.map { .string($0) }),
      "languages": .array(profile.languages.map { .string($0) }),
      "backup_for": profile.backupFor.map { .string($0.bytes) },
      "capacity": room.map { .integer(Int64($0.capacity)) }
        ?? Self.whole(profile.throughput * Double(profile.replicas.upperBound) / 4),
      "replicas_min": .integer(Int64(profile.replicas.lowerBound)),
      "replicas_max": .integer(Int64(profile.replicas.upperBound)),
      "parameters": AgentProfileCoding.json(parameters),
    ]
  }

  private static func conversation(_ random: inout SeededRandom) -> JSONValue {
    .string("conv-\(Int.random(in: 100_000...999_999, using: &random))")
  }

  private static func whole(_ value: Double) -> JSONValue { .integer(Int64(max(0, value).rounded())) }

  private static func rounded(_ value: Double, _ parts: Double) -> JSONValue {
    .number((value * parts).rounded() / parts)
  }
}
