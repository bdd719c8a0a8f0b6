import Automation
import Execution
import FleetModel
import Redis
import Wire

/// What has become of a run's actions: whether those whom they told something have confirmed it, and what is said of each.
struct RunOutcome {
  /// Whether somebody was told something, and all of them have confirmed it.
  var isObeyed = false
  /// Whether an action failed, or nobody knows.
  var hasFailed = false

  /// - Parameter count: how many of its actions are looked at.
  static func read(_ run: String, _ count: Int, in session: LeaseSession, _ completion: @escaping (RunOutcome) -> Void)
  {
    let ids = (0..<count).map { RunRecord.id(of: run, .ruleActions, $0) }
    guard !ids.isEmpty else { return completion(RunOutcome()) }
    let requests = ids.flatMap {
      [Request("GET", session.keys.mark($0.text)), Request("SMEMBERS", session.keys.obeyed($0))]
    }
    session.read(requests) { replies in
      var outcome = RunOutcome()
      var (told, confirmed) = (0, 0)
      for place in ids.indices {
        guard let mark = replies[2 * place].bytes.flatMap({ CommandRecord($0) }) else { continue }
        if mark.closed == .failed || mark.closed == .unknown { outcome.hasFailed = true }
        guard !mark.told.isEmpty else { continue }
        let obeyed = Set(replies[2 * place + 1].elements?.compactMap { $0.bytes.map { AgentID(bytes: $0) } } ?? [])
        told += 1
        if obeyed.isSuperset(of: mark.told) || isConfirmedByAnswer(mark, session) { confirmed += 1 }
      }
      outcome.isObeyed = told > 0 && told == confirmed
      completion(outcome)
    }
  }

  /// Where a service or program was asked in place of the runtime, its answer is the confirmation.
  private static func isConfirmedByAnswer(_ mark: CommandRecord, _ session: LeaseSession) -> Bool {
    guard mark.closed == .succeeded, let action = Action(rawValue: mark.action) else { return false }
    return session.actuator(of: .action(action), mark.arguments) != nil
  }
}
