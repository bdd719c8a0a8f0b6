import FleetModel

/// One message for a storm: what a rule tells of many agents is collected and told once, what changes meanwhile in one
/// update an interval, and the end of all of it in one all-clear.
///
/// ```
/// first notice ─ wait ─▶ message ─┬─ news ─ at most one an interval ─▶ update ─┐
///                                 │◀───────────────────────────────────────────┘
///                                 └─ all members resolved ─▶ all-clear, at once
/// ```
/// A group is a rule's notices of one severity for one channel, or of all severities if the channel edits its messages.
/// One whose members were all resolved before it was told is told to nobody. What several rules tell of one cause goes
/// into the group that tells of it first.
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
    /// Nil if it is for all of them.
    package var severity: Severity?

    package init(channel: String, rule: String, severity: Severity?) {
      self.channel = channel
      self.rule = rule
      self.severity = severity
    }

    /// Of what it tells: the same for its whole life.
    package var key: String { "group/\(rule)" + (severity.map { "/\($0.rawValue)" } ?? "") }
  }

  /// What became of a group.
  package struct Turn: Equatable, Sendable {
    package var id: ID
    /// What is told, if anything.
    package var notice: Notice?
    /// Nil if the group is over.
    package var group: Group?
  }

  package internal(set) var groups: [ID: Group] = [:]
  package var spans: Spans

  package init(groups: [ID: Group] = [:], spans: Spans = Spans()) {
    self.groups = groups
    self.spans = spans
  }

  /// Takes over a group that was known before.
  package mutating func restore(_ id: ID, _ group: Group) { groups[id] = group }

  /// Takes a notice of a rule for a channel.
  ///
  /// - Parameters:
  ///   - channel: of a follow-up "" if it is for every channel that knows its key.
  ///   - isOne: whether one group is for all severities.
  /// - Returns: the groups that it changed. A resolved one changes those that know its key, whatever their severity.
  package mutating func take(
    _ notice: Notice, for channel: String, ofAllSeverities isOne: Bool = false, at now: Instant
  ) -> [ID] {
    guard let rule = notice.rule else { return [] }
    guard notice.status.isFollowUp else {
      let id = home(of: notice, ID(channel: channel, rule: rule, severity: isOne ? nil : notice.severity))
      groups[id, default: Group(due: now + spans.wait)].take(notice, at: now, spans)
      return [id]
    }
    let known = groups.keys.filter {
      (channel.isEmpty || $0.channel == channel)
        && (rule == Notice.anyRule
          ? groups[$0]?.members[ExactText(notice.key)] != nil : knows(notice.key, of: rule, $0))
    }
    for id in known { groups[id]?.take(notice, at: now, spans) }
    return Array(known)
  }

  /// Whether a channel's groups of a rule know a key.
  package func knows(_ key: String, of rule: String, on channel: String) -> Bool {
    groups.keys.contains { $0.channel == channel && knows(key, of: rule, $0) }
  }

  /// Whether a group has a key that a rule has told of.
  func knows(_ key: String, of rule: String, _ id: ID) -> Bool {
    guard let member = groups[id]?.members[ExactText(key)] else { return false }
    return id.rule == rule || member.rules.contains(rule)
  }

  /// When something is next to be done.
  package var next: Instant? { groups.values.map { $0.next(spans) }.min() }

  /// Ends what is due: each group that has something to tell, or is over.
  ///
  /// - Parameters:
  ///   - title: how people are told of a rule, by its id.
  ///   - causes: what agents in trouble have in common; asked for only if something of several agents is told, or several
  ///     rules tell a channel of agents.
  package mutating func advance(
    at now: Instant, title: (String) -> String = { $0 }, causes: () -> [SharedCause] = { [] }
  ) -> [Turn] {
    var turns: [Turn] = []
    var changed = join(at: now, causes)
    for (id, group) in groups where group.next(spans) <= now {
      var group = group
      let notice = group.tell(id, title, causes, spans, at: now)
      let isOver = notice?.status == .resolved || group.next(spans) <= now
      groups[id] = isOver ? nil : group
      turns.append(Turn(id: id, notice: notice, group: groups[id]))
      changed.remove(id)
    }
    turns += changed.map { Turn(id: $0, notice: nil, group: groups[$0]) }
    return turns.sorted { $0.id < $1.id }
  }
}

extension Grouping {
  /// The members of a group, and what has been told of them.
  package struct Group: Equatable, Sendable {
    package struct Member: Equatable, Sendable {
      package var notice: Notice
      /// Whether the last message spoke of it as it now is.
      package var isTold: Bool
      /// The rules that tell of it; empty if it is the group's own alone.
      package var rules: [String]

      package init(notice: Notice, isTold: Bool = false, rules: [String] = []) {
        self.notice = notice
        self.isTold = isTold
        self.rules = rules
      }
    }

    package enum Hands: String, Sendable {
      case changed
      /// Somebody had all of it in hand, and has not any more.
      case reopened
    }

    /// By key.
    package var members: [ExactText: Member]
    /// When something was last told; nil if nothing was.
    package var told: Instant?
    /// When the next message goes out; nil if there is no news.
    package var due: Instant?
    package var lastNews: Instant
    /// What is to be told of who has it in hand; nil if nothing is new about that.
    package var hands: Hands?

    package init(
      members: [ExactText: Member] = [:], told: Instant? = nil, due: Instant? = nil, lastNews: Instant = .epoch,
      hands: Hands? = nil
    ) {
      self.members = members
      self.told = told
      self.due = due
      self.lastNews = lastNews
      self.hands = hands
    }
  }
}

extension Grouping.ID: Comparable {
  package static func < (left: Grouping.ID, right: Grouping.ID) -> Bool {
    (left.channel, left.rule, left.severity ?? .low) < (right.channel, right.rule, right.severity ?? .low)
  }
}
