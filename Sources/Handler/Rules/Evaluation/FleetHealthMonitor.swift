import Automation
import FleetModel
import Logging
import Loop
import Redis
import Wire

/// Looks at the fleet as a whole: where it is so ill that automation stops, or its metrics have stopped, a person is
/// called, also while no event comes that any rule is about.
final class FleetHealthMonitor {
  private let session: LeaseSession
  private let held: SuppressionReporter
  private var lookedAt = MonotonicTime(nanoseconds: 0)

  /// Between two looks, in milliseconds.
  private static let pause = 5000.0

  init(session: LeaseSession, held: SuppressionReporter) {
    self.session = session
    self.held = held
  }

  /// - Parameter finding: what speaks against acting at all, and an agent that shows it; asked only when it is time.
  func look(_ finding: () -> (fault: String, agent: AgentID)?) {
    let now = MonotonicTime.now
    guard session.hasReadEvents, now.milliseconds(since: lookedAt) >= Self.pause else { return }
    lookedAt = now
    guard held.isCallDue(SuppressionReporter.fleet), let (fault, agent) = finding() else { return }
    call(fault, agent)
  }

  private func call(_ fault: String, _ agent: AgentID) {
    let alert = AlertID(.escalation, agent)
    session.read([Request("GET", session.keys.automation), Request("HGET", session.keys.alerts, alert.bytes)]) {
      [weak self] replies in
      // Where rules do not act nobody relies on them.
      guard let self, replies[0].text == AutomationMode.on.rawValue else { return }
      var transaction = Transaction()
      let change = session.openEscalation(alert, stored: replies[1].bytes ?? [], fault, in: &transaction)
      var line = session.ruleLine(
        .skipped, of: "fleet/\(session.now.milliseconds)", rule: nil, target: agent, detail: "guarded: \(fault)")
      line.alert = change.alert
      transaction.add(line, session.keys)
      session.run(transaction, carrying: [change]) { [weak self] outcome in
        switch outcome {
        case .done: self?.held.noteCall(SuppressionReporter.fleet)
        // The next look comes soon.
        case .conflict, .fenced: break
        case .failed(let error): self?.session.log(.error, "cannot call a person", ["error": error.text])
        }
      }
    }
  }
}
