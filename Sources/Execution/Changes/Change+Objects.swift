import Automation
import FleetModel

/// Changes to alerts and blocks.
extension Change {
  package static func escalate(to team: String, _ severity: Severity, _ context: PlanningContext) -> Change {
    let words = context.reason.isEmpty ? "to \(team)" : "to \(team): \(context.reason)".clipped
    let alert = escalated(context.alert, AlertID(.escalation, context.target), severity, words, at: context.now)
    let page = Notice(
      call: alert, before: context.alert, at: context.now, fields: [Notice.Field("by", context.operator)])
    return Change(
      control: Control(action: .escalate, arguments: ["to": team, "severity": severity.rawValue]), alert: alert,
      notices: [page], detail: "called \(team)")
  }

  /// An escalation, opened or counted up.
  package static func escalated(
    _ open: AlertRecord?, _ id: AlertID, _ severity: Severity, _ summary: String, at now: Instant
  ) -> AlertRecord {
    var alert = open ?? AlertRecord(id: id, severity: severity, count: 0, since: now, last: now)
    // What calls for help once more does not take back how bad it was.
    alert.severity = max(alert.severity, severity)
    alert.count += 1
    alert.last = now
    alert.summary = summary
    // A new call for help is not answered by an old acknowledgement.
    alert.acknowledgedBy = nil
    alert.acknowledgedAt = nil
    alert.acknowledgedUntil = nil
    return alert
  }

  package static func silence(_ id: AlertID, for span: TimeSpan, note: String, _ context: PlanningContext)
    throws(Refusal)
    -> Change
  {
    var alert = try open(id, context)
    alert.silencedUntil = context.now + span
    alert.silencedBy = context.operator
    if !note.isEmpty { alert.note = note }
    return Change(alert: alert, detail: "silenced for \(span.rounded)")
  }

  package static func unsilence(_ id: AlertID, _ context: PlanningContext) throws(Refusal) -> Change {
    var alert = try open(id, context)
    guard let end = alert.silencedUntil, end > context.now else { throw Refusal("\(id) is not silenced") }
    alert.silencedUntil = nil
    alert.silencedBy = nil
    return Change(alert: alert, detail: "no longer silenced")
  }

  /// - Parameter span: how long it is in hand; nil until somebody takes it back.
  package static func acknowledge(_ id: AlertID, for span: TimeSpan?, note: String, _ context: PlanningContext)
    throws(Refusal)
    -> Change
  {
    var alert = try open(id, context)
    if let who = alert.acknowledgedBy { throw Refusal("\(id) is already acknowledged by \(who)") }
    alert.acknowledgedBy = context.operator
    alert.acknowledgedAt = context.now
    alert.acknowledgedUntil = span.map { context.now + $0 }
    if !note.isEmpty { alert.note = note }
    let end = ScheduledJob(job: Job(.endAcknowledgement(id), id.agent), due: span.map { context.now + $0 })
    return Change(
      scheduledJobs: [end], alert: alert, notices: pages(alert, .acknowledged, context),
      detail: span.map { "acknowledged for \($0.rounded)" } ?? "acknowledged")
  }

  package static func unacknowledge(_ id: AlertID, _ context: PlanningContext) throws(Refusal) -> Change {
    var alert = try open(id, context)
    guard alert.acknowledgedBy != nil else { throw Refusal("\(id) is not acknowledged") }
    alert.acknowledgedBy = nil
    alert.acknowledgedAt = nil
    alert.acknowledgedUntil = nil
    let end = ScheduledJob(job: Job(.endAcknowledgement(id), id.agent), due: nil)
    return Change(
      scheduledJobs: [end], alert: alert, notices: pages(alert, .updated, context), detail: "no longer acknowledged")
  }

  /// Ends an alert by a person's word; trouble that goes on opens another one.
  package static func close(_ id: AlertID, note: String, _ context: PlanningContext) throws(Refusal) -> Change {
    var alert = try open(id, context)
    if !note.isEmpty { alert.note = note }
    alert.isClosed = true
    let notices =
      id.kind == .escalation
      ? pages(alert, .resolved, context)
      : [RuleNotice.closed(id, by: context.operator, heardFrom: context.act, at: context.now)]
    // There is no acknowledgement any more that could end.
    let end = ScheduledJob(job: Job(.endAcknowledgement(id), id.agent), due: nil)
    return Change(scheduledJobs: [end], alert: alert, notices: notices, detail: "closed")
  }

  /// What those who were told of it hear of what became of it.
  private static func pages(_ alert: AlertRecord, _ status: Notice.Status, _ context: PlanningContext) -> [Notice] {
    guard alert.id.kind == .escalation else {
      return status == .resolved ? [] : [RuleNotice.hands(alert, heardFrom: context.act, at: context.now)]
    }
    var page = Notice(escalation: alert, status, at: context.now, fields: [Notice.Field("by", context.operator)])
    page.heardFrom = context.act
    return [page]
  }

  private static func open(_ id: AlertID, _ context: PlanningContext) throws(Refusal) -> AlertRecord {
    guard let alert = context.alert, !alert.isClosed else { throw Refusal("no open alert \(id)") }
    return alert
  }

  package static func block(_ address: IPAddress, _ context: PlanningContext, until end: Instant) -> Change {
    let span = end - context.now
    return Change(
      control: Control(
        action: .blockIP, arguments: ["ip": address.description, "for": span.description], until: end),
      scheduledJobs: [ScheduledJob(job: Job(.unblock(address), context.target), due: end)],
      // Several targets may have a block of the same address: it is listed until the last of them ends.
      block: Block(address: address, until: max(end, context.blockedUntil == nil ? context.longestBlock ?? end : end)),
      detail: "\(address) blocked for \(span.rounded)")
  }

  package static func unblock(_ address: IPAddress, _ context: PlanningContext) throws(Refusal) -> Change {
    guard let end = context.blockedUntil else { throw Refusal("\(address) is not blocked") }
    let isLast = (context.longestBlock ?? end) <= end
    return Change(
      control: Control(action: .unblockIP, arguments: ["ip": address.description]),
      scheduledJobs: [ScheduledJob(job: Job(.unblock(address), context.target), due: nil)],
      block: isLast ? Block(address: address, until: nil) : nil, detail: "\(address) no longer blocked")
  }
}

extension AlertID: CustomStringConvertible {
  package var description: String { String(decoding: bytes, as: UTF8.self) }
}
