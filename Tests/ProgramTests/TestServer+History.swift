import FleetModel
import Insight
import Redis
import TestSupport
import Testing
import Wire

extension TestServer {
  /// The server's time, to the second.
  func time() throws -> Instant {
    Instant(milliseconds: try #require(try call("TIME").elements?.first?.integer) * 1000)
  }

  /// Stores a value for each of the last minutes, the latest last, as a handler does. Nil: nothing was reported.
  func store(_ values: [Double?], of agent: AgentID, _ metric: FleetModel.Metric) throws {
    try store(values, of: agent, MetricID(rawValue: UInt8(metric.rawValue)))
  }

  /// The same of a metric of either sort.
  func store(_ values: [Double?], of agent: AgentID, _ metric: MetricID) throws {
    let (now, keys) = (try time(), Keys())
    var hours: [UInt32: RollupHour] = [:]
    for (place, value) in values.enumerated() {
      let minute = now - .minutes(Int64(values.count - place))
      guard let value, let number = RollupHour.hour(of: minute) else { continue }
      let rollup = Rollup(count: 20, sum: value * 20, min: Float(value / 2), max: Float(value * 2), p95: Float(value))
      hours[number, default: RollupHour(hour: number)].write(
        rollup, of: metric, at: Int(minute.milliseconds / 60_000 % 60))
    }
    for (number, hour) in hours {
      let key = keys.rollup(agent, hour: number)
      var merged = RollupHour(hour: number)
      if let bytes = try call("GET", key).bytes { merged.merge(try RollupHour(decoding: bytes)) }
      merged.merge(hour)
      _ = try call("SET", key, merged.encoded)
    }
  }

  /// Makes an agent one that the handler knows.
  func know(_ agent: AgentID) throws {
    let profile = AgentProfile(id: agent, at: .epoch)
    _ = try call("HSET", Keys().profiles, agent.bytes, AgentProfileCoding.encode(profile))
  }
}
