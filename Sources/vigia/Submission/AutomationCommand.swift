import ArgumentParser
import Console
import FleetModel
import Redis
import Wire

/// `vigia automation`.
struct AutomationCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "automation", abstract: "Tell where the fleet-wide switch of the rules stands, or turn it.",
    discussion: "on: rules act. dry: they only say what they would do, as where nobody has ever switched. off: nothing."
  )

  @OptionGroup var redis: RedisOptions
  @Argument(help: "Where to turn it; without it, where it stands is printed.") var mode: AutomationMode?
  @Option(help: "Why, for the audit.") var reason = ""
  @Option(help: "How long to wait for the outcome.") var wait = TimeSpan.seconds(10)
  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    guard let mode else {
      return try RedisQuery.run(try redis.installation()) { SwitchReport($0, isJSON: json).print() }
    }
    let session = try Session()
    let order = CommandRequest(.automation, [], ["mode": mode.rawValue], reason: reason)
    let sending = CommandSubmission(
      session, try redis.installation(), order: order, wait: wait, untilObeyed: false, isJSON: json)
    try session.onInterrupt { session.end(.noAnswer) }
    sending.start()
    try session.run()
  }
}

/// Where the switch stands, and who turned it there as far as the audit tells.
struct SwitchReport {
  private let query: RedisQuery
  private let isJSON: Bool

  /// How much of the audit is searched.
  private static let page = 500
  private static let mostPages = 40

  init(_ query: RedisQuery, isJSON: Bool) {
    self.query = query
    self.isJSON = isJSON
  }

  func print() {
    query.send(Request("GET", query.keys.automation)) { [self] reply in
      let setting = AutomationSetting(text: reply.text)
      guard case .set(let mode) = setting else { return tell(setting, nil) }
      search(before: "+", pages: 0) { change in
        // One who sets the key by hand leaves no line.
        tell(setting, change?.mode == mode ? change : nil)
      }
    }
  }

  /// Finds the last turn of the switch, from the audit's end backward.
  private func search(before end: String, pages: Int, _ completion: @escaping (AutomationChange?) -> Void) {
    query.send(Request("XREVRANGE", query.keys.audit, end, "-", "COUNT", Self.page)) { [self] reply in
      let entries = reply.elements ?? []
      for entry in entries {
        let fields = entry.elements?.last?.pairs ?? []
        let line = fields.first { $0.name == Keys.dataField }.flatMap { AuditCoding.decode($0.value) }
        if let change = line.flatMap({ AutomationChange($0) }) { return completion(change) }
      }
      guard entries.count == Self.page, pages < Self.mostPages, let last = entries.last?.elements?.first?.text else {
        return completion(nil)
      }
      search(before: "(\(last)", pages: pages + 1, completion)
    }
  }

  private func tell(_ setting: AutomationSetting, _ change: AutomationChange?) {
    if isJSON { Output.json(json(setting, change)) } else { Output.line(words(setting, change).shown) }
    query.end()
  }

  private func words(_ setting: AutomationSetting, _ change: AutomationChange?) -> String {
    guard case .set(let mode) = setting else { return "dry: nobody has switched it on" }
    guard let change else { return mode.rawValue }
    return "\(mode.rawValue), by \(change.operator) at \(ISO8601.format(change.at))"
  }

  private func json(_ setting: AutomationSetting, _ change: AutomationChange?) -> JSONValue {
    [
      "mode": .string((setting.mode ?? .dry).rawValue), "switched": .bool(setting != .unset),
      "operator": change.map { .string($0.operator) }, "since": change.map { .string(ISO8601.format($0.at)) },
    ]
  }
}
