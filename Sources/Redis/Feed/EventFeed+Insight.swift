import FleetModel
import Loop
import Wire

/// Following what the handler thinks of agents: once a connection all of it, then what has changed, every few seconds.
///
/// ```text
///   ZRANGEBYSCORE agentos:insight:changed  ─▶ agents that have changed, up to 1,000
///   HMGET agentos:insight …                ─▶ what is thought of them; and on, while there is more
/// ```
extension EventFeed {
  /// Asks what has changed, if it is time to.
  func askForInsight(_ connection: Connection) {
    let span = refusals[.insight] == nil ? options.patience.insight : options.patience.inspect
    guard options.followsHandler, isCaughtUp, !readsInsight, isDue(insightReadAt, span) else { return }
    readsInsight = true
    insightReadAt = .now
    if !insightChanges.isComplete { notify(.insight(.begin)) }
    askForInsightChanges(connection)
  }

  private func askForInsightChanges(_ connection: Connection) {
    let (changes, round) = (insightChanges, insightRound)
    let request = Request(
      "ZRANGEBYSCORE", options.keys.insightChanged, changes.place, "+inf", "WITHSCORES", "LIMIT", changes.offset,
      InsightChanges.most)
    connection.send(request) { [weak self, weak connection] result in
      guard let self, let connection, round == insightRound, case .success(let reply) = result,
        takesInsight(reply)
      else { return }
      var next = insightChanges
      let (new, isMore) = next.take(reply.pairs, at: clock.now)
      guard !new.isEmpty else { return goOn(next, isMore, connection) }
      read(new.map(\.agent), connection) { [weak self] in self?.goOn(next, isMore, connection) }
    }
  }

  /// Reads what is thought of some agents. What is no such thing is passed over: nobody can say of whom it would be told.
  private func read(_ agents: [[UInt8]], _ connection: Connection, _ completion: @escaping () -> Void) {
    let round = insightRound
    var request = Request("HMGET", options.keys.insight)
    for agent in agents { request.append(agent) }
    connection.send(request) { [weak self] result in
      guard let self, round == insightRound, case .success(let reply) = result, takesInsight(reply) else { return }
      for (agent, value) in zip(agents, reply.elements ?? []) {
        guard let id = AgentID(outside: agent), let insight = value.bytes.flatMap({ InsightCoding.decode($0) }) else {
          continue
        }
        notify(.insight(.of(id, insight.noLater(than: clock.latest))))
      }
      completion()
    }
    goOnReading(connection)
  }

  private func goOn(_ next: InsightChanges, _ isMore: Bool, _ connection: Connection) {
    insightChanges = next
    guard !isMore else {
      askForInsightChanges(connection)
      return goOnReading(connection)
    }
    let isFirst = !insightChanges.isComplete
    insightChanges.finish()
    readsInsight = false
    serve(.insight)
    if isFirst { notify(.insight(.told)) }
  }

  /// A quiet console leaves answers waiting until its next tick. These are still owed for this one.
  private func goOnReading(_ connection: Connection) {
    connection.isPaused = false
    connection.flush()
  }

  /// Whether an answer can be used. If not, it is asked for again after a while, from where it had come.
  private func takesInsight(_ reply: Reply) -> Bool {
    guard let error = reply.error else { return true }
    readsInsight = false
    refuse(.insight, error)
    return false
  }
}
