import ArgumentParser
import CLinux
import Glibc
import Handler
import Loop
import Redis

/// `vigia-handler`: the daemon.
struct HandlerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vigia-handler",
    abstract: "Executes commands, runs what is due, and records channels, for a fleet of agents.",
    discussion: """
      Several may run against one Redis: one is active, the others stand by. Without a Redis it keeps trying. SIGTERM \
      and SIGINT finish what is under way, give the lease back, and end it with status 0.
      """)

  @Option(
    help: ArgumentHelp(
      "redis://[user:pass@]host:port/db or unix:///path; default $VIGIA_REDIS, then $REDIS_URL, then 127.0.0.1:6379.",
      valueName: "URL"))
  var redis: String?

  @Option(help: ArgumentHelp("Rules to act by; may be empty.", valueName: "FILE"))
  var runbook: String?

  @Option(help: ArgumentHelp("This handler's own name; default made from host and process.", valueName: "NAME"))
  var id: String?

  @Option(help: ArgumentHelp("What every key and channel begins with.", valueName: "NAME"))
  var prefix = "agentos"

  @Option(parsing: .upToNextOption, help: ArgumentHelp("The channel patterns to record.", valueName: "PATTERN"))
  var recordedPatterns: [String] = ["agent.*", "agents.*"]

  @Option(
    name: .customLong("log"), help: ArgumentHelp("How lines of the log are written: text or json.", valueName: "FORMAT")
  )
  var logFormat: Log.Format = .text

  @Option(help: ArgumentHelp("What is logged at least: debug, info, warning or error.", valueName: "LEVEL"))
  var logLevel: Log.Level = .info

  @Flag(help: .hidden)
  var dieWithParent = false

  func run() throws {
    if dieWithParent { _ = vigia_die_with_parent(SIGKILL) }
    if let runbook { try Self.checkRunbook(runbook) }
    let endpoint = try Self.endpoint(redis)
    let loop = try Loop()
    let log = Log.standardError(logSettings(endpoint))
    log.wake = { loop.schedule(at: $0, $1) }
    var options = HandlerOptions(id: id ?? Self.defaultID)
    options.prefix = prefix
    options.recordedPatterns = recordedPatterns
    let service = HandlerService(loop: loop, endpoint: endpoint, options: options, log: log)
    var isStopping = false
    try loop.watchSignals([SIGTERM, SIGINT]) { _ in
      // A second one does not wait.
      if isStopping { return loop.stop() }
      isStopping = true
      service.stop { loop.stop() }
    }
    service.start()
    loop.run()
    log.flush()
  }

  private func logSettings(_ endpoint: Endpoint) -> Log.Settings {
    Log.Settings(
      format: logFormat, level: logLevel, secrets: [endpoint.password].compactMap(\.self),
      isForJournal: Journal.reads(2, stream: Self.variable("JOURNAL_STREAM")))
  }

  private static func endpoint(_ url: String?) throws -> Endpoint {
    guard let url = url ?? variable("VIGIA_REDIS") ?? variable("REDIS_URL") else { return .default }
    do throws(Endpoint.Malformed) {
      return try Endpoint(url: url)
    } catch {
      throw ValidationError("\(error)")
    }
  }

  /// An environment variable that is set and not empty.
  private static func variable(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
  }

  private static var defaultID: String {
    var name = [CChar](repeating: 0, count: 256)
    gethostname(&name, name.count - 1)
    let host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return "\(host)-\(getpid())"
  }

  /// Rules are for a later version: a file that holds any must not be passed over in silence.
  private static func checkRunbook(_ path: String) throws {
    guard let lines = try RunbookFile.lines(of: path) else {
      throw ValidationError("cannot read the runbook \(path): \(String(cString: strerror(errno)))")
    }
    guard let first = lines.first else { return }
    throw ValidationError(
      "\(path):\(first): rules are not supported by this version of vigia-handler; nothing was started")
  }
}

extension Log.Format: ExpressibleByArgument {}
extension Log.Level: ExpressibleByArgument {}
