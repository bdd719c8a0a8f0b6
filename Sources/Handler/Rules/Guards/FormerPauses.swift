import FleetModel
import Logging
import Redis
import Wire

/// Takes over the pauses that rules of the version before counted, so that they count in `paused_share` until they end.
///
/// That version kept them by role, under `mark:paused/<role>` (a sorted set: agent → end), and never took one out that
/// somebody had ended. So those count whose agent's record still says that it is paused.
struct FormerPauses {
  let session: LeaseSession
  /// Of the agents that are known.
  let roles: [String]

  /// Keys that are read at once, and agents of each.
  private static let page = 500
  private static let mostOfRole = 1000

  func takeUp(_ completion: @escaping () -> Void) { read(roles[...], [:], completion) }

  private func read(_ roles: ArraySlice<String>, _ found: [AgentID: Instant], _ completion: @escaping () -> Void) {
    let page = roles.prefix(Self.page)
    guard !page.isEmpty else { return check(found, completion) }
    let requests = page.map { role in
      Request(
        "ZRANGEBYSCORE", session.keys.formerPaused(role: role), "(\(session.now.milliseconds)", "+inf", "WITHSCORES",
        "LIMIT",
        0, Self.mostOfRole)
    }
    session.read(requests) { replies in
      var found = found
      for (name, score) in replies.lazy.flatMap(\.pairs) {
        guard let agent = AgentID(outside: name), let end = Instant(score: score) else { continue }
        found[agent] = max(found[agent] ?? end, end)
      }
      read(roles.dropFirst(page.count), found, completion)
    }
  }

  private func check(_ found: [AgentID: Instant], _ completion: @escaping () -> Void) {
    let agents = Array(found.keys)
    session.read(agents.map { Request("HGETALL", session.keys.agent($0)) }) { replies in
      let paused = zip(agents, replies).filter { AgentRecordCoding.decode(fields: $1.pairs).state == .paused }
      guard !paused.isEmpty else { return completion() }
      var transaction = Transaction()
      for (agent, _) in paused {
        PauseQuota.takeUp(agent, until: found[agent] ?? session.now, keys: session.keys, in: &transaction)
      }
      PauseQuota.noteTakenUp(keys: session.keys, in: &transaction)
      session.run(transaction) { outcome in
        if case .failed(let error) = outcome {
          session.log(.error, "cannot take over pauses of the version before", ["error": error.text])
        }
        completion()
      }
    }
  }
}
