/// What an operator or a rule can have done, each with the words and rules that go with it.
///
/// Help, prompts, completion, validation and documentation are made from this table.
package enum Action: String, CaseIterable, Sendable {
  case pause, resume, restart, scale
  case rateLimit = "rate_limit"
  case rebalance
  case activateBackup = "activate_backup"
  case deactivateBackup = "deactivate_backup"
  case escalate, transfer
  case blockIP = "block_ip"
  case unblockIP = "unblock_ip"
  case offerCoupon = "offer_coupon"
  case schedule, cancel, tune, notify
  case acknowledge = "ack"
  case unacknowledge = "unack"
  case silence, unsilence, close, approve, reject, undo, automation

  /// What an action acts on.
  package enum Scope: Sendable {
    /// Named agents; without one the command is refused, since an empty set means nothing and never all.
    case agents
    /// The fleet as a whole, or named agents.
    case fleetOrAgents
    /// Something else, named in the arguments: an alert, a proposal, a command.
    case object
    case fleet
  }

  package var scope: Scope {
    switch self {
    case .pause, .resume, .restart, .scale, .rateLimit, .rebalance, .activateBackup, .deactivateBackup, .escalate,
      .transfer, .offerCoupon, .schedule, .cancel, .tune:
      .agents
    case .blockIP, .unblockIP: .fleetOrAgents
    case .notify, .acknowledge, .unacknowledge, .silence, .unsilence, .close, .approve, .reject, .undo: .object
    case .automation: .fleet
    }
  }

  /// The arguments, in the order in which a prompt asks for them.
  package var parameters: [ActionParameter] {
    switch self {
    case .pause: [.init("for", .duration, default: "15m")]
    case .resume, .restart: []
    case .scale:
      [
        .init("replicas", .count), .init("by", .signedCount, default: "+1"), .init("cpu", .decimal),
        .init("memory", .count),
      ]
    case .rateLimit:
      [.init("per_minute", .count, default: "60", isRequired: true), .init("for", .duration, default: "15m")]
    case .rebalance: [.init("to", .text), .init("share", .decimal)]
    case .activateBackup, .deactivateBackup: [.init("backup", .agent)]
    case .escalate:
      [.init("to", .text, default: "on-call", isRequired: true), .init("severity", .severity, default: "high")]
    case .transfer:
      [
        .init("conversation_id", .text, isRequired: true), .init("to", .agent), .init("skill", .text),
        .init("context", .text), .init("history", .text),
      ]
    case .blockIP: [.init("ip", .address, isRequired: true), .init("for", .duration, default: "1h")]
    case .unblockIP: [.init("ip", .address, isRequired: true)]
    case .offerCoupon: [.init("conversation_ids", .text, isRequired: true), .init("campaign", .text)]
    case .schedule: [.init("job", .text, isRequired: true), .init("at", .text)]
    case .cancel: [.init("job", .text, isRequired: true)]
    case .tune: [.init("parameter", .text, isRequired: true), .init("value", .text, isRequired: true)]
    case .notify: [.init("to", .text, isRequired: true), .init("text", .text, isRequired: true)]
    case .acknowledge: [.init("alert", .text, isRequired: true), .init("for", .duration), .init("note", .text)]
    case .silence:
      [.init("alert", .text, isRequired: true), .init("for", .duration, default: "1h"), .init("note", .text)]
    case .unacknowledge, .unsilence: [.init("alert", .text, isRequired: true)]
    case .close: [.init("alert", .text, isRequired: true), .init("note", .text)]
    case .approve, .reject: [.init("proposal", .text, isRequired: true), .init("sha256", .text, isRequired: true)]
    case .undo: [.init("command_id", .text, isRequired: true)]
    case .automation: [.init("mode", .mode, isRequired: true)]
    }
  }

  /// Whether it is done to alerts, one a command.
  package var isAboutAlerts: Bool {
    switch self {
    case .acknowledge, .unacknowledge, .silence, .unsilence, .close: true
    case .pause, .resume, .restart, .scale, .rateLimit, .rebalance, .activateBackup, .deactivateBackup, .escalate,
      .transfer, .blockIP, .unblockIP, .offerCoupon, .schedule, .cancel, .tune, .notify, .approve, .reject, .undo,
      .automation:
      false
    }
  }

  /// A verb phrase for prompts and help.
  package var title: String {
    switch self {
    case .pause: "pause"
    case .resume: "resume"
    case .restart: "restart"
    case .scale: "scale"
    case .rateLimit: "limit the rate of"
    case .rebalance: "rebalance"
    case .activateBackup: "activate the backup of"
    case .deactivateBackup: "deactivate the backup of"
    case .escalate: "escalate"
    case .transfer: "transfer a conversation of"
    case .blockIP: "block an address"
    case .unblockIP: "unblock an address"
    case .offerCoupon: "offer a coupon for"
    case .schedule: "schedule a job for"
    case .cancel: "cancel a job of"
    case .tune: "tune"
    case .notify: "notify"
    case .acknowledge: "acknowledge an alert"
    case .unacknowledge: "take back an acknowledgement"
    case .silence: "silence an alert"
    case .unsilence: "end a silence"
    case .close: "close an alert"
    case .approve: "approve a proposal"
    case .reject: "decline a proposal"
    case .undo: "undo"
    case .automation: "set the automation"
    }
  }
}

/// One argument of an action.
package struct ActionParameter: Sendable {
  /// What its text must be.
  package enum Kind: Sendable {
    /// `15m`: see ``TimeSpan``.
    case duration
    /// A whole number from 0.
    case count
    /// `+2`, `-1`.
    case signedCount
    case decimal
    /// An IPv4 or IPv6 address.
    case address
    /// low, medium, high, critical.
    case severity
    /// on, dry, off.
    case mode
    case agent
    case text
  }

  package let name: String
  package let kind: Kind
  package let defaultText: String?
  package let isRequired: Bool

  package init(_ name: String, _ kind: Kind, default text: String? = nil, isRequired: Bool = false) {
    self.name = name
    self.kind = kind
    self.defaultText = text
    self.isRequired = isRequired
  }
}
