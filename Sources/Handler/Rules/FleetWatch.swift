import Automation
import FleetModel
import Loop
import Redis
import Wire

/// Looks at the fleet as a whole: where it is so ill that automation stops, or its metrics have stopped, a person is
/// called, also while no event comes that any rule is about.
final class FleetWatch {
  private let term: Term
  private let held: HeldEvents
  private var lookedAt = MonotonicTime(nanoseconds: 0)

  /// Between two looks, in milliseconds.
  private static let pause = 5000.0

  init(term: Term, held: HeldEvents) {
    self.term = term
    self.held = held
  }

  /// - Parameter finding: what speaks against acting at all, and an agent that shows it; asked only when it is time.
  func look(_ finding: () -> (fault: String, agent: AgentID)?) {
    let now = MonotonicTime.now
    guard term.hasReadEvents, now.milliseconds(since: lookedAt) >= Self.pause else { return }
    lookedAt = now
    guard held.isCallDue(HeldEvents.fleet), let (fault, agent) = finding() else { return }
    call(fault, agent)
  }

  private func call(_ fault: String, _ agent: AgentID) {
    let alert = AlertID(.escalation, agent)
    term.read([Request("GET", term.keys.automation), Request("HGET", term.keys.alerts, alert.bytes)]) {
      [weak self] replies in
      // Where rules do not act nobody relies on them.
      guard let self, replies[0].text == AutomationMode.on.rawValue else { return }
      var step = Step()
      let change = term.callPerson(alert, stored: replies[1].bytes ?? [], fault, in: &step)
      let line = term.ruleLine(
        .skipped, of: "fleet/\(term.now.milliseconds)", rule: nil, target: agent, detail: "guarded: \(fault)")
      step.add(to: term.keys.audit, AuditCoding.encode(line))
      term.run(step, carrying: [change]) { [weak self] outcome in
        switch outcome {
        case .done: self?.held.noteCall(HeldEvents.fleet)
        // The next look comes soon.
        case .refused, .over: break
        case .failed(let error): self?.term.log(.error, "cannot call a person", ["error": error.text])
        }
      }
    }
  }
}
