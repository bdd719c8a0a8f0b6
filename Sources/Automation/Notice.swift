import FleetModel

/// Something that people are to be told: what it is about, how bad it is, and how long telling it is worth the trouble.
package struct Notice: Equatable, Sendable {
  /// Where a trouble stands.
  package enum Status: String, CaseIterable, Sendable {
    /// News that nothing will take back.
    case info = "told"
    case firing
    /// The same trouble, and something about it is new.
    case updated
    /// Somebody has taken it in hand.
    case acknowledged
    /// Nobody has it in hand any more. It is for groups alone, which tell it as an update.
    case unacknowledged
    case resolved

    /// Whether it speaks of a trouble that was told before: then it goes where that went.
    package var isFollowUp: Bool { self == .acknowledged || self == .unacknowledged || self == .resolved }
  }

  /// A name and a value, shown side by side.
  package struct Field: Equatable, Sendable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// A link of the operator's own to what it is about.
  package struct Link: Equatable, Sendable {
    package var name: String
    package var url: String

    package init(name: String, url: String) { (self.name, self.url) = (name, url) }
  }

  /// The same for the same trouble, from its beginning to its all-clear: services know by it what belongs together.
  package var key: String
  package var status: Status
  package var severity: Severity
  /// One line.
  package var title: String
  package var text: String
  package var fields: [Field]
  package var agents: [AgentID]
  /// The agents' role; nil if they have none, or several.
  package var role: String?
  /// The rule of a follow-up that is for the groups of all rules.
  package static let anyRule = ""

  /// The rule that tells it; nil for what is told one by one, and never grouped.
  package var rule: String?
  /// When it came to be.
  package var at: Instant
  /// The channels it goes to; empty leaves it to the routes.
  package var to: [String]
  /// For how long it is tried to be told; nil: as long as each channel says.
  package var deadline: TimeSpan?
  /// Of one that is resolved, whether its trouble is known to be over. That nothing is heard of it any more, or that a
  /// person has closed it, is no all-clear.
  package var isAllClear = true
  /// Who has it in hand; nil if nobody has, or not all of it.
  package var acknowledgedBy: String?
  /// What was done about it, one thing a line.
  package var done = ""
  /// Whether nothing is new but who has it in hand: only a message that is edited shows that.
  package var isOnlyOfHands = false
  /// Whether it calls for help anew though somebody had taken the trouble in hand.
  package var reopensAcknowledged = false
  package var links: [Link] = []
  /// What a person did in a service, if all that it tells is known from there.
  package var heardFrom: ServiceAct?

  package init(
    key: String, status: Status = .firing, severity: Severity, title: String, text: String = "", fields: [Field] = [],
    agents: [AgentID] = [], role: String? = nil, rule: String? = nil, at: Instant, to: [String] = [],
    deadline: TimeSpan? = nil
  ) {
    self.key = key
    self.status = status
    self.severity = severity
    self.title = title
    self.text = text
    self.fields = fields
    self.agents = agents
    self.role = role
    self.rule = rule
    self.at = at
    self.to = to
    self.deadline = deadline
  }
}
