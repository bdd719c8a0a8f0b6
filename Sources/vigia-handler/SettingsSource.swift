import Automation
import Configuration
import FleetModel
import Glibc
import Handler
import Logging
import Loop
import RedisArguments

/// Where a handler's settings come from: the command line before the file, and the file before the defaults.
struct SettingsSource {
  /// The configuration file's path.
  var path: String?
  /// The runbook's; nil for the one inside the program.
  var runbook: String?
  /// What the command line says; nil if it says nothing.
  var parallel: Int?
  var logFormat: Log.Format?
  var logLevel: Log.Level?
  var monitoring = HandlerSettings.Monitoring()
  /// Secrets that come from elsewhere.
  var secrets: [String]

  /// Reads the file and gives the options with its settings in them.
  func apply(to options: HandlerOptions) throws(ConfigurationError) -> HandlerOptions {
    let settings = try read()
    var options = options
    options.parallel = parallel ?? settings.parallel ?? options.parallel
    options.restartLimit = settings.restartLimit ?? options.restartLimit
    options.actWithin = settings.actWithin ?? options.actWithin
    options.quietAlertsStay = settings.quietAlertsEnd ?? options.quietAlertsStay
    if let durability = settings.durability {
      options.durability = Durability.Setting(rawValue: durability.rawValue) ?? options.durability
    }
    options.retention.apply(settings.retention)
    options.insight.apply(settings.insight)
    options.monitoring = try monitoring(settings.monitoring)
    options.heartbeat = settings.heartbeat.map { HeartbeatSettings(url: $0.url, every: $0.span ?? .minutes(1)) }
    options.archive = settings.archive.map(ArchiveSettings.init)
    options.grafana = settings.grafana
    options.grafana?.prefix = options.prefix.text
    options.telemetry = settings.telemetry.map(TelemetrySettings.init)
    options.metrics = settings.metrics
    options.levels = settings.levels
    options.budgets = settings.budgets
    options.zone = settings.zone ?? options.zone
    options.queues = settings.queues
    options.waiting = settings.waiting
    options.handoff = settings.handoff
    options.maintenance = settings.maintenance
    options.load = settings.load
    options.tuning = settings.tuning
    options.actuators = settings.actuators
    options.runbook = try Self.runbook(at: runbook, metrics: settings.metrics)
    options.notify = settings.notify
    if !settings.notify.links.isEmpty, let path, let fault = FileTrust.fault(of: path) {
      (options.notify.links, options.notify.linksFault) = ([], fault)
    }
    options.log = Log.Settings(
      format: logFormat ?? settings.logFormat.map(Log.Format.init) ?? .text,
      level: logLevel ?? settings.logLevel.map(Log.Level.init) ?? .info, secrets: secrets + settings.secrets.sorted(),
      isForJournal: SystemdJournal.reads(2, stream: Environment["JOURNAL_STREAM"]))
    return options
  }

  /// The command line before the file. An address that others reach needs a token that others cannot read.
  private func monitoring(
    _ settings: HandlerSettings.Monitoring
  ) throws(ConfigurationError) -> MonitoringSettings {
    var result = MonitoringSettings()
    result.address = monitoring.address ?? settings.address
    result.agents = monitoring.agents ?? settings.agents ?? result.agents
    result.token = settings.token
    let file = monitoring.tokenFile ?? settings.tokenFile
    func fault(_ problem: String) -> ConfigurationError {
      ConfigurationError(file: file ?? path ?? "--metrics", key: nil, problem: problem)
    }
    if let file = monitoring.tokenFile {
      let bytes = try Self.bytes(of: file)
      do throws(MonitoringToken.Fault) { result.token = try MonitoringToken.read(bytes) } catch {
        throw fault("\(error)")
      }
    }
    if let file, File.isOpenToOthers(file) {
      throw fault("is a secret that others may read or write; chmod o= \(file)")
    }
    if let address = result.address, !address.isLoopback, result.token == nil {
      throw fault("\(address) is reached from elsewhere: it needs a token file, or a loopback address")
    }
    return result
  }

