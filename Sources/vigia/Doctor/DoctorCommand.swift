import ArgumentParser
import FleetModel
import Redis
import Wire

/// `vigia doctor`.
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Look at a Redis and what vigia has there, and say what is wrong and what to do.",
    discussion: """
      It changes nothing, asks each thing once, and ends within ten seconds. Exit codes: 0 all is well, 1 something is \
      wrong, 2 something to look at or not known, 3 no answer in time, 4 Redis unreachable.
      """)

  @OptionGroup var redis: RedisOptions
  @Option(
    name: .customLong("for"),
    help: ArgumentHelp(
      "Whose rights are tried: console, operator, maintainer, handler, publisher, runtime or doctor.",
      valueName: "role"))
  var purpose = "console"
  @Option(
    help: ArgumentHelp(
      "Try the rights of this user of the server, not those of the connection's own (from Redis 7.0 on).",
      valueName: "name"))
  var user: String?
  @Option(help: ArgumentHelp("A stream that [[queues]] names, for the handler (several times).", valueName: "key"))
  var queues: [String] = []
  @Flag(help: "As one JSON document.") var json = false
  @Flag(help: "Draw with ASCII only.") var ascii = false

  func validate() throws {
    _ = try redis.prefixing.chosen()
    _ = try role()
    guard queues.isEmpty || purpose == "handler" else { throw ValidationError("--queues goes with --for handler") }
  }

  func run() throws {
    var installation = try redis.wholeInstallation()
    let session = try Session()
    if let shards = installation.shards {
      let examinations = examineShards(installation, shards, in: session, try role())
      try session.onInterrupt { session.end(.failed) }
      for examination in examinations { examination.start() }
      return try withExtendedLifetime(examinations) { try session.run() }
    }
    // The server that was named is looked at, and not one that it names.
    installation.endpoint = installation.endpoint.ofOneNode
    let table = AccessTable(
      try role(), installation.keys, reads: queues.map { Array($0.utf8) },
      usesDatabase: installation.endpoint.database != 0)
    let examination = ServerExamination(loop: session.loop, installation, table, triedUser: user) { answers in
      let checks = Self.checks(answers, installation)
      tell(installation, checks)
      session.end(Self.outcome(answers, checks))
    }
    try session.onInterrupt { session.end(.failed) }
    examination.start()
    try withExtendedLifetime(examination) { try session.run() }
  }

  func tell(_ installation: Installation, _ checks: [Check]) {
    if json {
      Output.json(DoctorPage.json(installation, checks))
    } else {
      DoctorPage(installation: installation, checks: checks, canvas: TextCanvas(ascii: ascii)).lines
        .forEach(Output.line)
    }
  }

  private func role() throws -> AccessRole {
    let name = ["operator", "maintainer"].contains(purpose) ? "anybody" : nil
    guard let role = try AccessRole(purpose == "console" ? "viewer" : purpose, name: name) else {
      let others = AccessRole.names.dropFirst().joined(separator: ", ")
      throw ValidationError("--for: there is no role \"\(purpose)\"; there are console, \(others)".shown)
    }
    return role
  }

  /// Everything that is judged, in the order in which it is told.
  static func checks(_ answers: ServerAnswers, _ installation: Installation) -> [Check] {
    var checks: [Check] = []
    if let failure = answers.failure { checks.append(unreachable(installation, failure)) }
    if answers.ranOutOfTime {
      checks.append(
        Check(
          "answers", .wrong, "some did not come within \(ServerExamination.patience / 1000) s",
          advice: "look whether the server is busy: SLOWLOG GET, and its machine's load"))
    }
    guard answers.hasAny else { return checks }
    let now = answers.time ?? ServerExamination.localTime
    return checks + ServerChecks(answers: answers, installation: installation, now: now).all
      + InstallationChecks(answers: answers, installation: installation, now: now).all
  }

  private static func unreachable(_ installation: Installation, _ failure: ConnectionFailure) -> Check {
    let detail = "Redis at \(installation.endpoint): \(failure)"
    guard case .refused(let error) = failure else {
      return Check(
        "reachable", .wrong, detail, advice: "check the address, the port, and that the server runs and listens there")
    }
    return Check("reachable", .wrong, "\(detail): \(error.advice.meaning)", advice: error.advice.remedy)
  }

  static func outcome(_ answers: ServerAnswers, _ checks: [Check]) -> Exit {
    if !answers.hasAny { return answers.failure == nil ? .noAnswer : .redisUnreachable }
    return outcome(checks)
  }

  static func outcome(_ checks: [Check]) -> Exit {
    switch DoctorPage.worst(checks) {
    case .ok: .done
    case .unknown, .look: .look
    case .wrong: .failed
    }
  }
}
