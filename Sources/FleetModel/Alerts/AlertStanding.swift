/// What an open alert says of the present.
package enum AlertStanding: Int, Comparable, Sendable {
  /// A person was called; how the agent is, other alerts say.
  case escalated
  /// The trouble was, and nothing says that it still is: values are better than their limits, or the alert is quiet.
  case past
  /// The trouble is there: a value is past its limit, or an event has told of it, and no value says otherwise.
  case present

  package static func < (left: AlertStanding, right: AlertStanding) -> Bool { left.rawValue < right.rawValue }
}

/// How much attention an open alert needs: whether its trouble is there at present, then how bad it is.
package struct AlertGrade: Comparable, Sendable {
  package var standing: AlertStanding
  /// How bad it is at present; of what is past, how bad it was.
  package var severity: Severity

  package static func < (left: AlertGrade, right: AlertGrade) -> Bool {
    (left.standing, left.severity) < (right.standing, right.severity)
  }
}

extension Fleet {
  /// How much attention an open alert needs.
  package func grade(of alert: Alert) -> AlertGrade {
    grade(of: alert.id.kind, alert.record.severity, isQuiet: alert.isQuiet, at: alert.position)
  }

  /// The grades of an agent's open alerts, and whether each is loud, without a copy of their words: every row of a list is
  /// ordered by them.
  package func forEachGrade(ofAgentAt position: Int, _ body: (AlertGrade, _ isLoud: Bool) -> Void) {
    for kind in AlertKind.allCases {
      let slot = agents.alertSlot(kind, at: position)
      guard let alert = alerts.numbers(slot) else { continue }
      let grade = grade(of: kind, alert.severity, isQuiet: alert.quietSince != nil, at: position)
      body(grade, alerts.isLoud(slot, at: now))
    }
  }

  private func grade(of kind: AlertKind, _ severity: Severity, isQuiet: Bool, at position: Int) -> AlertGrade {
    if kind == .escalation { return AlertGrade(standing: .escalated, severity: severity) }
    // It reports again, and the handler has not said so yet.
    if kind == .silent, isReporting(position) { return AlertGrade(standing: .past, severity: severity) }
    if isQuiet { return AlertGrade(standing: .past, severity: severity) }
    var isMeasured = false
    var worst: Severity?
    for metric in Metric.allCases where metric.alert == kind {
      guard let value = agents.value(metric, at: position, within: Self.freshness, of: now) else { continue }
      isMeasured = true
      if let present = limits(ofAgentAt: position)[metric]?.severity(of: value) {
        worst = max(worst ?? present, present)
      }
    }
    for reading in kind == .metric ? openReadings(ofAgentAt: position) : [] {
      guard let value = reading.value(within: Self.freshness, of: now),
        let levels = limits(ofAgentAt: position)[reading.place]
      else { continue }
      isMeasured = true
      if let present = levels.severity(of: value) { worst = max(worst ?? present, present) }
    }
    if let worst { return AlertGrade(standing: .present, severity: worst) }
    // Values say more than the event that opened it.
    return AlertGrade(standing: isMeasured ? .past : .present, severity: severity)
  }
}
