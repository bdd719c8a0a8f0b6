import Automation
import Execution
import FleetModel
import Loop
import Redis
import Wire

/// Decisions that are certain by what is known beforehand: a flood comes to little else.
extension RuleEngine {
  enum Knowledge {
    /// Nothing is done; nil if the event was decided before.
    case settled(Decision.Suppression?)
    /// The marks may tell, and have not been read.
    case unread
    case open
  }

  /// Finds decisions to do nothing that are certain: a flood comes to little else.
  ///
  /// - Parameter place: which of the rules on the event it is.
  func known(_ rule: PreparedRule, _ trigger: TriggerEvent, at place: Int) -> Knowledge {
    if rule.rule.mode == .off { return .settled(.off) }
    guard let holds = holds(rule, trigger, at: place) else { return .open }
    guard holds else { return .settled(.notMet) }
    let (now, time) = (MonotonicTime.now, session.now)
    // What is too old counts as asked for under no rule.
    let isStale = time - trigger.receivedAt > session.options.actWithin
    guard !rule.countsAsking || isStale, isModeKnown(at: now) else { return .open }
    usesMode = true
    guard let marks = recent.marks(rule, trigger.agent, at: now) else { return .unread }
    let circumstances = DecisionContext(
      mode: mode.value, now: time, age: time - trigger.receivedAt, actWithin: session.options.actWithin,
      guarded: rule.isHeldWhileIll ? view.fault : nil)
    let memory = marks.memory(at: time)
    guard let decision = Planner(rule.rule, memory, circumstances).suppression(),
      case .suppression(let suppression) = decision.course
    else {
      return .open
    }
    guard suppression.isTold, marks.held != suppression else {
      remember(rule, trigger, suppression, memory, at: time)
      return .settled(suppression)
    }
    guard marks.isOf(trigger.entry) else {
      // Whether the event itself was acted on before is not known.
      recent.forget(rule, trigger.agent)
      return .unread
    }
    guard !marks.isDecided else { return .settled(nil) }
    tell(trigger, decision, suppression, marks)
    remember(rule, trigger, suppression, memory, at: time)
    return .settled(suppression)
  }

  /// Has repeats of an event settled as they are read, for as long as the decision is certain to be the same.
  private func remember(
    _ rule: PreparedRule, _ trigger: TriggerEvent, _ suppression: Decision.Suppression, _ memory: RuleHistory,
    at now: Instant
  ) {
    guard let (position, first) = view.place(of: trigger.agent) else { return }
    let most = now + Self.repeatSpan
    let end: Instant
    switch suppression {
    case .stale, .notCleared: end = most
    case .throttled: end = min(most, memory.throttleEnd(rule.rule) ?? now)
    case .limited: end = min(most, memory.limitEnd(rule.rule) ?? now)
    // These pass by themselves, and nobody tells when.
    case .off: end = now + .seconds(1)
    case .guarded: end = now + TimeSpan(milliseconds: 250)
    case .notMet, .counting: return
    }
    repeats.remember(rule, trigger.kind, position, first: first, suppression, until: end)
  }

  /// Whether the condition holds; nil if the event and its agent alone do not tell it.
  ///
  /// - Parameter place: which of the rules on the event it is.
  func holds(_ rule: PreparedRule, _ trigger: TriggerEvent, at place: Int) -> Bool? {
    guard rule.isJudgedInMemory else { return nil }
    if let matches = trigger.matches { return matches & 1 << UInt64(place) != 0 }
    return rule.rule.when.holds(view.knownFacts(trigger, asksForAgent: rule.asksForAgent))
  }

  func tell(
    _ trigger: TriggerEvent, _ decision: Decision, _ suppression: Decision.Suppression, _ marks: RuleState
  ) {
    var marks = marks
    held.add(SuppressionReporter.Held(trigger: trigger, decision: decision, suppression: suppression, marks: marks))
    marks.tell(suppression)
    recent.keep(marks, at: .now)
  }

  /// Reads the marks of the next events at once.
  func readAhead() {
    var reading = RuleStateReader()
    var wanted: Set<Wish> = []
    let isDry = mode.value != .on
    let now = MonotonicTime.now
    for trigger in queue.ahead(Self.mostAhead) {
      for (place, rule) in runbook[trigger.type].enumerated()
      where rule.rule.mode != .off && recent.marks(rule, trigger.agent, at: now) == nil
        && wanted.insert(Wish(rule: ObjectIdentifier(rule), agent: trigger.agent)).inserted
        && holds(rule, trigger, at: place) == true
      {
        reading.add(RuleState(rule, trigger, isDry: isDry || rule.rule.mode == .dryRun))
      }
    }
    // The verdict was another one a moment ago.
    guard !reading.isEmpty || unasked?.first == nil else { return decideFirst() }
    session.read(reading.requests) { [weak self] replies in
      guard let self, !session.isOver else { return }
      let now = MonotonicTime.now
      for marks in reading.marks(replies) { recent.keep(marks, at: now) }
      next()
    }
  }

  /// A rule and an agent whose marks are asked for.
  private struct Wish: Hashable {
    var rule: ObjectIdentifier
    var agent: AgentID
  }
}

extension RuleHistory {
  /// When the last of a rule's throttles ends.
  fileprivate func throttleEnd(_ rule: Rule) -> Instant? {
    zip(rule.throttle, throttles).compactMap { throttle, last in
      last.flatMap { last in throttle.onceWithin.map { last + $0 } }
    }.max()
  }

  /// When the rule may act again as far as its limits go. Whoever else acts meanwhile can only put that off.
  fileprivate func limitEnd(_ rule: Rule) -> Instant? {
    func end(_ times: [Instant], _ limit: Rule.Count?) -> Instant? {
      guard let limit, limit.count > 0, times.count >= limit.count else { return nil }
      return times.sorted()[times.count - limit.count] + limit.within
    }
    return [end(actedOnAgent, rule.limits.perAgent), end(acted, rule.limits.rate)].compactMap(\.self).max()
  }
}
