import FleetModel
import Insight
import Redis
import Wire

/// History is kept so long after its hour.
private let historyStays = TimeSpan.hours(24)

/// What is written of one agent.
extension FleetWatch {
  func store(_ minute: AgentWatch.Minute, _ agent: inout WatchedAgent, _ hours: inout StoredHours) {
    guard budget.step == .fiveMinutes else {
      for held in agent.takeHeld() + [minute] { hours.write(held, keeping: budget.keeps) }
      return
    }
    hours.write(five: agent.hold(minute), keeping: budget.keeps)
  }

  /// What has become of the fleet's forecasts.
  func writeRecord(_ transaction: inout Transaction) {
    let stored = record.calibration.stored
    guard stored != storedCalibration else { return }
    storedCalibration = stored
    transaction.change("HSET", session.keys.insightRecord, Self.calibrationField, stored)
  }

  func write(_ hours: StoredHours, of id: AgentID, _ transaction: inout Transaction) {
    for hour in hours.changed.sorted() {
      guard let packed = hours.hours[hour]?.encoded else { continue }
      let end = Instant(milliseconds: (Int64(hour) + 1) * 3_600_000) + historyStays
      let expiry = max(1000, (end - session.now).milliseconds)
      transaction.change("SET", session.keys.rollup(id, hour: hour), packed, "PX", expiry)
    }
  }

  func write(_ insight: AgentInsight, of id: AgentID, _ transaction: inout Transaction) {
    transaction.change("HSET", session.keys.insight, id.bytes, InsightCoding.encode(insight))
    transaction.change("ZADD", session.keys.insightChanged, session.now, id.bytes)
  }

  func publish(
    _ outcomes: [AgentWatch.Outcome], of agent: WatchedAgent, at instant: Instant, _ transaction: inout Transaction
  ) {
    guard let watch = agent.watch else { return }
    for outcome in outcomes {
      let event = InsightEvent(
        agent: agent.id, outcome: outcome, metric: outcome.metric.map { watch.name(of: $0) } ?? "",
        insight: watch.insight, at: instant)
      transaction.add(to: session.keys.events, event.payload)
    }
  }
}
