extension Fleet {
  /// The escalations that are over, in no order.
  package func endedEscalations(at now: Instant) -> [AlertRecord] {
    alerts.escalations.map(\.record).filter { isOver($0, at: now) }
  }

  /// Whether an alert is an escalation that is over: somebody has it in hand, no other alert of its agent is open, and so
  /// much time has passed since it was acknowledged and since a person was called for it last.
  ///
  /// An alert stays open for as long after the last sign of its trouble: without one the agent has been well meanwhile.
  /// One that nobody has acknowledged stays: a person was called, and nobody has come.
  package func isOver(_ alert: AlertRecord, at now: Instant) -> Bool {
    guard alert.id.kind == .escalation, alert.acknowledgedBy != nil, let acknowledgedAt = alert.acknowledgedAt,
      now - max(acknowledgedAt, alert.last) >= AlertBook.closesAfter
    else { return false }
    guard let position = position(of: alert.id.agent) else { return true }
    return alerts(ofAgentAt: position).allSatisfy { $0.id == alert.id }
  }
}
