import FleetModel
import Insight
import Redis
import Wire

/// Reads what handlers have stored of one agent's last hours. What is no stored hour is passed over.
enum HistorySearch {
  /// Calls `completion` once; not at all if the link breaks.
  static func run(
    _ agent: AgentID, span: TimeSpan, on feed: EventFeed, keys: Keys, _ completion: @escaping ([RollupSeries]) -> Void
  ) {
    let (start, end) = (feed.clock.now - span, feed.clock.now)
    guard let first = RollupHour.hour(of: max(.epoch, start)), let last = RollupHour.hour(of: end), first <= last else {
      return
    }
    var request = Request("MGET")
    for hour in first...last { request.append(keys.rollup(agent, hour: hour)) }
    _ = feed.send(request) { result in
      guard case .success(let reply) = result else { return }
      let hours = (reply.elements ?? []).compactMap { $0.bytes.flatMap { try? RollupHour(decoding: $0) } }
      completion(RollupSeries.all(in: hours, from: start, to: end))
    }
  }
}
