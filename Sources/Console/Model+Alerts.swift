import FleetModel

/// Acknowledging, silencing and closing: which alerts the keys are for, and whether they do it or take it back.
extension Model {
  /// The open alerts that `a`, `S` and `c` are for: of the marked agents, of the selected one, or the selected alert alone.
  private var chosenAlerts: [Alert] {
    let shown = displayed
    let row = explained ?? (opened == nil && !actsOnMarks ? selectedRow : nil)
    if case .incident(let agent, _)? = row {
      let alert = shown.position(of: agent).flatMap { shown.alert(.securityAlert, ofAgentAt: $0) }
      return alert.map { [$0] } ?? []
    }
    if case .cause? = row, let heading = selectedCause {
      return heading.alerts.compactMap { id in
        shown.position(of: id.agent).flatMap { shown.alert(id.kind, ofAgentAt: $0) }
      }
    }
    return targets.compactMap { shown.position(of: $0) }.flatMap { shown.alerts(ofAgentAt: $0) }
  }

  /// For the alerts that are not in that state yet; if all of them are, to take that back.
  mutating func alertDraft(_ action: Action) -> ActionDraft? {
    if opened == nil, explained == nil, case .queue(let stream, let group)? = selectedRow {
      return queueDraft(action, stream, group)
    }
    if opened == nil, explained == nil, case .conversation? = selectedRow { return conversationDraft(action) }
    let alerts = chosenAlerts
    guard !alerts.isEmpty else {
      show(note: "no open alert is selected to \(verb(of: ActionDraft(action: action, targets: [])))")
      return nil
    }
    if action == .close { return draft(action, about: alerts) }
    let now = displayedNow
    let isSilence = action == .silence
    let open = alerts.filter {
      isSilence ? $0.record.silencedUntil.map { $0 <= now } ?? true : $0.record.acknowledgedBy == nil
    }
    let undoing: Action = isSilence ? .unsilence : .unacknowledge
    return draft(open.isEmpty ? undoing : action, about: open.isEmpty ? alerts : open)
  }

  /// For the alert of the selected queue.
  private mutating func queueDraft(_ action: Action, _ stream: String, _ group: String?) -> ActionDraft? {
    let queue = displayed.queues?.queues.first { $0.stream == stream && $0.group == group }
    guard let queue, let trouble = queue.trouble, let id = queue.alertID else {
      show(note: "this queue has no open alert")
      return nil
    }
    guard action == .acknowledge else {
      show(note: "a queue's alert can be acknowledged, with a; it ends by itself")
      return nil
    }
    var draft = ActionDraft(action: trouble.hand == nil ? .acknowledge : .unacknowledge, targets: [])
    draft.queue = id
    return draft
  }

  private mutating func draft(_ action: Action, about chosen: [Alert]) -> ActionDraft? {
    guard chosen.count <= Batch.mostParts else {
      show(note: "\(chosen.count) alerts are too many at once: \(Batch.mostParts) are the most; mark fewer agents")
      return nil
    }
    return ActionDraft(action: action, targets: chosen.map(\.id.agent).uniqued(), alerts: chosen.map(\.id))
  }
}
