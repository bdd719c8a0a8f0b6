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
      return try FleetQuery.run(try redis.wholeInstallation()) { SwitchReport($0, isJSON: json).print() }
    }
    let session = try Session()
    let order = CommandRequest(.automation, [], ["mode": mode.rawValue], reason: reason)
    let sending = CommandSubmission(
      session, try redis.wholeInstallation(), order: order, wait: wait, untilObeyed: false, isJSON: json)
    try session.onInterrupt { session.end(.noAnswer) }
    sending.start()
    try session.run()
  }
}

/// Where the switch stands, and who turned it there as far as the audit tells.
struct SwitchReport {
  private let fleet: FleetQuery
  private let isJSON: Bool

  /// How much of the audit is searched.
  private static let page = 500
  private static let mostPages = 40

  init(_ fleet: FleetQuery, isJSON: Bool) {
    self.fleet = fleet
    self.isJSON = isJSON
  }

  func print() {
    fleet.send({ Request("GET", $0.automation) }) { [self] answers in
      var settings = Array(repeating: AutomationSetting.unknown, count: fleet.installation.shards?.count ?? 1)
      for (part, reply) in answers { settings[fleet.shard(of: part)] = AutomationSetting(text: reply.text) }
      let standing = SwitchStanding(settings)
      guard case .set(let mode) = standing.setting else { return tell(standing, nil) }
      // It stands where it was turned in any of the shards that let rules do least.
      let parts = answers.map(\.part).filter { settings[fleet.shard(of: $0)] == standing.setting }
      search(parts[...], mode, nil) { tell(standing, $0) }
    }
  }

  /// Finds the last turn of the switch in each of some shards.
  private func search(
    _ parts: ArraySlice<RedisQuery>, _ mode: AutomationMode, _ latest: AutomationChange?,
    _ completion: @escaping (AutomationChange?) -> Void
  ) {
    guard let part = parts.first else { return completion(latest) }
    search(part, before: "+", pages: 0) { change in
      // One who sets the key by hand leaves no line.
      let known = [latest, change?.mode == mode ? change : nil].compactMap(\.self)
      search(parts.dropFirst(), mode, known.max { $0.at < $1.at }, completion)
    }
  }

  /// Finds the last turn of the switch, from the audit's end backward.
  private func search(
    _ query: RedisQuery, before end: String, pages: Int, _ completion: @escaping (AutomationChange?) -> Void
  ) {
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
      search(query, before: "(\(last)", pages: pages + 1, completion)
    } orElse: {
      completion(nil)
    }
  }

  private func tell(_ standing: SwitchStanding, _ change: AutomationChange?) {
    let differs = standing.differs.map { ["shards differ: \($0); the strictest holds"] } ?? []
    fleet.show(
      isJSON
        ? .json(json(standing.setting, change, standing.differs)) : .lines([words(standing.setting, change)] + differs))
    fleet.end()
  }

  private func words(_ setting: AutomationSetting, _ change: AutomationChange?) -> String {
    guard case .set(let mode) = setting else { return "dry: nobody has switched it on" }
    guard let change else { return mode.rawValue }
    return "\(mode.rawValue), by \(change.operator) at \(ISO8601.format(change.at))"
  }

  private func json(_ setting: AutomationSetting, _ change: AutomationChange?, _ differs: String?) -> JSONValue {
    [
      "mode": .string((setting.mode ?? .dry).rawValue), "switched": .bool(setting != .unset),
      "operator": change.map { .string($0.operator) }, "since": change.map { .string(ISO8601.format($0.at)) },
      "shards": differs.map { .string($0) },
    ]
  }
}
