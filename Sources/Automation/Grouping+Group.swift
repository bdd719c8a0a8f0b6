import FleetModel

extension Grouping.Group {
  var hasOpen: Bool { members.values.contains { $0.notice.isOpen } }

  /// When it has something to tell, or is over. News that nothing takes back keep it for an interval, so that what comes
  /// within it is collected too.
  func next(_ spans: Grouping.Spans) -> Instant {
    if let due { return due }
    if hasOpen { return lastNews + spans.forget }
    return told.map { $0 + spans.interval } ?? lastNews
  }

  mutating func take(_ notice: Notice, at now: Instant, _ spans: Grouping.Spans) {
    lastNews = now
    let key = ExactText(notice.key)
    if notice.status == .acknowledged || notice.status == .unacknowledged { return takeHands(notice, key, at: now) }
    var notice = notice
    if let old = members[key], old.isSaid(byAnother: notice) {
      guard !old.notice.says(done: notice.done) else { return }
      // What this rule did is new, though what it tells of is not.
      notice = old.isTold ? old.notice.having(done: notice.done) : old.notice.adding(done: notice.done)
    } else if let old = members[key], old.isTold, old.notice.saysTheSame(as: notice) {
      return
    }
    let isWorse = worstTold.map { notice.severity > $0 } ?? false
    var member = Member(notice: notice, rules: members[key]?.rules ?? [])
    // The group's own rule may tell of what has joined it.
    if !member.rules.isEmpty, let rule = notice.rule, rule != Notice.anyRule, !member.rules.contains(rule) {
      member.rules.append(rule)
    }
    // That the rule says it again takes it out of nobody's hands.
    if !notice.reopensAcknowledged { member.notice.acknowledgedBy = members[key]?.notice.acknowledgedBy }
    members[key] = member
    guard let told else {
      due = due ?? now + spans.wait
      return
    }
    // The all-clear waits for nothing, and is none if somebody begins anew before it was told.
    let isClear = notice.status == .resolved && !hasOpen
    let turn = isClear ? now : max(now, told + spans.interval)
    // What is worse than anything that was told waits no longer than what is new.
    due = isWorse && notice.status != .resolved ? min(turn, now + spans.wait) : turn
  }

  /// Somebody has taken a member in hand, or has not any more. It is told at once: whoever else was called stops or goes.
  private mutating func takeHands(_ notice: Notice, _ key: ExactText, at now: Instant) {
    guard let member = members[key], member.notice.isOpen, member.notice.acknowledgedBy != notice.acknowledgedBy else {
      return
    }
    let wasInHand = isInHand
    members[key]?.notice.acknowledgedBy = notice.acknowledgedBy
    // Only the last act counts: what a service has heard before it may not hold any more.
    for (other, member) in members where member.notice.isOpen { members[other]?.notice.heardFrom = nil }
    members[key]?.notice.heardFrom = notice.heardFrom
    hands = wasInHand && !isInHand ? .reopened : isInHand ? .changed : hands ?? .changed
    if told != nil { due = now }
  }

  /// Whether somebody has taken each of its members in hand.
  private var isInHand: Bool {
    hasOpen && members.values.allSatisfy { !$0.notice.isOpen || $0.notice.acknowledgedBy != nil }
  }

  /// How bad the worst is that was told and stands.
  private var worstTold: Severity? {
    members.values.filter { $0.isTold && $0.notice.isOpen }.map(\.notice.severity).max()
  }

  /// Takes a member that another group has collected and has told to nobody.
  ///
  /// - Parameter rule: the group's own.
  mutating func join(_ member: Member, _ rule: String, at now: Instant, _ spans: Grouping.Spans) {
    lastNews = now
    let key = ExactText(member.notice.key)
    let isWorse = worstTold.map { member.notice.severity > $0 } ?? false
    var member = member
    member.isTold = false
    if let old = members[key], old.notice.isOpen {
      let rules = old.rules.isEmpty ? [rule] : old.rules
      member.rules = rules + member.rules.filter { !rules.contains($0) }
      // Of one alert the worst says what it is, and each says what was done.
      let (done, known) = (member.notice.done, old.isTold ? "" : old.notice.done)
      if old.notice.severity >= member.notice.severity { member.notice = old.notice }
      member.notice = member.notice.having(done: known).adding(done: done)
      member.notice.acknowledgedBy = member.notice.acknowledgedBy ?? old.notice.acknowledgedBy
    }
    members[key] = member
    guard let told else { return }
    // It has waited already.
    let turn = isWorse ? now : max(now, told + spans.interval)
    due = min(due ?? turn, turn)
  }

