import Automation
import Execution
import FleetModel
import Logging
import Redis
import Wire

/// Closes escalations that are over, and tells those who were called.
///
/// The handler alone does, and says so in the audit, by which consoles close theirs: an escalation is what stands in
/// Redis, and nothing that events speak of.
final class EscalationCloser {
  private let session: LeaseSession
  private let fleet: () -> Fleet
  private var isClosing = false
  /// The escalations that were open at the last look: of an agent that is gone the fleet no longer knows who was
  /// called.
  private var open: [AlertID: AlertRecord] = [:]

  init(session: LeaseSession, fleet: @escaping () -> Fleet) {
    self.session = session
    self.fleet = fleet
  }

  /// While events stand unread, the fleet's time is that of the last that was read.
  private var present: Instant { min(session.now, fleet().now) }

  /// Closes what is over, one after the other.
  func look() {
    for alert in fleet().alerts.escalations.lazy.map(\.record) { open[alert.id] = alert }
    // Events that are not read yet may speak of new trouble, and a transaction under way may take an acknowledgement
    // back.
    guard !isClosing, session.hasReadEvents, !session.isFinishing, session.alertTransactions == 0,
      let alert = fleet().endedEscalations(at: present).first
    else { return }
    isClosing = true
    session.read([Request("HGET", session.keys.alerts, alert.id.bytes)]) { [weak self] replies in
      self?.close(alert, stored: replies[0].bytes ?? [])
    }
  }

  /// What those who were called are told of one that has left with its agent.
  func departed(_ id: AlertID) -> [Notice] {
    guard let alert = open[id] else { return [] }
    return session.addressed(Change(alert: alert, notices: [Notice(escalation: alert, .resolved, at: session.now)]))
      .notices
  }

  /// Whoever was called for one that is open no more has been told.
  func forget(_ id: AlertID) { open[id] = nil }

  private func close(_ alert: AlertRecord, stored: [UInt8]) {
    // Where nothing is stored any more, what is known of it ends all the same.
    var alert = AlertCoding.decode(id: alert.id.bytes, payload: stored) ?? alert
    guard fleet().isOver(alert, at: present) else {
      isClosing = false
      return session.tell(.alert(alert))
    }
    alert.isClosed = true
    let change = session.addressed(
      Change(alert: alert, notices: [Notice(escalation: alert, .resolved, at: session.now)]))
    session.run(transaction(change, alert, stored), carrying: [change]) { [weak self] outcome in
      guard let self else { return }
      isClosing = false
      switch outcome {
      case .done:
        open[alert.id] = nil
        look()
      // What has changed meanwhile is looked at anew with the next look.
      case .conflict, .fenced: break
      case .failed(let error): session.log(.error, "cannot close an escalation", ["error": error.text])
      }
    }
  }

  private func transaction(_ change: Change, _ alert: AlertRecord, _ stored: [UInt8]) -> Transaction {
    var transaction = Transaction()
    transaction.require("HGET", session.keys.alerts, alert.id.bytes, is: stored)
    transaction.change("HDEL", session.keys.alerts, alert.id.bytes)
    transaction.noteAlerts(session.keys)
    // There is no acknowledgement any more that could end.
    transaction.change("ZREM", session.keys.schedule, Job(.endAcknowledgement(alert.id), alert.id.agent).encoded)
    for notice in change.notices { session.notify(notice, in: &transaction) }
    let line = AuditLine(
      origin: .run("\(alert.id)/\(alert.since.milliseconds)"), phase: .succeeded, action: Action.escalate.rawValue,
      target: alert.id.agent, operator: "handler/\(session.options.id)",
      detail: "over: acknowledged by \(alert.acknowledgedBy ?? ""), no other alert for \(AlertBook.closesAfter)",
      alert: alert, handler: session.options.id, at: session.now,
      source: String(decoding: session.keys.alerts, as: UTF8.self))
    transaction.add(line, session.keys)
    return transaction
  }
}
