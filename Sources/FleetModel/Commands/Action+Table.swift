/// The one table of actions.
extension Action {
  /// All that is known of the action.
  package var descriptor: ActionDescriptor { Self.table[self] ?? entry }

  private static let table = Dictionary(uniqueKeysWithValues: allCases.map { ($0, $0.entry) })

  private var entry: ActionDescriptor {
    switch self {
    case .pause:
      ActionDescriptor("pause", undoneBy: .action("resume")) {
        $0.parameters = [.init("for", .duration, default: "15m")]
        $0.confirmation = .key
        $0.risks = [.held]
        $0.needsRuntime = true
        $0.goal = .state(.paused)
        $0.takesActuator = true
      }
    case .resume:
      ActionDescriptor("resume", undoneBy: .none("a resume cannot be undone: pause again")) {
        $0.confirmation = .key
        $0.needsRuntime = true
        $0.goal = .state(.running)
        $0.takesActuator = true
      }
    case .restart:
      ActionDescriptor("restart", undoneBy: .none("a restart cannot be undone")) {
        $0.risks = [.held]
        $0.isSafeToRepeat = false
        $0.needsRuntime = true
        $0.goal = .state(.running)
        $0.takesActuator = true
      }
    case .scale:
      ActionDescriptor("scale", undoneBy: .action("scale to what it was")) {
        $0.parameters = [
          .init("replicas", .count), .init("by", .signedCount, default: "+1"), .init("cpu", .decimal),
          .init("memory", .count),
        ]
        $0.asksArguments = true
        $0.risks = [.held, .scalesUp]
        $0.needsRuntime = true
        $0.goal = .replicas
        $0.takesActuator = true
      }
    case .rateLimit:
      ActionDescriptor("limit the rate of", undoneBy: .action("rate_limit to what it was")) {
        $0.parameters = [
          .init("per_minute", .count, default: "60", isRequired: true), .init("for", .duration, default: "15m"),
        ]
        $0.confirmation = .key
        $0.risks = [.held, .goesOn]
        $0.needsRuntime = true
        $0.takesActuator = true
      }
    case .rebalance:
      ActionDescriptor("rebalance", undoneBy: .none("a rebalancing cannot be undone: rebalance again")) {
        $0.parameters = [.init("to", .text), .init("share", .decimal)]
        $0.risks = [.held]
        $0.needsRuntime = true
        $0.takesActuator = true
      }
    case .activateBackup:
      ActionDescriptor("activate the backup of", undoneBy: .action("deactivate_backup")) {
        $0.parameters = [.init("backup", .agent)]
        $0.confirmation = .key
        $0.risks = [.held]
        $0.needsRuntime = true
        $0.takesActuator = true
      }
    case .deactivateBackup:
      ActionDescriptor("deactivate the backup of", undoneBy: .action("activate_backup")) {
        $0.parameters = [.init("backup", .agent)]
        $0.risks = [.held]
        $0.needsRuntime = true
        $0.takesActuator = true
      }
    case .escalate:
      ActionDescriptor("escalate", undoneBy: .none("an escalation cannot be undone: acknowledge its alert")) {
        $0.parameters = [
          .init("to", .text, default: "on-call", isRequired: true), .init("severity", .severity, default: "high"),
        ]
        $0.confirmation = .key
        $0.isSafeToRepeat = false
        $0.takesActuator = true
      }
    case .transfer:
      ActionDescriptor(
        "transfer a conversation of", undoneBy: .none("a transfer cannot be undone: transfer the conversation back")
      ) {
        $0.parameters = [
          .init("conversation_id", .text, isRequired: true), .init("to", .agent), .init("skill", .text),
          .init("context", .text), .init("history", .text),
        ]
        $0.isSafeToRepeat = false
        $0.needsRuntime = true
        $0.takesActuator = true
      }
    case .blockIP:
      ActionDescriptor("block an address", undoneBy: .action("unblock_ip")) {
        $0.scope = .fleetOrAgents
        $0.parameters = [.init("ip", .address, isRequired: true), .init("for", .duration, default: "1h")]
        $0.asksArguments = true
        $0.risks = [.blocks]
        $0.takesActuator = true
      }
    case .unblockIP:
      ActionDescriptor("unblock an address", undoneBy: .action("block_ip")) {
        $0.scope = .fleetOrAgents
        $0.parameters = [.init("ip", .address, isRequired: true)]
        $0.takesActuator = true
      }
    case .offerCoupon:
      ActionDescriptor("offer a coupon for", undoneBy: .none("a coupon that was offered cannot be taken back")) {
        $0.parameters = [.init("conversation_ids", .text, isRequired: true), .init("campaign", .text)]
        $0.risks = [.held]
        $0.isSafeToRepeat = false
        $0.takesActuator = true
      }
    case .schedule:
      ActionDescriptor("schedule a job for", undoneBy: .action("cancel")) {
        $0.parameters = [.init("job", .text, isRequired: true), .init("at", .text)]
        $0.risks = [.held, .goesOn]
        $0.isSafeToRepeat = false
      }
    case .cancel:
      ActionDescriptor("cancel a job of", undoneBy: .action("schedule")) {
        $0.parameters = [.init("job", .text, isRequired: true)]
        $0.isSafeToRepeat = false
      }
    case .tune:
      ActionDescriptor("tune", undoneBy: .action("tune to what it was")) {
        $0.parameters = [.init("parameter", .text, isRequired: true), .init("value", .text, isRequired: true)]
        $0.risks = [.held]
        $0.needsRuntime = true
        $0.takesActuator = true
      }
    case .rollback:
      ActionDescriptor(
        "roll back", undoneBy: .none("a rollback cannot be undone: roll back to the version that it had before")
      ) {
        $0.parameters = [.init("version", .text, isRequired: true)]
        $0.asksArguments = true
        $0.risks = [.held]
        $0.needsRuntime = true
        $0.takesActuator = true
      }
    case .notify:
      ActionDescriptor("notify", undoneBy: .none("what was told cannot be taken back")) {
        $0.scope = .object
        $0.parameters = [.init("to", .text, isRequired: true), .init("text", .text, isRequired: true)]
        $0.isSafeToRepeat = false
        $0.reachesRuntimes = false
      }
    case .acknowledge:
      ActionDescriptor("acknowledge an alert", verb: "acknowledge", undoneBy: .action("unack")) {
        $0.scope = .object
        $0.parameters = [.init("alert", .text, isRequired: true), .init("for", .duration), .init("note", .text)]
        $0.confirmation = .key
        $0.isAboutAlerts = true
        $0.reachesRuntimes = false
      }
    case .unacknowledge:
      ActionDescriptor(
        "take back an acknowledgement", verb: "take back the acknowledgement of", undoneBy: .action("ack")
      ) {
        $0.scope = .object
        $0.parameters = [.init("alert", .text, isRequired: true)]
        $0.confirmation = .key
        $0.isAboutAlerts = true
        $0.reachesRuntimes = false
      }
    case .silence:
      ActionDescriptor("silence an alert", verb: "silence", undoneBy: .action("unsilence")) {
        $0.scope = .object
        $0.parameters = [
          .init("alert", .text, isRequired: true), .init("for", .duration, default: "1h"), .init("note", .text),
        ]
        $0.confirmation = .key
        $0.asksArguments = true
        $0.isAboutAlerts = true
        $0.reachesRuntimes = false
      }
    case .unsilence:
      ActionDescriptor("end a silence", verb: "end the silence of", undoneBy: .action("silence")) {
        $0.scope = .object
        $0.parameters = [.init("alert", .text, isRequired: true)]
        $0.confirmation = .key
        $0.isAboutAlerts = true
        $0.reachesRuntimes = false
      }
    case .close:
      ActionDescriptor(
        "close an alert", verb: "close",
        undoneBy: .none("an alert that was closed does not come back: its trouble opens a new one")
      ) {
        $0.scope = .object
        $0.parameters = [.init("alert", .text, isRequired: true), .init("note", .text)]
        $0.isAboutAlerts = true
        $0.reachesRuntimes = false
      }
    case .approve:
      ActionDescriptor("approve a proposal", undoneBy: .none("an approval cannot be undone: take back what was done")) {
        $0.scope = .object
        $0.parameters = [.init("proposal", .text, isRequired: true), .init("sha256", .text, isRequired: true)]
        $0.isSafeToRepeat = false
        $0.reachesRuntimes = false
      }
    case .reject:
      ActionDescriptor("decline a proposal", undoneBy: .none("a proposal that was declined does not come back")) {
        $0.scope = .object
        $0.parameters = [.init("proposal", .text, isRequired: true), .init("sha256", .text, isRequired: true)]
        $0.confirmation = .key
        $0.isSafeToRepeat = false
        $0.reachesRuntimes = false
      }
    case .undo:
      ActionDescriptor("undo", undoneBy: .none("an undo cannot be undone: send the command again")) {
        $0.scope = .object
        $0.parameters = [.init("command_id", .text, isRequired: true)]
        $0.confirmation = .key
        $0.isSafeToRepeat = false
      }
    case .automation:
      ActionDescriptor("set the automation", undoneBy: .action("the mode before")) {
        $0.scope = .fleet
        $0.parameters = [.init("mode", .mode, isRequired: true)]
        $0.asksArguments = true
        $0.reachesRuntimes = false
      }
    case .take:
      ActionDescriptor(
        "take a conversation of", verb: "take",
        undoneBy: .none("a conversation that was taken is given up by hand_back")
      ) {
        $0.parameters = [.init("conversation_id", .text, isRequired: true)]
        $0.confirmation = .key
        $0.needsRuntime = true
      }
    case .handBack:
      ActionDescriptor(
        "hand back a conversation to", verb: "hand back",
        undoneBy: .none("a conversation that was handed back waits again only if its agent says so")
      ) {
        $0.parameters = [.init("conversation_id", .text, isRequired: true), .init("note", .text)]
        $0.asksArguments = true
        $0.confirmation = .key
        $0.needsRuntime = true
      }
    case .closeConversation:
      ActionDescriptor(
        "close a conversation of", verb: "close", undoneBy: .none("a conversation that was closed is over")
      ) {
        $0.parameters = [.init("conversation_id", .text, isRequired: true), .init("note", .text)]
        $0.needsRuntime = true
      }
    case .drain:
      ActionDescriptor("drain", undoneBy: .action("resume")) {
        $0.parameters = [.init("for", .duration, default: "15m")]
        $0.confirmation = .key
        $0.needsRuntime = true
        $0.goal = .state(.draining)
        $0.takesActuator = true
      }
    case .planMaintenance:
      ActionDescriptor("plan maintenance of", undoneBy: .action("cancel_maintenance")) {
        $0.parameters = [
          .init("at", .text), .init("for", .duration, default: MaintenanceWindow.usualDrain.description),
          .init("backup", .agent), .init("window", .text),
        ]
        $0.asksArguments = true
        $0.isSafeToRepeat = false
        $0.reachesRuntimes = false
      }
    case .cancelMaintenance:
      ActionDescriptor("cancel the maintenance of", undoneBy: .none("a window that was cancelled is planned again")) {
        $0.parameters = [.init("window", .text)]
        $0.confirmation = .key
        $0.isSafeToRepeat = false
        $0.reachesRuntimes = false
      }
    }
  }
}

extension Action {
  package typealias Scope = ActionDescriptor.Scope

  package var scope: Scope { descriptor.scope }
  /// The arguments, in the order in which a prompt asks for them.
  package var parameters: [ActionParameter] { descriptor.parameters }
  /// A verb phrase for prompts and help.
  package var title: String { descriptor.title }
  /// Whether it is done to alerts, one a command.
  package var isAboutAlerts: Bool { descriptor.isAboutAlerts }
  /// Whether runtimes are told of it, and confirm it.
  package var reachesRuntimes: Bool { descriptor.reachesRuntimes }
  /// Whether doing it twice is as doing it once.
  package var isSafeToRepeat: Bool { descriptor.isSafeToRepeat }
}
