import FleetModel

/// One message for a storm: what a rule tells of many agents is collected and told once, what changes meanwhile in one
/// update an interval, and the end of all of it in one all-clear.
///
/// ```
/// first notice ─ wait ─▶ message ─┬─ news ─ at most one an interval ─▶ update ─┐
///                                 │◀───────────────────────────────────────────┘
///                                 └─ all members resolved ─▶ all-clear, at once
/// ```
/// A group is a rule's notices of one severity for one channel. One whose members were all resolved before it was told is
/// told to nobody.
package struct Grouping: Equatable, Sendable {
  package struct Spans: Equatable, Sendable {
    /// How long the first message waits for others.
    package var wait: TimeSpan
    /// How long an update waits after whatever was told before it.
    package var interval: TimeSpan
    /// Without news a group is forgotten after this, told or not.
    package var forget: TimeSpan

    package init(
      wait: TimeSpan = .seconds(10), interval: TimeSpan = .minutes(5), forget: TimeSpan = .days(7)
    ) {
      self.wait = wait
      self.interval = interval
      self.forget = forget
    }
  }

  package struct ID: Hashable, Sendable {
    package var channel: String
    package var rule: String
    package var severity: Severity

    package init(channel: String, rule: String, severity: Severity) {
      self.channel = channel
      self.rule = rule
      self.severity = severity
    }
  }

  /// What became of a group.
  package struct Turn: Equatable, Sendable {
    package var id: ID
    /// What is told, if anything.
    package var notice: Notice?
    /// Nil if the group is over.
    package var group: Group?
  }

  package private(set) var groups: [ID: Group] = [:]
  package var spans: Spans

  package init(groups: [ID: Group] = [:], spans: Spans = Spans()) {
    self.groups = groups
    self.spans = spans
  }

  /// Takes over a group that was known before.
  package mutating func restore(_ id: ID, _ group: Group) { groups[id] = group }

  /// Takes a notice of a rule for a channel.
  ///
  /// - Parameter channel: of a follow-up "" if it is for every channel that knows its key.
  /// - Returns: the groups that it changed. A resolved one changes those that know its key, whatever their severity.
  package mutating func take(_ notice: Notice, for channel: String, at now: Instant) -> [ID] {
    guard let rule = notice.rule else { return [] }
    guard notice.status.isFollowUp else {
      let id = ID(channel: channel, rule: rule, severity: notice.severity)
      groups[id, default: Group(due: now + spans.wait)].take(notice, at: now, spans)
      return [id]
    }
    let known = groups.keys.filter {
      (channel.isEmpty || $0.channel == channel) && (rule == Notice.anyRule || $0.rule == rule)
        && groups[$0]?.members[ExactText(notice.key)] != nil
    }
    for id in known { groups[id]?.take(notice, at: now, spans) }
    return Array(known)
  }

  /// Whether a channel's groups of a rule know a key.
  package func knows(_ key: String, of rule: String, on channel: String) -> Bool {
    groups.contains { $0.key.channel == channel && $0.key.rule == rule && $0.value.members[ExactText(key)] != nil }
  }

  /// When something is next to be done.
  package var next: Instant? { groups.values.map { $0.next(spans) }.min() }

  /// Ends what is due: each group that has something to tell, or is over.
  ///
  /// - Parameters:
  ///   - title: how people are told of a rule, by its id.
  ///   - causes: what agents in trouble have in common; asked for only if something of several agents is told.
  package mutating func advance(
    at now: Instant, title: (String) -> String = { $0 }, causes: () -> [SharedCause] = { [] }
  ) -> [Turn] {
    var turns: [Turn] = []
    for (id, group) in groups where group.next(spans) <= now {
      var group = group
      let notice = group.tell(id, title(id.rule), causes, at: now)
      let isOver = notice?.status == .resolved || group.next(spans) <= now
      groups[id] = isOver ? nil : group
      turns.append(Turn(id: id, notice: notice, group: groups[id]))
    }
    return turns.sorted { ($0.id.channel, $0.id.rule, $0.id.severity) < ($1.id.channel, $1.id.rule, $1.id.severity) }
  }
}

extension Grouping {
  /// The members of a group, and what has been told of them.
  package struct Group: Equatable, Sendable {
    package struct Member: Equatable, Sendable {
      package var notice: Notice
      /// Whether the last message spoke of it as it now is.
      package var isTold: Bool

      package init(notice: Notice, isTold: Bool = false) {
        self.notice = notice
        self.isTold = isTold
      }
    }

    /// By key.
    package var members: [ExactText: Member]
    /// When something was last told; nil if nothing was.
    package var told: Instant?
    /// When the next message goes out; nil if there is no news.
    package var due: Instant?
    package var lastNews: Instant

    package init(
      members: [ExactText: Member] = [:], told: Instant? = nil, due: Instant? = nil, lastNews: Instant = .epoch
    ) {
      self.members = members
      self.told = told
      self.due = due
      self.lastNews = lastNews
    }
  }
}

extension Grouping.Group {
  private var hasOpen: Bool { members.values.contains { $0.notice.isOpen } }

  /// When it has something to tell, or is over. News that nothing takes back keep it for an interval, so that what comes
  /// within it is collected too.
  fileprivate func next(_ spans: Grouping.Spans) -> Instant {
    if let due { return due }
    if hasOpen { return lastNews + spans.forget }
    return told.map { $0 + spans.interval } ?? lastNews
  }

  fileprivate mutating func take(_ notice: Notice, at now: Instant, _ spans: Grouping.Spans) {
    lastNews = now
    if notice.status == .acknowledged { return }
    if let old = members[ExactText(notice.key)], old.isTold, old.notice.saysTheSame(as: notice) { return }
    members[ExactText(notice.key)] = Grouping.Group.Member(notice: notice)
    guard let told else {
      due = due ?? now + spans.wait
      return
    }
    // The all-clear waits for nothing, and is none if somebody begins anew before it was told.
    let isClear = notice.status == .resolved && !hasOpen
    due = isClear ? now : max(now, told + spans.interval)
  }

  /// The message that is due, if any; its members count as told from then on.
  fileprivate mutating func tell(
    _ id: Grouping.ID, _ rule: String, _ causes: () -> [SharedCause], at now: Instant
  ) -> Notice? {
    guard let due, due <= now else { return nil }
    self.due = nil
    let news = members.filter { !$0.value.isTold }.map(\.value.notice)
    let open = members.values.map(\.notice).filter(\.isOpen)
    let last = told
    defer {
      members = members.filter { $0.value.notice.isOpen }.mapValues { Member(notice: $0.notice, isTold: true) }
    }
    // Nobody heard of what began and ended before the first message.
    let isWorthIt = last != nil || news.contains { $0.status != .resolved }
    guard isWorthIt, !news.isEmpty else { return nil }
    told = now
    return GroupMessage(
      id: id, rule: rule, news: news, open: open, causes: open.count > 1 ? causes() : [], isFirst: last == nil
    ).notice(at: now)
  }
}

extension Notice {
  /// Whether it can still be resolved.
  fileprivate var isOpen: Bool { status == .firing || status == .updated || status == .acknowledged }

  fileprivate func saysTheSame(as other: Notice) -> Bool {
    title == other.title && text == other.text && fields == other.fields && isOpen == other.isOpen
  }
}
