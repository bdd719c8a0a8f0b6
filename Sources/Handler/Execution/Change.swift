import Automation
import FleetModel
import Wire

/// What acting on one target changes: a value, made without looking at Redis, and written by one step.
struct Change {
  /// The address whose block begins or ends.
  struct Block: Equatable {
    var address: IPAddress
    /// Nil ends it.
    var until: Instant?
  }

  /// A job that is put into the schedule, or taken out where there is no time.
  struct ScheduledJob: Equatable {
    var job: Job
    var due: Instant?
  }

  /// Who stood in for the target, and who does from now on.
  struct StandIn: Equatable {
    var before: AgentID?
    var after: AgentID?
  }

  /// The record as it is to be, but for version, time and author; nil leaves it.
  var after: AgentRecord?
  /// What the runtime is told: the action, its arguments, and when what it restricts ends.
  var control: Control?
  var scheduledJobs: [ScheduledJob] = []
  var alert: AlertRecord?
  /// The proposal that it settles.
  var proposal: Proposal?
  var block: Block?
  var standIn: StandIn?
  /// A parameter of the agent's, and what it is to be; nil unsets it.
  var setting: (parameter: String, value: String?)?
  /// The fleet's mode of automation.
  var automation: String?
  /// What goes into the stream of reports.
  var report: [UInt8]?
  /// What people are told of it.
  var notices: [Notice] = []
  /// What was done, in a few words.
  var detail = ""

  struct Control: Equatable {
    var verb: ControlVerb
    var arguments: [String: String] = [:]
    var until: Instant?

    init(_ verb: ControlVerb, arguments: [String: String] = [:], until: Instant? = nil) {
      self.verb = verb
      self.arguments = arguments
      self.until = until
    }

    init(action: Action, arguments: [String: String] = [:], until: Instant? = nil) {
      self.init(.action(action), arguments: arguments, until: until)
    }

    /// What the runtime reports once it has obeyed.
    var goal: RuntimeGoal? {
      guard case .action(let action) = verb else { return nil }
      return RuntimeGoal(of: action, replicas: arguments["replicas"].flatMap { Int($0) })
    }
  }

  /// The field of an agent's record that holds the id of the command that restarted it last.
  static let restartField = Array("restart".utf8)

  /// The field of an agent's record that holds a parameter.
  static func field(of parameter: String) -> [UInt8] { Array("tune:\(parameter)".utf8) }
}

/// What an action is judged by: the target as it stands, and what is known around it.
struct PlanningContext {
  var target: AgentID
  var record: AgentRecord
  /// The alert that the action is about, where it is open.
  var alert: AlertRecord?
  /// When the present block of the address ends.
  var blockedUntil: Instant?
  /// When the longest block of the address ends, for whichever target.
  var longestBlock: Instant?
  /// An agent that says it stands in for the target.
  var knownBackup: AgentID?
  var commandID: CommandID
  var `operator`: String
  /// Why it is done; empty where nobody says.
  var reason: String
  var now: Instant
  var restartLimit: TimeSpan
  /// What a parameter or the mode is set to, and when the job in question is due.
  var setting: String?
  var scheduledAt: Instant?
  /// The proposal in question, or why it is none.
  var proposal: Proposal?
  var proposalFault: ProposalCoding.Fault?
  /// The channels that people can be told by.
  var channels: Set<String>
  /// Whether anything is configured that makes dashboards.
  var makesDashboards: Bool

  init(
    target: AgentID, snapshot: TargetSnapshot, knownBackup: AgentID? = nil, commandID: CommandID, operator: String,
    reason: String = "", now: Instant, restartLimit: TimeSpan, channels: Set<String> = [], makesDashboards: Bool = false
  ) {
    self.target = target
    record = snapshot.record
    alert = snapshot.alert
    blockedUntil = snapshot.blockedUntil
    longestBlock = snapshot.longestBlock
    self.knownBackup = knownBackup
    self.commandID = commandID
    self.operator = `operator`
    self.reason = reason
    self.now = now
    self.restartLimit = restartLimit
    setting = snapshot.setting
    scheduledAt = snapshot.scheduledAt
    (proposal, proposalFault) = (snapshot.proposal, snapshot.proposalFault)
    self.channels = channels
    self.makesDashboards = makesDashboards
  }
}
