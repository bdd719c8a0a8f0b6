import Console
import FleetModel
import Redis
import Wire

/// Reads the history of all agents in two spans, bite by bite, and compares them.
enum SpanSearch {
  /// - Parameters:
  ///   - isWanted: whether anybody still waits for it.
  ///   - tell: hears how far it is, and once what was found or why nothing can be; no more if the link breaks.
  static func run(
    _ empty: SpanComparison, _ agents: [AgentID], on feed: EventFeed, keys: Keys, isWanted: @escaping () -> Bool,
    _ tell: @escaping (SpanProgress) -> Void
  ) {
    var (comparison, count) = (empty, 0)
    var hasFailed = false
    let reading = FleetHistoryReading(keys, from: empty.before, to: empty.end) { [weak feed] request, completion in
      guard isWanted(), !hasFailed else { return }
      let isSent = feed?.send(request) { result in
        switch result {
        case .success(.error(let error)):
          hasFailed = true
          tell(.refused(error.advice.meaning))
        case .success(let reply): completion(reply)
        case .failure: tell(.refused("the link to Redis broke"))
        }
      }
      if isSent != true {
        hasFailed = true
        tell(.refused("there is no link to Redis"))
      }
    } take: { found in
      comparison.take(found.agent, found.hours, found.insight)
      count += 1
      if count % 500 == 0 { tell(.read(count)) }
    } finish: {
      tell(.found(comparison))
    }
    reading?.start(agents)
  }
}
