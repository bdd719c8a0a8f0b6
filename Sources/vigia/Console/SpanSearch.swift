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
    _ empty: SpanComparison, _ agents: [AgentID], on feed: FleetFeed, isWanted: @escaping () -> Bool,
    _ tell: @escaping (SpanProgress) -> Void
  ) {
    let parts = Dictionary(grouping: agents) { feed.shards?.shard(of: $0) ?? 0 }.sorted { $0.key < $1.key }
    run(empty, parts.map { (feed.feeds[$0.key], $0.value) }[...], read: 0, isWanted: isWanted, tell)
  }

  /// One shard after the other.
  private static func run(
    _ former: SpanComparison, _ parts: ArraySlice<(feed: EventFeed, agents: [AgentID])>, read: Int,
    isWanted: @escaping () -> Bool, _ tell: @escaping (SpanProgress) -> Void
  ) {
    guard let part = parts.first else { return tell(.found(former)) }
    var (comparison, count) = (former, read)
    var hasFailed = false
    let reading = FleetHistoryReading(part.feed.keys, from: former.before, to: former.end) {
      [weak feed = part.feed] request, completion in
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
      run(comparison, parts.dropFirst(), read: count, isWanted: isWanted, tell)
    }
    reading?.start(part.agents)
  }
}