  /// What tells whether a file has changed since: of each, when it was written last and how long it is.
  var stamps: [FileStamp?] { [path, runbook].compactMap(\.self).map { FileStamp(of: $0) } }

  /// What to say of a file that was not taken, the most needed first: `runbook not taken: line 12: …`.
  func words(of error: ConfigurationError) -> String {
    let what = error.file == runbook ? "runbook" : "settings"
    let place = [error.line.map { "line \($0)" }, error.key].compactMap(\.self)
    return "\(what) not taken: \((place + [error.problem]).joined(separator: ": ")) (\(error.file))"
  }

  /// The file's archive; nil if it names none.
  func archive() throws(ConfigurationError) -> ArchiveSettings? { try read().archive.map(ArchiveSettings.init) }

  private func read() throws(ConfigurationError) -> HandlerSettings {
    guard let path else { return HandlerSettings() }
    return try HandlerFile.read(
      try Self.bytes(of: path), file: path, environment: Environment.all, readFile: Self.start(of:),
      isOpenToOthers: File.isOpenToOthers)
  }

  /// Reads a runbook; nil for the one inside the program.
  ///
  /// - Parameter metrics: the open metrics that there are.
  static func runbook(
    at path: String?, metrics: MetricTable = .builtIn
  ) throws(ConfigurationError) -> Runbook {
    guard let path else { return try RunbookFile.builtIn() }
    return try RunbookFile.read(try bytes(of: path), file: path, metrics: metrics)
  }

  /// A file as far as any is taken, and more, by which its reader sees that it is too long.
  private static func start(of path: String) -> [UInt8]? { File.read(path, upTo: ConfigurationError.mostBytes + 1) }

  private static func bytes(of path: String) throws(ConfigurationError) -> [UInt8] {
    guard let bytes = start(of: path) else {
      throw ConfigurationError(file: path, key: nil, problem: "cannot be read: \(String(cString: strerror(errno)))")
    }
    return bytes
  }
}

extension RetentionBounds {
  fileprivate mutating func apply(_ settings: HandlerSettings.Retention) {
    events = settings.events ?? events
    audit = settings.audit ?? audit
    commands = settings.commands ?? commands
    control = settings.control ?? control
    dead = settings.dead ?? dead
    bytes = settings.bytes ?? bytes
    otherBytes = settings.otherBytes ?? otherBytes
  }
}

extension ArchiveSettings {
  init(_ settings: HandlerSettings.Archive) {
    self.init(
      url: settings.url, database: settings.database, writer: Account(settings.writer),
      reader: settings.reader.map(Account.init))
  }
}

extension ArchiveSettings.Account {
  fileprivate init(_ account: HandlerSettings.Archive.Account) {
    self.init(user: account.user, password: account.password)
  }
}

extension InsightSettings {
  fileprivate mutating func apply(_ settings: HandlerSettings.Insight) {
    isOn = settings.isOn ?? isOn
    redisBytes = settings.redisBytes ?? redisBytes
    processBytes = settings.processBytes ?? processBytes
    comparesVersions = settings.comparesVersions ?? comparesVersions
    rollback = settings.rollback ?? rollback
    learns = settings.learns ?? learns
    weights.merge(settings.weights) { $1 }
    openWeights = settings.openWeights
  }
}

extension Log.Format {
  fileprivate init(_ format: HandlerSettings.LogFormat) {
    switch format {
    case .text: self = .text
    case .json: self = .json
    }
  }
}

extension Log.Level {
  fileprivate init(_ level: HandlerSettings.LogLevel) {
    switch level {
    case .debug: self = .debug
    case .info: self = .info
    case .warning: self = .warning
    case .error: self = .error
    }
  }
}

extension TelemetrySettings {
  fileprivate init(_ settings: HandlerSettings.Telemetry) {
    self.init(
      endpoint: settings.endpoint, headers: settings.headers.map { Header(name: $0.name, value: $0.value) },
      service: settings.service ?? "vigia-handler", traces: settings.sendsTraces, logs: settings.sendsLogs)
  }
}
