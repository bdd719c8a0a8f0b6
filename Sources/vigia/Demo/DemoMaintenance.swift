import FleetModel
import Glibc
import Insight
import Loop
import Redis
import Simulation
import Wire

/// What a demo of maintenance begins with: an hour in which a queue has grown, and the window that a handler before has
/// planned for that.
enum DemoMaintenance {
  private static let begins = TimeSpan.seconds(20)
  private static let minutes: Int64 = 70
  private static let level = 100.0

  /// Puts the past there, before the handler starts.
  static func prepare(_ installation: Installation) throws {
    try RedisQuery.run(installation) { query in
      let queue = GrowingQueue(present: query.now)
      let requests = history(queue, until: query.now, query.keys) + [plan(queue, at: query.now, query.keys)]
      send(requests[...], query)
    }
  }

  private static func send(_ requests: ArraySlice<Request>, _ query: RedisQuery) {
    guard let first = requests.first else { return query.end() }
    query.send(first) { _ in send(requests.dropFirst(), query) }
  }

  private static func history(_ queue: GrowingQueue, until now: Instant, _ keys: Keys) -> [Request] {
    var hours: [UInt32: RollupHour] = [:]
    let present = now.milliseconds / 60_000
    for minute in present - minutes..<present {
      let begin = Instant(milliseconds: minute * 60_000)
      guard let number = RollupHour.hour(of: begin) else { continue }
      // Up and down a little, so that it looks like a queue.
      let length = queue.length(at: begin) + 2 + Double((minute * 7) % 5 - 2) / 4
      let rollup = Rollup(count: 1, sum: length, min: Float(length), max: Float(length), p95: Float(length))
      hours[number, default: RollupHour(hour: number)].write(
        rollup, of: MetricID(rawValue: UInt8(Metric.queueSize.rawValue)), at: Int(minute % 60))
    }
    return hours.sorted { $0.key < $1.key }.map {
      Request("SET", keys.rollup(GrowingQueue.agent, hour: $0.key), $0.value.encoded)
    }
  }

  private static func plan(_ queue: GrowingQueue, at now: Instant, _ keys: Keys) -> Request {
    let crosses = queue.reaches(level)
    let sign = MaintenanceWindow.Sign(metric: "queue_size", crossesAt: crosses, earliest: crosses - .minutes(8))
    let window = MaintenanceWindow(
      id: "f\(now.milliseconds)", agent: GrowingQueue.agent, backup: GrowingQueue.backup, origin: .forecast(sign),
      at: now + begins, phase: .planned, since: now)
    return Request("HSET", keys.maintenance, GrowingQueue.agent.bytes, MaintenanceCoding.encode(window))
  }
}
