import Automation
import FleetModel
import Redis
import Wire

/// Closes escalations that are over, and tells those who were called.
///
/// The handler alone does, and says so in the audit, by which consoles close theirs: an escalation is what stands in
/// Redis, and nothing that events speak of.
final class EscalationEnd {
  private let term: Term
  private let fleet: () -> Fleet
  private var isClosing = false
  /// The escalations that were open at the last look: of an agent that is gone the fleet no longer knows who was called.
  private var open: [AlertID: AlertRecord] = [:]

  init(term: Term, fleet: @escaping () -> Fleet) {
    self.term = term
    self.fleet = fleet
  }

  /// While events stand unread, the fleet's time is that of the last that was read.
  private var present: Instant { min(term.now, fleet().now) }

  /// Closes what is over, one after the other.
  func look() {
    for alert in fleet().alerts.escalations.lazy.map(\.record) { open[alert.id] = alert }
    // Events that are not read yet may speak of new trouble, and a step under way may take an acknowledgement back.
    guard !isClosing, term.hasReadEvents, !term.isFinishing, term.alertSteps == 0,
      let alert = fleet().endedEscalations(at: present).first
    else { return }
    isClosing = true
    term.read([Request("HGET", term.keys.alerts, alert.id.bytes)]) { [weak self] replies in
      self?.close(alert, stored: replies[0].bytes ?? [])
    }
  }

  /// What those who were called are told of one that has left with its agent.
  func departed(_ id: AlertID) -> [Notice] {
    guard let alert = open[id] else { return [] }
    return term.addressed(Change(alert: alert, notices: [Notice(escalation: alert, .resolved, at: term.now)])).notices
  }

  /// Whoever was called for one that is open no more has been told.
  func forget(_ id: AlertID) { open[id] = nil }

  private func close(_ alert: AlertRecord, stored: [UInt8]) {
    // Where nothing is stored any more, what is known of it ends all the same.
    var alert = AlertCoding.decode(id: alert.id.bytes, payload: stored) ?? alert
    guard fleet().isOver(alert, at: present) else {
      isClosing = false
      return term.onAlert(alert)
    }
    alert.isClosed = true
    let change = term.addressed(
      Change(alert: alert, notices: [Notice(escalation: alert, .resolved, at: term.now)]))
    term.run(step(change, alert, stored), carrying: [change]) { [weak self] outcome in
      guard let self else { return }
      isClosing = false
      switch outcome {
      case .done:
        open[alert.id] = nil
        look()
      // What has changed meanwhile is looked at anew with the next look.
      case .refused, .over: break
      case .failed(let error): term.log(.error, "cannot close an escalation", ["error": error.text])
      }
    }
  }

  private func step(_ change: Change, _ alert: AlertRecord, _ stored: [UInt8]) -> Step {
    var step = Step()
    step.require("HGET", term.keys.alerts, alert.id.bytes, is: stored)
    step.change("HDEL", term.keys.alerts, alert.id.bytes)
    step.noteAlerts(term.keys)
    // There is no acknowledgement any more that could end.
    step.change("ZREM", term.keys.schedule, Job(.endAcknowledgement(alert.id), alert.id.agent).encoded)
    for notice in change.notices { term.notify(notice, in: &step) }
    let line = AuditLine(
      origin: .run("\(alert.id)/\(alert.since.milliseconds)"), phase: .succeeded, action: Action.escalate.rawValue,
      target: alert.id.agent, operator: "handler/\(term.options.id)",
      detail: "over: acknowledged by \(alert.acknowledgedBy ?? ""), no other alert for \(AlertBook.closesAfter)",
      alert: alert, handler: term.options.id, at: term.now, source: String(decoding: term.keys.alerts, as: UTF8.self))
    step.add(to: term.keys.audit, AuditCoding.encode(line))
    return step
  }
}
