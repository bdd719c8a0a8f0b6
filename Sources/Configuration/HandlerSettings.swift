import Automation
import FleetModel

/// What a handler's configuration file says. Nil: nothing, and the handler's own default counts.
package struct HandlerSettings: Equatable, Sendable {
  package enum LogFormat: String, CaseIterable, Sendable { case text, json }
  /// Whether what the handler writes must stand on a replica before it counts.
  package enum Durability: String, CaseIterable, Sendable { case auto, replicated, local }
  package enum LogLevel: String, CaseIterable, Sendable { case debug, info, warning, error }

  /// How long streams are kept, and how many bytes of each.
  package struct Retention: Equatable, Sendable {
    package var events: TimeSpan?
    package var audit: TimeSpan?
    package var commands: TimeSpan?
    package var control: TimeSpan?
    package var dead: TimeSpan?
    package var bytes: Int?
    /// Of all other keys together.
    package var otherBytes: Int?

    package init() {}
  }

  /// How far it looks ahead.
  package struct Insight: Equatable, Sendable {
    package var isOn: Bool?
    /// What history may take in Redis, and what detectors may take in the process.
    package var redisBytes: Int?
    package var processBytes: Int?
    /// Whether the audit is to tell how alerts begin and end, so that what operators do about them can be learnt.
    package var learns: Bool?
    /// Whether versions of agents in one role are compared.
    package var comparesVersions: Bool?
    /// What becomes of agents whose version is named worse than another.
    package var rollback: Autonomy?
    /// How much of an agent's health each metric can take, 0…1.
    package var weights: [Metric: Double] = [:]
    /// The same of open metrics, by name.
    package var openWeights: [String: Double] = [:]

    package init() {}
  }

  /// Where it tells Prometheus of itself.
  package struct Monitoring: Equatable, Sendable {
    package var address: ListenAddress?
    package var token: [UInt8]?
    /// The file that the token came from.
    package var tokenFile: String?
    package var agents: Int?

    package init() {}

    /// How many agents may have series of their own.
    package static let agentsRange = 0...100_000
  }

  /// The service that the leader pings while it acts and reads in time.
  package struct Heartbeat: Equatable, Sendable {
    package var url: String
    /// Nil: as often as by default.
    package var span: TimeSpan?
  }

  /// The ClickHouse that keeps what streams let go of.
  package struct Archive: Equatable, Sendable {
    /// Who asks it.
    package struct Account: Equatable, Sendable {
      package var user: String
      package var password: String
    }

    package var url: String
    package var database = "vigia"
    package var writer: Account
    /// Nil: the writer.
    package var reader: Account?
  }

  /// The collector of OpenTelemetry that is told what the handler does.
  package struct Telemetry: Equatable, Sendable {
    package var endpoint: String
    package var headers: [Header] = []
    /// Nil: the handler's own name.
    package var service: String?
    package var sendsTraces = true
    package var sendsLogs = true

    package struct Header: Equatable, Sendable {
      package var name: String
      package var value: String
    }
  }

  /// How many agents are acted on at once, 1…1024.
  package var parallel: Int?
  /// How long a restart may take until it counts as failed.
  package var restartLimit: TimeSpan?
  package var durability: Durability?
  /// Events older than this cause nothing.
  package var actWithin: TimeSpan?
  /// How long a quiet alert stays open.
  package var quietAlertsEnd: TimeSpan?
  package var logFormat: LogFormat?
  package var logLevel: LogLevel?
  package var retention = Retention()
  package var metrics = MetricTable.builtIn
  package var levels = LevelTable()
  /// What agents may use a day.
  package var budgets: [Budget] = []
  /// In which a day of theirs begins; nil: UTC.
  package var zone: Zone?
  package var insight = Insight()
  package var monitoring = Monitoring()
  package var heartbeat: Heartbeat?
  package var archive: Archive?
  package var grafana: GrafanaService?
  /// Streams of other services that it looks at.
  package var queues: [QueueSettings] = []
  /// How long conversations may wait for a person.
  package var waiting = WaitingSettings()
  /// Whether it chooses who takes a conversation for which its agent asks for another one.
  package var handoff = HandoffSettings()
  /// Whether agents are maintained before they fail.
  package var maintenance = MaintenanceSettings()
  /// Whether load is shared anew among the agents of a role.
  package var load = LoadSettings()
  /// Whether parameters that agents declare are tuned.
  package var tuning = TuningOptions()
  package var telemetry: Telemetry?
  package var actuators = ActuatorTable()
  package var notify = NotifyTable()
  /// Values of the environment that the texts hold, and addresses and keys of channels, which no log may show.
  package var secrets: Set<String> = []

  package init() {}

  /// How many agents may be acted on at once.
  package static let parallelRange = 1...1024
}
