import FleetModel
import Redis
import Wire

/// Says of events that were never judged, since more came than could be: in the log, in the audit, and to a person, for
/// nobody acts on them.
final class OverflowReport {
  private let term: Term
  private let take: () -> OccasionQueue.Overflow?
  private var isAppointed = false
  private var calledAt: Instant?

  /// Between two reports, in milliseconds.
  private static let pause: Int64 = 2000

  /// - Parameter take: what has found no room since it was last asked.
  init(term: Term, take: @escaping () -> OccasionQueue.Overflow?) {
    self.term = term
    self.take = take
  }

  /// There is something to say, in a while: a flood is told as one.
  func appoint() {
    guard !isAppointed else { return }
    isAppointed = true
    term.later(inMilliseconds: Self.pause) { [weak self] in
      self?.isAppointed = false
      if let overflow = self?.take() { self?.tell(overflow) }
    }
  }

  private func tell(_ overflow: OccasionQueue.Overflow) {
    let types = overflow.counts.sorted { $0.key < $1.key }.map { "\($0.value) of \($0.key)" }.joined(separator: ", ")
    let words = "\(overflow.total) events were not judged, more came than rules could be asked about: \(types)"
    term.log(.error, words, ["agent": "\(overflow.agent)"])
    write(words, about: overflow.agent)
  }

  private func write(_ words: String, about agent: AgentID) {
    let id = AlertID(.escalation, agent)
    term.read([Request("HGET", term.keys.alerts, id.bytes), Request("GET", term.keys.automation)]) {
      [weak self] replies in
      guard let self else { return }
      let automation = replies[1].bytes ?? []
      var step = Step()
      step.require("GET", term.keys.automation, is: automation)
      let line = term.ruleLine(
        .skipped, of: "rules/\(term.now.milliseconds)", rule: nil, target: agent, detail: "throttled: \(words)")
      step.add(to: term.keys.audit, AuditCoding.encode(line))
      let isDue = calledAt.map { self.term.now - $0 >= RuleEngine.holdSpan } ?? true
      // Where rules only say what they would do, nothing is missed.
      let isCalled = isDue && automation == Array(AutomationMode.on.rawValue.utf8)
      let change = isCalled ? term.callPerson(id, stored: replies[0].bytes ?? [], words, in: &step) : Change()
      term.run(step, carrying: [change]) { [weak self] outcome in
        switch outcome {
        case .done: if isCalled { self?.calledAt = self?.term.now }
        case .over: break
        // The alert or the switch has changed meanwhile.
        case .refused: self?.write(words, about: agent)
        case .failed(let error):
          self?.term.log(.error, "cannot write what was not judged; trying again", ["error": error.text])
          self?.term.later(inMilliseconds: Self.pause) { self?.write(words, about: agent) }
        }
      }
    }
  }
}
