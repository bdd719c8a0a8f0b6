import Automation
import FleetModel

/// The handler's configuration file, TOML:
///
/// ```toml
/// parallel = 64                # agents that each actuator acts on at once, 1…1024
/// restart_limit = "60s"        # until a restart that nobody confirmed has failed
/// act_within = "60s"           # events older than this cause nothing
/// quiet_alerts_end = "24h"     # until a quiet alert is given up
/// durability = "auto"          # or "replicated", "local"
/// zone = "Europe/Lisbon"       # see HandlerFile+Budgets.swift
///
/// [log]
/// format = "text"              # or "json"
/// level = "info"               # debug, info, warning, error
///
/// [retention]                  # of each stream
/// events = "24h"               # so audit, commands, control, dead
/// bytes = "512MB"              # or a number; KB, MB, GB are powers of 1024
/// other_bytes = "512MB"        # of all keys that are no streams
///
/// [insight]                    # see HandlerFile+Insight.swift
/// on = true
///
/// [prometheus]                 # see HandlerFile+Prometheus.swift
/// listen = "127.0.0.1:9464"
///
/// [heartbeat]                  # see HandlerFile+Heartbeat.swift
/// url = "https://hc-ping.com/1f0e…"
///
/// [archive]                    # see HandlerFile+Archive.swift
/// url = "http://127.0.0.1:8123"
///
/// [grafana]                    # see HandlerFile+Grafana.swift
/// url = "https://grafana.internal"
///
/// [[queues]]                   # see HandlerFile+Queues.swift
/// stream = "orders"
///
/// [waiting]                    # see HandlerFile+Waiting.swift
/// level = "5m"
///
/// [[waiting.levels]]
/// skill = "refunds*"
/// level = "2m"
///
/// [handoff]                    # see HandlerFile+Handoff.swift
/// mode = "auto"
///
/// [maintenance]                # see HandlerFile+Maintenance.swift
/// mode = "propose"
///
/// [load]                       # see HandlerFile+Load.swift
/// mode = "propose"
///
/// [tuning]                     # see HandlerFile+Tuning.swift
/// mode = "propose"
///
/// [otel]                       # see HandlerFile+OpenTelemetry.swift
/// endpoint = "http://127.0.0.1:4318"
///
/// [metrics.search_depth]       # see HandlerFile+Metrics.swift
/// warning = 40
/// critical = 100
///
/// [[levels]]                   # see HandlerFile+Levels.swift
/// role = "sales*"
/// error_rate = { medium = 0.02, high = 0.05, critical = 0.1 }
///
/// [actuators.scale]            # see HandlerFile+Actuators.swift
/// kind = "http"
/// url = "https://deploy.internal/agents/{agent}/scale"
///
/// [notify.ops]                 # see HandlerFile+Notify.swift
/// kind = "slack"
/// url_env = "SLACK_URL"
/// ```
///
/// Every span is a whole number and s, m, h or d. A key that it does not know is an error.
package enum HandlerFile {
  /// Reads it.
  ///
  /// - Parameters:
  ///   - bytes: the file's content, UTF-8.
  ///   - file: its name, for errors.
  ///   - environment: what `{env.NAME}` is filled with, and where channels' secrets come from.
  ///   - readFile: gives the content of a file that holds a secret, or of a time zone; nil if it cannot be read.
  ///   - isOpenToOthers: whether others than a file's owner and group may read or write it: then it holds no secret.
  package static func read(
    _ bytes: [UInt8], file: String, environment: [String: String] = [:],
    readFile: @escaping (String) -> [UInt8]? = { _ in nil }, isOpenToOthers: @escaping (String) -> Bool = { _ in false }
  ) throws(ConfigurationError) -> HandlerSettings {
    let top = try FileSection(bytes, file: file)
    try top.allow(
      [
        "parallel", "restart_limit", "act_within", "quiet_alerts_end", "durability", "currency", "zone", "log",
        "retention",
        "insight",
        "metrics", "levels", "budgets", "queues", "waiting", "handoff", "maintenance", "load", "tuning",
        "actuators", "prometheus", "heartbeat", "archive", "grafana", "otel",
      ]
        + NotifyReader.keys + ToolsFile.keys, in: "the file")
    var settings = HandlerSettings()
    settings.parallel = try top.integer("parallel", in: HandlerSettings.parallelRange)
    settings.restartLimit = try top.span("restart_limit", atMost: .days(1))
    settings.actWithin = try top.span("act_within", atMost: .days(1))
    settings.quietAlertsEnd = try top.span("quiet_alerts_end", atMost: .days(365))
    settings.durability = try top.choice("durability")
    if let log = try top.section("log") {
      try log.allow(["format", "level"], in: "log")
      settings.logFormat = try log.choice("format")
      settings.logLevel = try log.choice("level")
    }
    if let retention = try top.section("retention") { settings.retention = try read(retention) }
    if let prometheus = try top.section("prometheus") {
      settings.monitoring = try read(prometheus: prometheus, readFile: readFile)
    }
    settings.metrics = try metrics(in: top)
    if let insight = try top.section("insight") {
      settings.insight = try read(insight: insight, of: settings.metrics)
    }
    settings.levels = try levels(in: top, of: settings.metrics)
    settings.budgets = try budgets(in: top)
    settings.zone = try zone(in: top, readFile)
    settings.queues = try queues(in: top)
    settings.waiting = try waiting(in: top)
    settings.handoff = try handoff(in: top)
    settings.maintenance = try maintenance(in: top)
    settings.load = try load(in: top)
    settings.tuning = try tuning(in: top, of: settings.metrics)
    if let actuators = try top.section("actuators") {
      var reader = ActuatorReader(environment: environment)
      settings.actuators = try reader.table(actuators)
      settings.secrets = Set(reader.variables.compactMap { environment[$0] })
    }
    var reader = NotifyReader(environment: environment, readFile: readFile, isOpenToOthers: isOpenToOthers)
    settings.notify = try reader.table(top)
    settings.notify.links = try ToolsFile.tools(in: top).links
    if let heartbeat = try top.section("heartbeat") { settings.heartbeat = try reader.heartbeat(heartbeat) }
    if let archive = try top.section("archive") { settings.archive = try reader.archive(archive) }
    if let grafana = try top.section("grafana") { settings.grafana = try reader.grafana(grafana) }
    if let otel = try top.section("otel") { settings.telemetry = try reader.telemetry(otel) }
    settings.secrets.formUnion(reader.secrets)
    return settings
  }

  private static func read(_ section: FileSection) throws(ConfigurationError) -> HandlerSettings.Retention {
    try section.allow(["events", "audit", "commands", "control", "dead", "bytes", "other_bytes"], in: "retention")
    var retention = HandlerSettings.Retention()
    retention.events = try section.span("events")
    retention.audit = try section.span("audit")
    retention.commands = try section.span("commands")
    retention.control = try section.span("control")
    retention.dead = try section.span("dead")
    retention.bytes = try section.byteCount("bytes")
    retention.otherBytes = try section.byteCount("other_bytes")
    return retention
  }
}
