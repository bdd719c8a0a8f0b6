import Automation
import Execution
import FleetModel
import Logging
import Wire

/// What a handler is told when it starts, and in part again while it runs; see ``adopt(_:)``.
package struct HandlerOptions: Sendable {
  /// The handler's own name: in its lease, its audit lines, and as its consumer in the group.
  package var id: String
  package var prefix: KeyPrefix
  /// How the fleet is divided; nil if it is not. ``prefix`` is then that of one shard.
  package var shards: Shards?
  /// The channel patterns to record.
  package var recordedPatterns: [String]
  /// How long a lease stands without being renewed, and how often it is.
  package var leaseSpan = TimeSpan.milliseconds(2500)
  package var renewalSpan = TimeSpan.milliseconds(900)
  /// How often a standby asks for the lease.
  package var attemptSpan = TimeSpan.milliseconds(500)
  /// How long before the lease's end the handler stops acting.
  package var leaseMargin = TimeSpan.milliseconds(500)
  /// How long a restart may take until it counts as failed.
  package var restartLimit = TimeSpan.seconds(60)
  /// Events older than this cause nothing.
  package var actWithin = TimeSpan.seconds(60)
  /// How long a quiet alert stays open.
  package var quietAlertsStay = TimeSpan.hours(24)
  /// How far back the handler reads events when it starts for the first time.
  package var firstLook = TimeSpan.minutes(5)
  /// How long a job that runtimes were told may take until it counts as failed.
  package var jobLimit = TimeSpan.hours(1)
  /// Whether what it writes must stand on a replica before it counts.
  package var durability = Durability.Setting.automatic
  package var retention = RetentionBounds()
  /// The open metrics.
  package var metrics = MetricTable.builtIn
  /// Where alerts begin, by role, tier and agent.
  package var levels = LevelTable()
  /// What agents may use a day.
  package var budgets: [Budget] = []
  /// In which a day of theirs begins.
  package var zone = Zone.utc
  /// How long a command waits for a permission that Redis denies by a key's name, say. A handler that lacks what all of it
  /// needs gives its lease back before that.
  package var permissionPatience = TimeSpan.seconds(20)
  /// How many agents each actuator acts on at once.
  package var parallel = 64
  /// Who carries out what.
  package var actuators = ActuatorTable()
  /// The rules by which it acts by itself.
  package var runbook = Runbook()
  /// Who is told what.
  package var notify = NotifyTable()
  package var insight = InsightSettings()
  package var monitoring = MonitoringSettings()
  /// Nil: nobody is told.
  package var heartbeat: HeartbeatSettings?
  /// Nil: nothing is archived.
  package var archive: ArchiveSettings?
  /// The Grafana that gets dashboards and annotations; nil: none does.
  package var grafana: GrafanaService?
  /// Streams of other services that it looks at, and how often.
  package var queues: [QueueSettings] = []
  package var queueSpan = QueueReport.span
  /// How long conversations may wait for a person, and how often that is looked at.
  package var waiting = WaitingSettings()
  package var waitingSpan = TimeSpan.seconds(5)
  /// Whether it chooses who takes a conversation for which its agent asks for another one.
  package var handoff = HandoffSettings()
  /// Whether agents are maintained, and how often a window that has begun is looked at.
  package var maintenance = MaintenanceSettings()
  package var maintenanceSpan = TimeSpan.milliseconds(500)
  /// Whether load is shared anew among the agents of a role, and how often each role is looked at.
  package var load = LoadSettings()
  package var loadSpan = TimeSpan.seconds(10)
  /// Whether parameters that agents declare are tuned.
  package var tuning = TuningOptions()
  /// The collector of OpenTelemetry; nil: none is told.
  package var telemetry: TelemetrySettings?
  package var log = Log.Settings()
  /// Whether a leap of the server's clock counts as time that has passed: only where a test sets that clock to let time pass.
  package var leapsPassTime = false

  package init(
    id: String, prefix: KeyPrefix = .default, recordedPatterns: [String] = Keys.recordedPatterns
  ) {
    self.id = id
    self.prefix = prefix
    self.recordedPatterns = recordedPatterns
  }

  /// Which shard it is for; nil if the fleet is not divided.
  var shard: Int? { shards == nil ? nil : prefix.shard }

  /// The same for one shard of a divided fleet. What the whole fleet has once is shard 0's, and the shards of one process
  /// share its memory.
  func ofShard(_ shard: Int, of shards: Shards) -> HandlerOptions {
    var options = self
    options.shards = shards
    options.prefix = shards.prefixes[shard]
    options.insight.processBytes = max(1 << 20, insight.processBytes / shards.count)
    options.insight.redisBytes = max(1 << 20, insight.redisBytes / shards.count)
    if shard > 0 { (options.queues, options.heartbeat) = ([], nil) }
    return options
  }

  /// Whether anything is configured that makes dashboards.
  var makesDashboards: Bool { dashboardActuator != nil }

  /// What makes dashboards: what the file names for that job, or else Grafana.
  var dashboardActuator: Actuator? {
    if let actuator = actuators[job: JobName.dashboard.rawValue] { return actuator }
    return grafana.flatMap { $0.makesDashboards ? .grafana($0) : nil }
  }

  /// All that must not be read in what the handler tells.
  var secrets: [String] {
    log.secrets + notify.secrets + [grafana?.token].compactMap(\.self)
      + [monitoring.token].compactMap { $0.map { String(decoding: $0, as: UTF8.self) } }
  }

  /// How long carrying out one action may take at the most, its attempts included.
  var longestAction: TimeSpan { max(actuators.longest, dashboardActuator?.longest ?? .zero) }

  /// Takes over what may change while a handler runs: limits, retention, actuators, channels and the log. Who it is and what it
  /// listens to stands in its lease and stays.
  mutating func adopt(_ new: HandlerOptions) {
    restartLimit = new.restartLimit
    jobLimit = new.jobLimit
    durability = new.durability
    actWithin = new.actWithin
    quietAlertsStay = new.quietAlertsStay
    retention = new.retention
    metrics = new.metrics
    levels = new.levels
    (budgets, zone) = (new.budgets, new.zone)
    parallel = new.parallel
    actuators = new.actuators
    runbook = new.runbook
    notify = new.notify
    insight = new.insight
    monitoring = new.monitoring
    heartbeat = new.heartbeat
    archive = new.archive
    grafana = new.grafana
    queues = new.queues
    waiting = new.waiting
    handoff = new.handoff
    maintenance = new.maintenance
    load = new.load
    tuning = new.tuning
    telemetry = new.telemetry
    log = new.log
  }

  /// How long idempotency marks are kept.
  static let marksStay = TimeSpan.hours(48)
  /// How long a standby keeps what it hears on channels, for the recorder that it may become.
  static let listeningMilliseconds: Int64 = 5000
}
