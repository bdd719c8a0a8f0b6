import FleetModel
import Insight
import Redis
import Wire

/// Reads an agent's history and what was changed about it; and if there is none, finds out why.
///
/// A class, since the answers to its questions find their way back to it.
final class AgentHistoryReading {
  private let query: RedisQuery
  private let agent: AgentID
  private let since: TimeSpan
  private let settings: LevelSettings
  /// The file that names the archive; nil if what handlers have stored in Redis is enough.
  private let archive: String?

  /// - Parameter settings: the open metrics that have names, and the levels.
  init(_ query: RedisQuery, of agent: AgentID, since: TimeSpan, _ settings: LevelSettings, archive: String? = nil) {
    (self.query, self.agent, self.since, self.settings) = (query, agent, since, settings)
    self.archive = archive
  }

  func start(_ completion: @escaping (AgentHistory) -> Void) {
    let (start, end) = (query.now - since, query.now)
    var insight: AgentInsight?
    query.ask(Request("HGET", query.keys.insight, agent.bytes)) { [self] reply in
      if let error = reply.error {
        query.complain("changes", "Redis refuses \(String(decoding: query.keys.insight, as: UTF8.self)): \(error)")
      }
      insight = reply.bytes.flatMap { InsightCoding.decode($0) }
    }
    var judged = JudgedAgent(agent)
    query.ask(Request("HGET", query.keys.profiles, agent.bytes)) { [agent] reply in
      judged = JudgedAgent(agent, profile: reply.bytes)
    }
    readSeries(from: start, to: end) { [settings] series in
      completion(AgentHistory(judged, from: start, to: end, series, insight, settings))
    }
  }

  private func readSeries(from start: Instant, to end: Instant, _ completion: @escaping ([RollupSeries]) -> Void) {
    guard let archive else {
      return RollupReading.read(agent, from: start, to: end, query) { [self] in
        query.complain($0, $1)
      } _: {
        completion(RollupSeries.all(in: $0, from: start, to: end))
      }
    }
    // What was asked of Redis comes first: whoever waits for the archive takes no answers.
    query.ask(Request("PING")) { [self] _ in
      do throws(ArchivedHistory.Unread) {
        completion(
          try ArchivedHistory.read(
            agent, of: query.keys.prefix, from: start, to: end, config: archive, settings.metrics))
      } catch {
        query.session.fail(.failed, "the archive: \(error)")
      }
    }
  }

  /// Says why nothing is stored: the agent is unknown, or nobody has written yet. Ends the query.
  func explainAbsence() {
    query.ask(Request("HGETALL", query.keys.profiles)) { [self] profiles in
      query.ask(Request("GET", query.keys.lease)) { [self] lease in
        let ids = profiles.pairs.map(\.name)
        query.complain(
          agent.description,
          ids.contains(agent.bytes) || ids.isEmpty ? absence(HandlerLeaseStatus(lease)) : unknown(profiles.pairs))
        query.end()
      }
    }
  }

  private func absence(_ handler: HandlerLeaseStatus) -> String {
    guard archive == nil else { return "the archive has no metrics of the last \(since)" }
    return stored(handler)
  }

  private func stored(_ handler: HandlerLeaseStatus) -> String {
    "no history of the last \(since); the active handler stores it at the end of each minute in which an agent reports, "
      + "and \(handler.sentence)"
  }

  private func unknown(_ profiles: [(name: [UInt8], value: [UInt8])]) -> String {
    let ids = profiles.map { String(decoding: $0.name, as: UTF8.self) }
    let hint = Nearest.words(agent.description, among: ids).map { "did you mean \($0)? " } ?? ""
    return "no agent has this id; \(hint)vigia status lists all agents"
  }
}
