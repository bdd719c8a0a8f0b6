import FleetModel
import Insight
import Redis
import Wire

/// Reads what handlers have stored of one agent's metrics, hour by hour.
enum RollupReading {
  /// What is older is not kept: an hour stays for 24 hours after its end.
  static let longest = TimeSpan.hours(25)

  /// Asks for each hour of a span, and gives those that there are, in order.
  ///
  /// - Parameters:
  ///   - complain: gets what could not be read, and why.
  ///   - completion: called once, after the last answer.
  static func read(
    _ agent: AgentID, from start: Instant, to end: Instant, _ query: RedisQuery,
    complain: @escaping (_ key: String, _ reason: String) -> Void, _ completion: @escaping ([RollupHour]) -> Void
  ) {
    guard start < end, let first = RollupHour.hour(of: max(start, .epoch)), let last = RollupHour.hour(of: end) else {
      return completion([])
    }
    var hours: [RollupHour] = []
    for hour in first...max(first, last) {
      let key = query.keys.rollup(agent, hour: hour)
      query.ask(Request("GET", key)) { reply in
        do throws(Unstored) {
          if let found = try Self.hour(reply) { hours.append(found) }
        } catch {
          complain(String(decoding: key, as: UTF8.self), "\(error)")
        }
        if hour == max(first, last) { completion(hours) }
      }
    }
  }

  /// Why a key's value is no hour.
  enum Unstored: Error, CustomStringConvertible {
    case refused(ServerError)
    case malformed(RollupHour.DecodeError)

    var description: String {
      switch self {
      case .refused(let error): "Redis refuses: \(error)"
      case .malformed(let error): "it is no stored hour (\(error))"
      }
    }
  }

  /// The hour that an answer holds; nil if the key is not there.
  static func hour(_ reply: Reply) throws(Unstored) -> RollupHour? {
    if let error = reply.error { throw .refused(error) }
    guard let bytes = reply.bytes else { return nil }
    do {
      return try RollupHour(decoding: bytes)
    } catch {
      throw .malformed(error)
    }
  }
}
