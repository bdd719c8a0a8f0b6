import FleetModel
import Wire

/// An agent of a scenario: what it reports is a function of the time and of the trouble that it feels.
struct ScenarioAgent: Sendable {
  /// What it feels at a moment.
  struct Pressure {
    /// How much of its troubles, 0…1.
    var failing = 0.0
    var slow = 0.0
    var leaking = 0.0
    var looping = 0.0
    /// So many times its usual load.
    var load = 1.0
    /// How far the hours of the day differ: 0.25 is an ordinary day.
    var season = 0.25
  }

  /// What it reports, without and with noise.
  struct Values: Equatable {
    var errorRate: Double
    var responseTime: Double
    var traffic: Double
    var queue: Double
    var rating: Double
    var tokens: Double
    var toolCalls: Double

    func value(_ metric: Metric) -> Double? {
      switch metric {
      case .errorRate: errorRate
      case .responseTime: responseTime
      case .messagesPerMinute: traffic
      case .queueSize: queue
      case .averageRating: rating
      case .lastHourErrors, .negativeFeedback, .attempts, .healthScore, .confidence, .rating: nil
      }
    }
  }

  let profile: SimulatedProfile
  let number: Int
  let provider: String
  let region: String
  private let noise: SeededNoise

  var id: AgentID { profile.id }

  init(_ profile: SimulatedProfile, number: Int, seed: UInt64) {
    (self.profile, self.number) = (profile, number)
    provider = profile.model.hasPrefix("gpt") ? "openai" : profile.model.hasPrefix("claude") ? "anthropic" : "mistral"
    let parts = profile.id.description.split(separator: "-")
    region = parts.count > 1 ? String(parts[1]) : "eu"
    noise = SeededNoise(seed: seed &+ UInt64(number) &* 0xD6E8_FEB8_6659_FD93)
  }

  /// What it reports at a moment.
  ///
  /// - Parameter isNoisy: without noise it is what the truth is told by.
  func values(at instant: Instant, _ pressure: Pressure, isNoisy: Bool = true) -> Values {
    let time = instant.milliseconds
    func white(_ number: Int) -> Double { isNoisy ? noise.white(number, time) : 0 }
    func drift(_ number: Int) -> Double { isNoisy ? noise.drift(number, at: time, every: 1_200_000) : 0 }
    // Lowest at four in the morning.
    let hour = Double(time % 86_400_000) / 3_600_000
    let season = 1 - pressure.season * Angle.cosine((hour - 4) / 24)
    let load = season * pressure.load * max(0.3, 1 + 0.05 * drift(0))
    let traffic = profile.traffic * load * (1 + 0.03 * white(1))
    // People who come one by one: their number varies by its root.
    let waiting = profile.traffic / 40 * load * (1 + 0.8 * pressure.slow)
    let response = profile.responseTime * (0.9 + 0.1 * load) * (1 + 2.5 * pressure.slow) + 2000 * pressure.leaking
    return Values(
      errorRate: min(1, max(0, 0.012 + 0.28 * pressure.failing + 0.002 * drift(2) + 0.004 * white(3))),
      responseTime: response * max(0.3, 1 + 0.02 * drift(4) + 0.05 * white(5)),
      traffic: traffic, queue: max(0, waiting + waiting.squareRoot() * white(6)),
      rating: min(5, max(1, 4.4 - 1.1 * pressure.failing + 0.05 * drift(7) + 0.04 * white(8))),
      tokens: traffic * 640 * (1 + 11 * pressure.looping) * max(0.3, 1 + 0.06 * white(9)),
      toolCalls: (2.6 + 24 * pressure.looping) * max(0.3, 1 + 0.1 * white(10)))
  }

  func metrics(_ values: Values, version: String) -> SimulatedEvent {
    func whole(_ value: Double) -> JSONValue { .integer(Int64(value.rounded())) }
    func parts(_ value: Double, _ parts: Double) -> JSONValue { .number((value * parts).rounded() / parts) }
    return SimulatedEvent(
      .metrics, profile.id,
      [
        "error_rate": parts(values.errorRate, 10_000), "response_time": whole(values.responseTime),
        "messages_per_minute": whole(values.traffic), "queue_size": whole(values.queue),
        "avg_rating": parts(values.rating, 100), "tokens_per_minute": whole(values.tokens),
        "tool_calls_per_turn": parts(values.toolCalls, 10), "llm_model": .string(profile.model),
        "provider": .string(provider), "version": .string(version), "region": .string(region),
        "role": .string(profile.role),
      ])
  }

  func described(_ kind: EventKind, version: String) -> SimulatedEvent {
    SimulatedEvent(
      kind, profile.id,
      [
        "name": .string(profile.name), "is_active": true, "llm_model": .string(profile.model),
        "provider": .string(provider), "version": .string(version), "region": .string(region),
        "role": .string(profile.role), "tier": profile.backupFor == nil ? "primary" : "backup",
        "backup_for": profile.backupFor.map { .string($0.bytes) },
      ])
  }
}

/// Cosine of a turn's part, without a C library: the same on every machine.
enum Angle {
  /// - Parameter turns: 1 is once round.
  static func cosine(_ turns: Double) -> Double {
    let part = (turns - turns.rounded()) * 2 * .pi
    let square = part * part
    // Taylor's series; beyond the eighth term nothing is left of it within half a turn.
    var (term, sum) = (1.0, 1.0)
    for step in 1...10 {
      let place = Double(2 * step)
      term *= -square / ((place - 1) * place)
      sum += term
    }
    return sum
  }
}
