extension Fleet {
  /// Takes the event's numbers: latest values, windows, and what they say about limits.
  mutating func applyMetrics(_ event: borrowing Event, at position: Int) {
    var taken = agents.activity[position].take(event.metrics, at: event.receivedAt, limits: limits, series: &series)
    counts.suspect += taken.suspects
    while let metric = taken.near.popFirst() {
      judge(metric, event.metrics.value(metric), at: position, event.receivedAt)
    }
  }

  /// Opens, keeps open or worsens the alert that a value speaks for.
  private mutating func judge(_ metric: Metric, _ value: Double, at position: Int, _ instant: Instant) {
    guard let levels = limits[metric], let kind = metric.alert else { return }
    let slot = agents.activity[position].alertSlot(kind)
    if let severity = levels.severity(of: value) {
      raise(kind, severity, at: position, instant, counts: false, metric: metric, value: value)
    } else if slot >= 0 {
      alerts.touch(slot, at: instant)
    }
  }

  mutating func applyKind(_ event: borrowing Event, at position: Int) {
    switch event.kind {
    case .created, .updated: describe(event, at: position)
    case .deleted:
      if agents.profiles[position]?.deletedAt == nil { leaving.append(position) }
      agents.profiles[position]?.deletedAt = event.receivedAt
      changes.describe(position)
    case .status: report(event, at: position)
    case .feedback: incidents.add(feedback: event, agent: agents.profiles[position]?.id ?? .none)
    case .performanceDegraded, .highTraffic, .satisfactionLow, .securityAlert, .healthCritical, .predictiveAlert:
      incidents.add(event, agent: agents.profiles[position]?.id ?? .none)
      raise(event, at: position)
    case .metrics: agents.activity[position].report(at: event.receivedAt)
    case .handoffRequested, .other: break
    }
  }

  private mutating func describe(_ event: borrowing Event, at position: Int) {
    guard var agent = agents.profiles[position] else { return }
    // Nobody reads more of a name than a line: what a publisher sends too long is not kept.
    func text(_ field: EventField) -> String? { event.string(field).map { String($0.unicodeScalars.prefix(4096)) } }
    if let name = text(.name), name != agent.name {
      agent.name = name
      agents.namesRevision += 1
    }
    if let role = text(.role) { agent.role = role }
    if let tier = text(.tier) { agent.tier = tier }
    if let model = text(.model) { agent.model = model }
    if let language = text(.language) { agent.language = language }
    if let backupFor = text(.backupFor) { agent.backupFor = backupFor }
    if event.fields[.skills].isPresent { agent.skills = event.strings(.skills).map { String($0.prefix(256)) } }
    if event.fields[.languages].isPresent { agent.languages = event.strings(.languages).map { String($0.prefix(64)) } }
    if let least = event.string(.replicasMinimum) { agent.replicasMinimum = Int(least) }
    if let most = event.string(.replicasMaximum) { agent.replicasMaximum = Int(most) }
    if let isActive = event.flag(.isActive) { agent.isActive = isActive }
    agent.deletedAt = nil
    agents.profiles[position] = agent
    changes.describe(position)
  }

  private mutating func report(_ event: borrowing Event, at position: Int) {
    agents.profiles[position]?.reported = AgentProfile.Report(
      state: event.string(.state).flatMap(AgentState.init(word:)),
      replicas: event.string(.replicas).flatMap { Int($0) },
      commandID: event.string(.commandID).map(CommandID.init), at: event.receivedAt)
  }

  /// Opens or counts up the alert that an event is by itself.
  private mutating func raise(_ event: borrowing Event, at position: Int) {
    guard let (kind, least) = event.kind.alert else { return }
    var worst: (severity: Severity, metric: Metric?, value: Double?) = (least, nil, nil)
    for metric in Metric.allCases where metric.alert == kind {
      guard let value = event.metrics[metric], metric.isPlausible(value) else { continue }
      if worst.metric == nil { (worst.metric, worst.value) = (metric, value) }
      if let severity = limits[metric]?.severity(of: value), severity > worst.severity {
        worst = (severity, metric, value)
      }
    }
    if let risk = event.string(.riskLevel).flatMap(Severity.init(word:)) {
      worst.severity = max(worst.severity, risk)
    }
    raise(
      kind, worst.severity, at: position, event.receivedAt, counts: true, metric: worst.metric, value: worst.value,
      summary: Incident.summary(of: event))
  }

  /// Opens an alert, or brings an open one up to date.
  ///
  /// - Parameter counts: whether this is a repeat to be counted, rather than one more sample past the limit.
  private mutating func raise(
    _ kind: AlertKind, _ severity: Severity, at position: Int, _ instant: Instant, counts isRepeat: Bool,
    metric: Metric?, value: Double?, summary: String? = nil
  ) {
    let slot = agents.activity[position].alertSlot(kind)
    guard let open = alerts[slot] else {
      guard let id = agents.profiles[position]?.id else { return }
      let record = AlertRecord(
        id: AlertID(kind, id), severity: severity, since: instant, last: instant, summary: summary ?? "")
      let slot = alerts.add(Alert(record: record, position: position, metric: metric, value: value))
      agents.activity[position].setAlertSlot(kind, slot)
      return
    }
    let isWorse = severity > open.record.severity
    guard isRepeat || isWorse || open.metric != metric || open.value != value else {
      return alerts.touch(slot, at: instant)
    }
    if isRepeat || isWorse {
      alerts.update(slot) { alert in
        alert.record.severity = max(alert.record.severity, severity)
        if isRepeat { alert.record.count += 1 }
        if let summary, !summary.isEmpty { alert.record.summary = summary }
        alert.record.last = max(alert.record.last, instant)
        (alert.metric, alert.value) = (metric ?? alert.metric, value ?? alert.value)
      }
    } else {
      alerts.refresh(slot, metric: metric, value: value, at: instant)
    }
  }

  mutating func closeAlert(_ slot: Int) {
    guard let alert = alerts[slot] else { return }
    agents.activity[alert.position].setAlertSlot(alert.id.kind, -1)
    changes.touch(alert.position)
    alerts.remove(slot)
  }
}
