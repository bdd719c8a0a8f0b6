import Automation
import FleetModel
import Wire

/// What acting on one target changes: a value, made without looking at Redis, and written by one transaction.
package struct Change {
  /// The address whose block begins or ends.
  package struct Block: Equatable {
    package var address: IPAddress
    /// Nil ends it.
    package var until: Instant?

    package init(address: IPAddress, until: Instant? = nil) {
      self.address = address
      self.until = until
    }
  }

  /// A job that is put into the schedule, or taken out if there is no time.
  package struct ScheduledJob: Equatable {
    package var job: Job
    package var due: Instant?

    package init(job: Job, due: Instant? = nil) {
      self.job = job
      self.due = due
    }
  }

  /// Who stood in for the target, and who does from now on.
  package struct StandIn: Equatable {
    package var before: AgentID?
    package var after: AgentID?

    package init(before: AgentID? = nil, after: AgentID? = nil) {
      self.before = before
      self.after = after
    }
  }

  /// The record as it is to be, but for version, time and author; nil leaves it.
  package var after: AgentRecord?
  /// What the runtime is told: the action, its arguments, and when what it restricts ends.
  package var control: Control?
  package var scheduledJobs: [ScheduledJob] = []
  package var alert: AlertRecord?
  /// Who has a queue's alert in hand from now on; no hand if nobody has.
  package var queueHand: (id: QueueAlertID, hand: QueueTrouble.Hand?)?
  /// A conversation that waits for a person, as it is from now on; nil in its place if it waits no more.
  package var conversation: (id: WaitingConversation.ID, kept: WaitingConversation?)?
  /// The agent's window of maintenance, as it is from now on; nil in its place if there is none any more.
  package var window: (agent: AgentID, kept: MaintenanceWindow?)?
  /// Whether a window was declined that a forecast has led to: the next one is not proposed at once.
  package var declinesForecast = false
  /// The proposal that it settles.
  package var proposal: Proposal?
  package var block: Block?
  package var standIn: StandIn?
  /// A parameter of the agent's, and what it is to be; nil unsets it.
  package var setting: (parameter: String, value: String?)?
  /// The fleet's mode of automation.
  package var automation: String?
  /// What goes into the stream of reports.
  package var report: [UInt8]?
  /// What people are told of it.
  package var notices: [Notice] = []
  /// What was done, in a few words.
  package var detail = ""

  package struct Control: Equatable {
    package var verb: ControlVerb
    package var arguments: [String: String] = [:]
    package var until: Instant?

    package init(_ verb: ControlVerb, arguments: [String: String] = [:], until: Instant? = nil) {
      self.verb = verb
      self.arguments = arguments
      self.until = until
    }

    package init(action: Action, arguments: [String: String] = [:], until: Instant? = nil) {
      self.init(.action(action), arguments: arguments, until: until)
    }

    /// What the runtime reports once it has obeyed.
    package var goal: RuntimeGoal? {
      guard case .action(let action) = verb else { return nil }
      return RuntimeGoal(of: action, replicas: arguments["replicas"].flatMap { Int($0) })
    }
  }

  /// The field of an agent's record that holds the id of the command that restarted it last.
  package static let restartField = Array("restart".utf8)

  package init(
    after: AgentRecord? = nil, control: Control? = nil, scheduledJobs: [ScheduledJob] = [], alert: AlertRecord? = nil,
    proposal: Proposal? = nil, block: Block? = nil, standIn: StandIn? = nil,
    setting: (parameter: String, value: String?)? = nil, automation: String? = nil, report: [UInt8]? = nil,
    notices: [Notice] = [], detail: String = ""
  ) {
    self.after = after
    self.control = control
    self.scheduledJobs = scheduledJobs
    self.alert = alert
    self.proposal = proposal
    self.block = block
    self.standIn = standIn
    self.setting = setting
    self.automation = automation
    self.report = report
    self.notices = notices
    self.detail = detail
  }
}

/// What an action is judged by: the target as it stands, and what is known around it.
package struct PlanningContext {
  package var target: AgentID
  package var record: AgentRecord
  /// The alert that the action is about, if it is open.
  package var alert: AlertRecord?
  /// When the present block of the address ends.
  package var blockedUntil: Instant?
  /// When the longest block of the address ends, for whichever target.
  package var longestBlock: Instant?
  /// An agent that says it stands in for the target.
  package var knownBackup: AgentID?
  /// The version that the target says it runs; nil if it has said none.
  package var knownVersion: String?
  package var commandID: CommandID
  package var `operator`: String
  /// Why it is done; empty if nobody says.
  package var reason: String
  package var now: Instant
  package var restartLimit: TimeSpan
  /// What a parameter or the mode is set to, and when the job in question is due.
  package var setting: String?
  package var scheduledAt: Instant?
  /// The queue in question, if its alert is open, and who has that in hand.
  package var queue: QueueStanding?
  package var queueHand: QueueTrouble.Hand?
  /// The conversation in question, if it waits for a person or a person has it.
  package var conversation: WaitingConversation?
  /// The proposal in question, or why it is none.
  package var proposal: Proposal?
  package var proposalFault: ProposalCoding.Fault?
  /// The agent's window of maintenance, how many there are of all agents, and whether windows begin.
  package var window: MaintenanceWindow?
  package var windowCount = 0
  package var maintenance = Autonomy.off
  /// The channels that people can be told by.
  package var channels: Set<String> = []
  /// Whether anything is configured that makes dashboards.
  package var makesDashboards = false

  package init(
    target: AgentID, record: AgentRecord, commandID: CommandID, operator: String, reason: String = "", now: Instant,
    restartLimit: TimeSpan
  ) {
    self.target = target
    self.record = record
    self.commandID = commandID
    self.operator = `operator`
    self.reason = reason
    self.now = now
    self.restartLimit = restartLimit
  }

  /// What the operator did in a service, if the order came from there.
  package var act: ServiceAct? { ServiceAct(reason: reason, by: `operator`) }
}
