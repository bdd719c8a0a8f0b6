import ArgumentParser
import CLinux
import Configuration
import FleetModel
import Glibc
import Handler
import Logging
import Loop
import Redis
import RedisArguments
import Wire

/// `vigia-handler`: the daemon.
struct HandlerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vigia-handler",
    abstract: "Executes commands, runs what is due, and records channels, for a fleet of agents.",
    discussion: """
      Several may run against one Redis: one is active, the others stand by; with --shards each leads its part of the \
      shards. Without a Redis it keeps trying. SIGTERM \
      and SIGINT finish what is under way, give the lease back, and end it with status 0. SIGHUP, or a change of \
      either file, reads configuration and runbook again; a wrong one is logged and changes nothing.
      """,
    version: ProgramVersion.text,
    subcommands: [RehearseCommand.self])

  @OptionGroup var redis: RedisOptions

  @Option(
    help: ArgumentHelp(
      "Rules to act by, as TOML; an empty file means none. Default: those that vigia runbook show prints.",
      valueName: "FILE"))
  var runbook: String?

  @Option(help: ArgumentHelp("This handler's own name; default made from host and process.", valueName: "NAME"))
  var id: String?

  @OptionGroup var prefixing: PrefixOptions

  @Option(parsing: .upToNextOption, help: ArgumentHelp("The channel patterns to record.", valueName: "PATTERN"))
  var recordedPatterns: [String] = ["agent.*", "agents.*"]

  @Option(
    help: ArgumentHelp("Settings, as TOML; default $VIGIA_HANDLER_CONFIG. SIGHUP reads it again.", valueName: "FILE"))
  var config: String?

  @Flag(help: "Read the configuration file, say \"ok\" or what is wrong with it, and end.")
  var check = false

  @Option(
    help: ArgumentHelp(
      "Send one test notice through a channel, print what its service answers, and end.", valueName: "NAME"))
  var testChannel: String?

  @Option(
    help: ArgumentHelp(
      "How many agents each action's service or program acts on at once, 1 to 1024; default 64.", valueName: "N"))
  var parallel: Int?

  @Option(
    help: ArgumentHelp(
      "Serve /metrics, /healthz and /readyz here, such as 127.0.0.1:9464; an address that others reach needs a token.",
      valueName: "ADDRESS"))
  var metrics: ListenAddress?

  @Option(
    help: ArgumentHelp(
      "A file with the bearer token that /metrics asks for; others may not read it.", valueName: "FILE"))
  var metricsToken: String?

  @Option(
    help: ArgumentHelp(
      "How many agents have series of their own in /metrics; default 1000.", valueName: "N"))
  var metricsAgents: Int?

  @Option(
    name: .customLong("log"),
    help: ArgumentHelp("How the log is written: text, the default, or json.", valueName: "FORMAT"))
  var logFormat: Log.Format?

  @Option(
    help: ArgumentHelp("What is logged at least: debug, info, the default, warning or error.", valueName: "LEVEL"))
  var logLevel: Log.Level?

  @Flag(help: .hidden)
  var dieWithParent = false

  func validate() throws {
    if let parallel, !HandlerSettings.parallelRange.contains(parallel) {
      throw ValidationError("--parallel is not one of 1…1024")
    }
    if let metricsAgents, !HandlerSettings.Monitoring.agentsRange.contains(metricsAgents) {
      throw ValidationError("--metrics-agents is not one of 0…100000")
    }
  }

  func run() throws {
    if dieWithParent { _ = vigia_die_with_parent(SIGKILL) }
    let path = config ?? Environment["VIGIA_HANDLER_CONFIG"]
    if check { return try Self.check(path, runbook: runbook, monitoring) }
    if let testChannel { return try NotifyTestCommand.test(testChannel, path) }
    let endpoint = try redis.endpoint()
    let source = SettingsSource(
      path: path, runbook: runbook, parallel: parallel, logFormat: logFormat, logLevel: logLevel,
      monitoring: monitoring, secrets: endpoint.secrets)
    var options = HandlerOptions(id: id ?? Self.defaultID)
    options.prefix = try prefixing.chosen()
    options.recordedPatterns = recordedPatterns
    try Self.serve(endpoint, options, try prefixing.division(), source)
  }

  /// What the command line says of it; the token is read with the file.
  private var monitoring: HandlerSettings.Monitoring {
    var monitoring = HandlerSettings.Monitoring()
    (monitoring.address, monitoring.tokenFile, monitoring.agents) = (metrics, metricsToken, metricsAgents)
    return monitoring
  }

  /// Serves until a signal ends it.
  private static func serve(
    _ endpoint: Endpoint, _ defaults: HandlerOptions, _ shards: Shards?, _ source: SettingsSource
  ) throws {
    let options = try usage { () throws(ConfigurationError) in try source.apply(to: defaults) }
    let loop = try Loop()
    let log = Log.standardError(options.log)
    log.wake = { loop.schedule(at: $0, $1) }
    let service: any HandlerDaemon =
      if let shards {
        try DividedService(loop: loop, endpoint: endpoint, options: options, shards: shards, log: log)
      } else {
        try HandlerService(loop: loop, endpoint: endpoint, options: options, log: log)
      }
    let monitoring = MonitoringServer(loop: loop, log: log, monitor: service.monitor)
    var isStopping = false
    // Without a file there is nothing to read again, and SIGHUP is what it is to others: the end.
    let hasFile = source.path != nil || source.runbook != nil
    let signals = [SIGTERM, SIGINT] + (hasFile ? [SIGHUP] : [])
    try loop.watchSignals(signals) { signal in
      if signal == SIGHUP { return reload(service, monitoring, log, defaults, source) }
      // A second one does not wait.
      if isStopping { return loop.stop() }
      isStopping = true
      service.stop { loop.stop() }
    }
    service.start()
    monitoring.apply(options.monitoring.address)
    if hasFile { watch(source, source.stamps, on: loop) { reload(service, monitoring, log, defaults, source) } }
    // What is large is mapped by itself, and so given back whole: by default only the first blocks of a size are, and a
    // burst of long messages leaves its holes.
    vigia_map_blocks_from(256 << 10)
    loop.run()
    service.flushLog()
  }

  /// Looks now and then whether a file has changed, and calls `changed` once it has stood still for a look.
  private static func watch(
    _ source: SettingsSource, _ known: [FileStamp?], pending: [FileStamp?]? = nil, on loop: Loop,
    _ changed: @escaping () -> Void
  ) {
    loop.schedule(inMilliseconds: 1000) {
      let stamps = source.stamps
      guard stamps != known else { return watch(source, known, on: loop, changed) }
      // A file that is just being written, or is away between two names, is left alone.
      guard stamps == pending, !stamps.contains(nil) else {
        return watch(source, known, pending: stamps, on: loop, changed)
      }
      changed()
      watch(source, stamps, on: loop, changed)
    }
  }

  /// Reads the file again; with a bad one the handler goes on as before.
  private static func reload(
    _ service: any HandlerDaemon, _ monitoring: MonitoringServer, _ log: Log, _ defaults: HandlerOptions,
    _ source: SettingsSource
  ) {
    let files = [source.path, source.runbook].compactMap(\.self).joined(separator: ", ")
    do throws(ConfigurationError) {
      let options = try source.apply(to: defaults)
      service.apply(options)
      monitoring.apply(options.monitoring.address)
      log(.info, "settings read again", ["files": files])
    } catch {
      log(.error, "settings not changed: the file is wrong", ["error": "\(error)"])
      service.complain(source.words(of: error))
    }
  }

  private static func check(_ path: String?, runbook: String?, _ monitoring: HandlerSettings.Monitoring) throws {
    guard path != nil || runbook != nil else {
      throw ValidationError("--check needs --config FILE, $VIGIA_HANDLER_CONFIG or --runbook FILE")
    }
    let source = SettingsSource(path: path, runbook: runbook, monitoring: monitoring, secrets: [])
    _ = try usage { () throws(ConfigurationError) in try source.apply(to: HandlerOptions(id: "")) }
    print("ok")
  }

  /// A wrong file is wrong usage, as a wrong option is.
  static func usage<Value>(_ read: () throws(ConfigurationError) -> Value) throws -> Value {
    do throws(ConfigurationError) { return try read() } catch { throw ValidationError("\(error)") }
  }

  private static var defaultID: String {
    var name = [CChar](repeating: 0, count: 256)
    gethostname(&name, name.count - 1)
    let host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return "\(host)-\(getpid())"
  }
}

extension ListenAddress: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
}
extension Log.Format: ExpressibleByArgument {}
extension Log.Level: ExpressibleByArgument {}
