import FleetModel

/// The rules by which the handler acts on events by itself.
package struct Runbook: Equatable, Sendable {
  package var rules: [Rule]
  package var guards: Guards

  package init(rules: [Rule] = [], guards: Guards = Guards()) {
    self.rules = rules
    self.guards = guards
  }

  /// The rules that a type of event concerns, in order.
  package func rules(on type: String) -> [Rule] { rules.filter { $0.concerns(type) } }

  /// The rule of that id, compared by bytes.
  package func rule(_ id: String) -> Rule? { rules.first { $0.id.isExactly(id) } }

  /// How people are told of a rule: by its title, or its id as one.
  package func heading(ofRule id: String) -> String { rule(id)?.heading ?? Rule(id: id, on: []).heading }
}

/// What no rule may go beyond, whatever it says.
package struct Guards: Equatable, Sendable {
  /// From so many agents on the guards of numbers count.
  package var fleetFrom = 5
  /// The greatest share of the fleet, and of a role, that rules may have paused at once; one agent always.
  package var pausedShare = 0.1
  /// From this share of unhealthy agents on the fleet is ill: see ``IllFleet``.
  package var unhealthyShare = 0.4
  /// An agent's metrics have stopped once they are older than twice its own interval, and than this. Telemetry counts as
  /// dead once the same share of those that send any has stopped.
  package var silence = TimeSpan.seconds(30)
  /// Addresses that are never blocked, as text.
  package var allowed: Set<String> = []
  /// How much longer each repeated pause is than the one before, and how long at the most.
  package var pauseFactor = 2.0
  package var longestPause = TimeSpan.hours(4)
  /// How many addresses rules block within an hour without a person.
  package var blocksPerHour = 50
  /// While the fleet is ill rules give an agent more once within this span without a person.
  package var scaleUpEvery = TimeSpan.minutes(10)
  /// How many commands a minute an operator may send; nil for any number.
  package var commandsPerMinute: Int?

  package init() {}
}

/// One rule: on which events, under which conditions, what is done.
package struct Rule: Equatable, Sendable {
  package enum Mode: String, CaseIterable, Sendable {
    case off
    case dryRun = "dry_run"
    case approve, auto
  }

  /// How far something counts: for one agent, for the rule, or for all.
  package enum Scope: String, CaseIterable, Sendable { case agent, rule, fleet }

  /// At most once in a span; or only so long after the last time that it was asked for.
  package struct Throttle: Equatable, Sendable {
    package var onceWithin: TimeSpan?
    /// Acts once nothing has asked for it for so long.
    package var onceAfter: TimeSpan?
    package var per = Scope.agent

    /// No span of one is longer.
    package static let longest = TimeSpan.days(3650)

    package init(onceWithin: TimeSpan? = nil, onceAfter: TimeSpan? = nil, per: Scope = .agent) {
      self.onceWithin = onceWithin
      self.onceAfter = onceAfter
      self.per = per
    }
  }

  /// So many within a span.
  package struct Count: Equatable, Sendable {
    package var count: Int
    package var within: TimeSpan

    /// So many times are remembered, and no more can be counted.
    package static let most = 1000

    package init(count: Int, within: TimeSpan) {
      self.count = count
      self.within = within
    }
  }

  package struct Limits: Equatable, Sendable {
    /// Acted so often on one agent, the rule stops and calls a person.
    package var perAgent: Count?
    /// How often the rule acts in all.
    package var rate: Count?
    /// The channel that it calls. If none of that name is configured, the routes decide.
    package var escalateTo = "on-call"

    package init(perAgent: Count? = nil, rate: Count? = nil, escalateTo: String = "on-call") {
      self.perAgent = perAgent
      self.rate = rate
      self.escalateTo = escalateTo
    }
  }

  package struct Approval: Equatable, Sendable {
    package enum End: String, CaseIterable, Sendable { case drop, escalate }
    package var lifetime = TimeSpan.minutes(15)
    package var onExpire = End.drop

    package init() {}
  }

  /// What is looked at after the actions, and what is done if it does not hold.
  package struct Verification: Equatable, Sendable {
    package var after: TimeSpan
    package var when: Condition
    package var otherwise: [RuleAction]

    package init(after: TimeSpan, when: Condition, otherwise: [RuleAction]) {
      self.after = after
      self.when = when
      self.otherwise = otherwise
    }
  }

  package var id: String
  /// What it is about, in a few words for people; nil if its id is to say it.
  package var title: String?
  /// Types of events, with `*` for any run of characters.
  package var on: [String]
  package var when = Condition.always
  /// Why it acts, in the rule's own words; nil if the condition is to say it.
  package var say: RuleText?
  /// Having acted on an agent, it does so again only once this has held.
  package var clear: Condition?
  package var `for`: Count?
  package var throttle: [Throttle] = []
  package var limits = Limits()
  package var mode = Mode.auto
  package var approval = Approval()
  package var ruleActions: [RuleAction] = []
  package var verification: Verification?
  /// What is done once the verification holds, or without one once `clear` does.
  package var undo: [RuleAction] = []
  /// Which line of the file it begins in; 0 if there is none.
  package var line = 0

  /// No title is longer, in bytes.
  package static let longestTitle = 60

  /// How people are told of it: by its title, or its id as one.
  package var heading: String { title ?? "rule \(id)" }

  package init(id: String, on: [String]) {
    self.id = id
    self.on = on
  }

  /// Whether it remembers that it was asked for, also if nothing is done.
  package var countsAsking: Bool { self.for != nil || throttle.contains { $0.onceAfter != nil } }

  /// Whether it asks for the agent's values before the event.
  package var asksForBefore: Bool {
    let otherwise = verification.map { $0.when.names.union($0.otherwise.names) } ?? []
    let names = [when.names, say?.names ?? [], clear?.names ?? [], ruleActions.names, undo.names, otherwise]
    return names.contains { $0.contains { $0.parts[0] == "before" } }
  }

  /// Whether it matches, and why: in its own words if it has some and all that they name is known, else in those of its
  /// condition.
  package func judge(_ facts: some Facts) -> Condition.Evaluation {
    let verdict = when.judge(facts)
    guard verdict.holds, let say, say.names.allSatisfy({ facts.value($0) != nil }), let words = say.said(facts) else {
      return verdict
    }
    return Condition.Evaluation(holds: true, reason: words)
  }

  /// A type that is longer, in bytes, concerns no rule: publishers may send anything as one.
  package static let longestType = 256

  /// Whether a type of event is one of its.
  package func concerns(_ type: String) -> Bool {
    type.utf8.count <= Self.longestType && on.contains { Glob($0)?.matches(type) == true }
  }
}

/// One action of a rule.
package struct RuleAction: Equatable, Sendable {
  package enum OnError: String, CaseIterable, Sendable { case stop, `continue` }

  package enum Kind: Equatable, Sendable {
    case action(Action)
    /// Puts the event's conversations and numbers into an entry of the stream of reports.
    case report(String)
    /// The commands that a list of suggestions maps to.
    case recommended
  }

  package var kind: Kind
  /// Argument name → text; one whose facts are missing is left out.
  package var arguments: [String: RuleText] = [:]
  /// Whom it acts on; nil: the event's agent.
  package var target: RuleText?
  package var when = Condition.always
  /// Once for each element of a list.
  package var each: FactName?
  package var onError = OnError.continue

  package init(_ kind: Kind) {
    self.kind = kind
  }

  /// No list makes more actions than this.
  package static let mostOfEach = 32
}
