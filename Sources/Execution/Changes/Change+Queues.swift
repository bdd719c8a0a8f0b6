import Automation
import FleetModel

/// Who has the alert of a queue in hand.
extension Change {
  package static func acknowledge(_ id: QueueAlertID, note: String, _ context: PlanningContext) throws(Refusal)
    -> Change
  {
    let queue = try open(id, context)
    if let who = context.queueHand?.by { throw Refusal("\(id.text) is already acknowledged by \(who)") }
    let hand = QueueTrouble.Hand(by: context.operator, at: context.now, note: note)
    var change = Change(notices: notices(id, queue, hand, context), detail: "\(id.text) acknowledged")
    change.queueHand = (id, hand)
    return change
  }

  package static func unacknowledge(_ id: QueueAlertID, _ context: PlanningContext) throws(Refusal) -> Change {
    let queue = try open(id, context)
    guard context.queueHand != nil else { throw Refusal("\(id.text) is not acknowledged") }
    var change = Change(notices: notices(id, queue, nil, context), detail: "\(id.text) no longer acknowledged")
    change.queueHand = (id, nil)
    return change
  }

  private static func open(_ id: QueueAlertID, _ context: PlanningContext) throws(Refusal) -> QueueStanding {
    guard let queue = context.queue, queue.alertID == id else { throw Refusal("no open alert \(id.text)") }
    return queue
  }

  /// Whoever was told of it hears who has it in hand.
  private static func notices(
    _ id: QueueAlertID, _ queue: QueueStanding, _ hand: QueueTrouble.Hand?, _ context: PlanningContext
  ) -> [Notice] {
    let told = queue.trouble?.told ?? []
    guard !told.isEmpty else { return [] }
    var notice = Notice(
      key: id.text, status: hand == nil ? .updated : .acknowledged, severity: id.kind.severity,
      title: "\(queue.name): \(QueueStanding.word(id.kind))", text: queue.words(at: context.now), at: context.now,
      to: told)
    (notice.acknowledgedBy, notice.heardFrom) = (hand?.by, context.act)
    if let hand { notice.fields = [Notice.Field("by", hand.by)] }
    return [notice]
  }
}