  /// How many agents each rule tells of at present, its own first; at the end, of what ends.
  private func shares(_ id: Grouping.ID, _ title: (String) -> String) -> [GroupMessage.RuleShare] {
    let subject = members.values.filter { !hasOpen || $0.notice.isOpen }
    var agents: [String: Set<AgentID>] = hasOpen ? [:] : [id.rule: []]
    for member in subject {
      for rule in member.rules.isEmpty ? [id.rule] : member.rules {
        agents[rule, default: []].formUnion(member.notice.agents)
      }
    }
    return agents.sorted { ($0.key == id.rule ? 0 : 1, $0.key) < ($1.key == id.rule ? 0 : 1, $1.key) }
      .map { GroupMessage.RuleShare(title: title($0.key), agents: $0.value.count) }
  }

  /// The message that is due, if any; its members count as told from then on.
  mutating func tell(
    _ id: Grouping.ID, _ title: (String) -> String, _ causes: () -> [SharedCause], _ spans: Grouping.Spans,
    at now: Instant
  ) -> Notice? {
    guard let due, due <= now else { return nil }
    self.due = nil
    let news = members.filter { !$0.value.isTold }.map(\.value.notice)
    let open = members.values.map(\.notice).filter(\.isOpen)
    var message = GroupMessage(
      id: id, rules: shares(id, title), news: news, open: open, causes: [], isFirst: told == nil)
    if open.count > 1 { message.causes = causes() }
    if let hands, let told, !open.isEmpty {
      // News wait for their own turn: a service that takes an acknowledgement would not see it in an update.
      if !news.isEmpty { self.due = max(now, told + spans.interval) }
      self.hands = nil
      message.news = []
      return message.notice(of: hands, at: now)
    }
    hands = nil
    let last = told
    defer {
      members = members.filter { $0.value.notice.isOpen }
        .mapValues { Member(notice: $0.notice, isTold: true, rules: $0.rules) }
    }
    // Nobody heard of what began and ended before the first message.
    let isWorthIt = last != nil || news.contains { $0.status != .resolved }
    guard isWorthIt, !news.isEmpty else { return nil }
    told = now
    return message.notice(at: now)
  }
}

extension Grouping.Group.Member {
  /// Whether a notice says of the same alert no more than another rule has said: two rules that tell of it by turns are no
  /// news.
  fileprivate func isSaid(byAnother notice: Notice) -> Bool {
    guard rules.count > 1, self.notice.isOpen, notice.status != .resolved, let rule = notice.rule else { return false }
    return rules.contains(rule) && self.notice.rule != rule && self.notice.severity >= notice.severity
  }
}

extension Notice {
  /// Whether it can still be resolved.
  var isOpen: Bool { status == .firing || status == .updated || status == .acknowledged }

  /// Whether it names all of what was done.
  fileprivate func says(done: String) -> Bool {
    let known = self.done.split(separator: "\n")
    return done.split(separator: "\n").allSatisfy { known.contains($0) }
  }

  fileprivate func having(done: String) -> Notice {
    var notice = self
    notice.done = done
    return notice
  }

  /// With what was done besides: the last things that a message has room for.
  fileprivate func adding(done: String) -> Notice {
    let known = self.done.split(separator: "\n")
    let all = known + done.split(separator: "\n").filter { !known.contains($0) }
    return having(done: all.suffix(GroupMessage.listed).joined(separator: "\n"))
  }

  fileprivate func saysTheSame(as other: Notice) -> Bool {
    title == other.title && text == other.text && fields == other.fields && isOpen == other.isOpen
      && (severity == other.severity || !isOpen)
  }
}
