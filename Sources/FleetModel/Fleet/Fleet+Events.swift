extension Fleet {
  /// Takes the event's numbers: latest values, windows, and what they say about limits.
  mutating func applyMetrics(_ event: borrowing Event, at position: Int) {
    let limits = levelSets[agents.activity[position].levelsPlace]
    var taken = agents.activity[position].take(event.metrics, at: event.receivedAt, limits: limits, series: &series)
    counts.suspect += taken.suspects
    if series.isKept, !event.metrics.isEmpty { running.touch(position) }
    // What opens an alert comes first, so that all others that are near their level hold it too.
    var near = taken.near
    while let metric = taken.near.popFirst() {
      raise(.known(metric), event.metrics.value(metric), at: position, event.receivedAt)
    }
    while let metric = near.popFirst() {
      hold(.known(metric), event.metrics.value(metric), at: position, event.receivedAt)
    }
    guard agents.activity[position].hasAlerts else { return }
    // An event that tells of trouble is no sign of recovery, whatever its values.
    let told = event.kind.alert?.kind
    while let metric = taken.well.popFirst() {
      guard let kind = metric.alert, kind != told else { continue }
      recover(kind, .known(metric), at: position, event.receivedAt)
    }
  }

  /// Takes a value that is well as a step of its alert's recovery, and closes the alert with the last one.
  mutating func recover(_ kind: AlertKind, _ metric: AnyMetric, at position: Int, _ instant: Instant) {
    let slot = agents.alertSlot(kind, at: position)
    guard let heardAt = alerts.numbers(slot)?.recovery.heardAt else { return }
    let interval = agents.activity[position].reportInterval ?? .zero
    let isNewStretch = instant - heardAt > max(AlertBook.quietAfter, interval * 3)
    // Nothing reaches a paused agent: that its values are well says nothing, unless it does not obey.
    let isEvidence = agents.state(at: position) != .paused || unconfirmedPause(ofAgentAt: position) != nil
    if alerts.recover(slot, metric, at: instant, isEvidence: isEvidence, isNewStretch: isNewStretch) {
      changes.touch(position)
    }
    guard let recovery = alerts.numbers(slot)?.recovery else { return }
    guard let numbers = alerts.numbers(slot), !alerts.isHandlers(numbers) else { return }
    if recovery.isOver({ agents.valueTime($0, at: position) }) { closeAlert(slot, .recovered) }
  }

  /// Opens or worsens the alert that a value speaks for, if it is past its level.
  mutating func raise(_ metric: AnyMetric, _ value: Double, at position: Int, _ instant: Instant) {
    guard let kind = metric.alert, let severity = limits(ofAgentAt: position)[metric]?.severity(of: value) else {
      return
    }
    raise(kind, severity, at: position, instant, metric, value)
  }

  /// Keeps the alert open that a value speaks for, if it is near its level and not past it.
  mutating func hold(_ metric: AnyMetric, _ value: Double, at position: Int, _ instant: Instant) {
    guard let kind = metric.alert, limits(ofAgentAt: position)[metric]?.severity(of: value) == nil else { return }
    let slot = agents.alertSlot(kind, at: position)
    if slot >= 0 { alerts.touch(slot, metric, at: instant) }
  }

  /// - Parameter isRepeat: whether the alert that it opens by itself was open before it came.
  mutating func applyKind(_ event: borrowing Event, at position: Int, isRepeat: Bool) {
    switch event.kind {
    case .created, .updated: describe(event, at: position)
    case .deleted:
      if agents.profiles[position]?.deletedAt == nil { leaving.append(position) }
      agents.profiles[position]?.deletedAt = event.receivedAt
      describe(position)
      judgeSilence(at: position)
    case .status: report(event, at: position)
    case .feedback: incidents.add(feedback: event, agent: agents.profiles[position]?.id ?? .none)
    case .securityAlert, .satisfactionLow:
      incidents.add(event, agent: agents.profiles[position]?.id ?? .none)
      raise(event, at: position, isRepeat: isRepeat)
    case .performanceDegraded, .highTraffic, .healthCritical, .predictiveAlert, .anomaly, .runaway, .budget:
      raise(event, at: position, isRepeat: isRepeat)
    case .metrics:
      if !event.isOfHandler { noteReport(at: position, event.receivedAt) }
    // That an agent is silent each fleet sees for itself.
    case .handoffRequested, .handoffAccepted, .handoffRefused, .waiting, .personAccepted, .personReturned,
      .conversationEnded, .silent, .other:
      break
    }
  }

  private mutating func describe(_ event: borrowing Event, at position: Int) {
    guard var agent = agents.profiles[position] else { return }
    let before = agent.textBytes
    func text(_ field: EventField) -> String? { event.string(field) }
    if let name = text(.name), !name.isExactly(agent.name) {
      agent.name = name
      agents.namesRevision += 1
    }
    if let language = text(.language) { agent.language = language }
    if event.fields[.backupFor].isPresent { agent.backupFor = event.identifier(.backupFor) ?? "" }
    if event.fields[.skills].isPresent { agent.skills = event.strings(.skills) }
    if event.fields[.languages].isPresent { agent.languages = event.strings(.languages) }
    if event.fields[.parameters].isPresent { agent.parameters = event.parameters }
    if let least = event.string(.replicasMinimum) { agent.replicasMinimum = Bounded.int(least) }
    if let most = event.string(.replicasMaximum) { agent.replicasMaximum = Bounded.int(most) }
    if let capacity = event.string(.capacity) { agent.capacity = Bounded.count(capacity) }
    if let isActive = event.flag(.isActive) { agent.isActive = isActive }
    agent.deletedAt = nil
    agents.profiles[position] = agent
    agents.textBytes += agent.textBytes - before
    describe(position)
    judgeSilence(at: position)
  }

  private mutating func report(_ event: borrowing Event, at position: Int) {
    if let open = event.string(.conversations).flatMap({ Bounded.int($0) }) {
      agents.activity[position].setConversations(open, at: event.receivedAt)
    }
    agents.profiles[position]?.reported = AgentProfile.Report(
      state: event.string(.state).flatMap(AgentState.init(word:)),
      replicas: event.string(.replicas).flatMap { Bounded.int($0) },
      commandID: event.identifier(.commandID).map(CommandID.init), at: event.receivedAt)
  }

  /// Opens or counts up the alert that an event is by itself.
  private mutating func raise(_ event: borrowing Event, at position: Int, isRepeat: Bool) {
    guard let (kind, least) = event.kind.alert else { return }
    var worst: (severity: Severity, metric: Metric?, value: Double?) = (least, nil, nil)
    var rest = event.metrics.present
    while let metric = rest.popFirst() {
      guard metric.alert == kind, case let value = event.metrics.value(metric), metric.isPlausible(value) else {
        continue
      }
      if worst.metric == nil { (worst.metric, worst.value) = (metric, value) }
      if let severity = limits(ofAgentAt: position)[metric]?.severity(of: value), severity > worst.severity {
        worst = (severity, metric, value)
      }
    }
    if let risk = event.severity(.riskLevel) { worst.severity = max(worst.severity, risk) }
    let slot = agents.alertSlot(kind, at: position)
    if alerts.numbers(slot) == nil {
      open(kind, worst.severity, at: position, event.receivedAt, worst.metric.map { .known($0) }, worst.value)
    } else {
      alerts.strike(
        slot, worst.severity, isRepeat: isRepeat, metric: worst.metric.map { .known($0) }, value: worst.value,
        at: event.receivedAt)
    }
    summarize(event, agents.alertSlot(kind, at: position))
  }

  /// Words are made only of what the alert was not made of already: a storm says the same again and again.
  private mutating func summarize(_ event: borrowing Event, _ slot: Int) {
    guard let field = Incident.summaryField(of: event.kind), let raw = event.raw(event.fields.text(field)) else {
      return
    }
    var hasher = Hasher()
    hasher.combine(bytes: raw)
    let digest = hasher.finalize() | 1
    guard alerts.numbers(slot)?.summaryDigest != digest else { return }
    alerts.setSummary(slot, Incident.summary(of: event), digest: digest)
  }

  /// Opens an alert, or brings an open one up to date, by a value past a limit: one more sample is no repeat to count.
  private mutating func raise(
    _ kind: AlertKind, _ severity: Severity, at position: Int, _ instant: Instant, _ metric: AnyMetric,
    _ value: Double
  ) {
    let slot = agents.alertSlot(kind, at: position)
    guard let present = alerts.numbers(slot) else { return open(kind, severity, at: position, instant, metric, value) }
    if severity > present.severity {
      alerts.strike(slot, severity, isRepeat: false, metric: metric, value: value, at: instant)
    } else {
      alerts.refresh(slot, metric: metric, value: value, at: instant)
    }
  }

  private mutating func open(
    _ kind: AlertKind, _ severity: Severity, at position: Int, _ instant: Instant, _ metric: AnyMetric?,
    _ value: Double?
  ) {
    guard let id = agents.profiles[position]?.id else { return }
    var record = AlertRecord(id: AlertID(kind, id), severity: severity, since: instant, last: instant)
    (record.metric, record.openMetric) = alerts.names(of: metric)
    var alert = Alert(record: record, position: position, value: value, isLocal: alerts.authority != .own)
    alert.recovery.trouble(metric, at: instant)
    agents.activity[position].setAlertSlot(kind, alerts.add(alert))
  }

  mutating func closeAlert(_ slot: Int, _ end: AlertEnd) {
    guard let alert = alerts[slot] else { return }
    agents.activity[alert.position].setAlertSlot(alert.id.kind, -1)
    changes.touch(alert.position)
    alerts.remove(slot, end)
  }

  /// Does what time brings: an alert turns quiet if nothing is heard about it, and one that was quiet for long is given up.
  mutating func ageAlerts() {
    for slot in alerts.due(at: now) {
      guard let numbers = alerts.numbers(slot) else { continue }
      if numbers.quietSince != nil || !numbers.kind.turnsQuiet {
        closeAlert(slot, .unrecovered)
      } else {
        alerts.turnQuiet(slot, since: numbers.quietAt)
        if let position = alerts[slot]?.position { changes.touch(position) }
      }
    }
  }
}
