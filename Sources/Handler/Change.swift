import FleetModel

/// What acting on one target changes: a value, made without looking at Redis, and written by one step.
struct Change: Equatable {
  /// The address whose block begins or ends.
  struct Block: Equatable {
    var address: IPAddress
    /// Nil ends it.
    var until: Instant?
  }

  /// A job that is put into the schedule, or taken out where there is no time.
  struct Appointment: Equatable {
    var job: Job
    var due: Instant?
  }

  /// The record as it is to be, but for version, time and author; nil leaves it.
  var after: AgentRecord?
  /// What the runtime is told: the action, its arguments, and when what it restricts ends.
  var control: Control?
  var appointments: [Appointment] = []
  var alert: AlertRecord?
  var block: Block?
  /// What was done, in a few words.
  var detail = ""

  struct Control: Equatable {
    var action: Action
    var arguments: [String: String] = [:]
    var until: Instant?
  }
}

/// What an action is judged by: the target as it stands, and what is known around it.
struct Scene {
  var target: AgentID
  var record: AgentRecord
  /// The alert that the action is about, where it is open.
  var alert: AlertRecord?
  /// When the present block of the address ends.
  var blockedUntil: Instant?
  /// An agent that says it stands in for the target.
  var knownBackup: AgentID?
  var commandID: CommandID
  var `operator`: String
  var now: Instant
  var restartLimit: TimeSpan
}
