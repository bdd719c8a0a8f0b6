import Automation
import Configuration
import FleetModel
import Testing

@Suite struct HandlerFileTests {
  private func read(_ text: String) throws(ConfigurationError) -> HandlerSettings {
    try HandlerFile.read(
      Array(text.utf8), file: "handler.toml", environment: ["TOKEN": "s3cret", "BROKEN": "a\nb", "REGION": "eu"])
  }

  private func template(_ text: String) throws -> Template {
    try Template(text, environment: ["TOKEN": "s3cret", "REGION": "eu"])
  }

  @Test func emptyFileSaysNothing() throws {
    #expect(try read("") == HandlerSettings())
    #expect(try read("# nothing\n[log]\n[retention]\n[actuators]\n") == HandlerSettings())
  }

  @Test func settingsAreRead() throws {
    let settings = try read(
      """
      parallel = 8
      restart_limit = "90s"
      quiet_alerts_end = "12h"
      act_within = "2m"

      [log]
      format = "json"
      level = "debug"

      [retention]
      events = "12h"
      audit = "30d"
      commands = "6h"
      control = "3h"
      dead = "14d"
      bytes = "256MB"
      """)
    #expect(settings.parallel == 8)
    #expect(settings.restartLimit == .seconds(90))
    #expect(settings.quietAlertsEnd == .hours(12))
    #expect(settings.actWithin == .minutes(2))
    #expect(settings.logFormat == .json && settings.logLevel == .debug)
    #expect(settings.retention.events == .hours(12) && settings.retention.audit == .days(30))
    #expect(settings.retention.commands == .hours(6) && settings.retention.control == .hours(3))
    #expect(settings.retention.dead == .days(14))
    #expect(settings.retention.bytes == 268_435_456)
  }

  @Test func whatIsLearntAndComparedIsOffUnlessItIsAskedFor() throws {
    let insight = try read("[insight]\nlearn = true\nversions = true\n").insight
    #expect(insight.learns == true && insight.comparesVersions == true)
    #expect(try read("[insight]\non = true\n").insight.learns == nil)
  }

  @Test(arguments: [("4096", 4096), ("'4KB'", 4096), ("'3MB'", 3_145_728), ("'2GB'", 2_147_483_648)])
  func bytesAreANumberOrAText(_ text: String, _ count: Int) throws {
    #expect(try read("[retention]\nbytes = \(text)").retention.bytes == count)
    #expect(try read("[retention]\nother_bytes = \(text)").retention.otherBytes == count)
  }

  @Test func requestIsRead() throws {
    let settings = try read(
      """
      [actuators.scale]
      kind = "http"
      method = "PUT"
      url = "https://deploy.internal/agents/{agent}/scale"
      headers = { Authorization = "Bearer {env.TOKEN}", "X-Key" = "{key}" }
      body = '{{"replicas": {args.replicas}}}'
      timeout = "20s"
      attempts = 5
      [actuators.scale.repeat]
      url = "http://deploy.internal/done/{key}"
      headers = { Authorization = "{env.TOKEN}" }
      timeout = "5s"
      """)
    let lookUp = HTTPActuator(
      method: "GET", url: try template("http://deploy.internal/done/{key}"),
      headers: [.init(name: "Authorization", value: try template("{env.TOKEN}"))], timeout: .seconds(5))
    let expected = HTTPActuator(
      method: "PUT", url: try template("https://deploy.internal/agents/{agent}/scale"),
      headers: [
        .init(name: "Authorization", value: try template("Bearer {env.TOKEN}")),
        .init(name: "X-Key", value: try template("{key}")),
      ], body: try template("{{\"replicas\": {args.replicas}}}"), timeout: .seconds(20), attempts: 5,
      repeat: .lookUp(lookUp))
    #expect(settings.actuators[.scale] == .http(expected))
    #expect(settings.actuators[.pause] == .redis)
    #expect(settings.secrets == ["s3cret"])
  }

  @Test func leavingOutTakesTheActuatorsOwnDefaults() throws {
    let settings = try read(
      """
      [actuators.pause]
      kind = "redis"
      [actuators.restart]
      kind = "http"
      url = "http://localhost:8080"
      [actuators.tune]
      kind = "http"
      url = "http://{env.REGION}.internal/{agent}"
      repeat = "never"
      [actuators.job.audit]
      kind = "exec"
      argv = ["/bin/true"]
      """)
    #expect(settings.actuators[.pause] == .redis)
    #expect(settings.actuators[.restart] == .http(HTTPActuator(url: try template("http://localhost:8080"))))
    #expect(
      settings.actuators[.tune]
        == .http(HTTPActuator(url: try template("http://{env.REGION}.internal/{agent}"), repeat: .never)))
    #expect(settings.actuators[job: "audit"] == .exec(ExecActuator(arguments: [try template("/bin/true")])))
    #expect(settings.actuators[job: "analysis"] == nil)
  }

  @Test func programIsRead() throws {
    let settings = try read(
      """
      [actuators.job.retraining]
      kind = "exec"
      argv = ["/usr/local/bin/retrain", "{agent}", ""]
      environment = { REGION = "{env.REGION}", MODE = "full" }
      timeout = "10m"
      repeat = "safe"
      """)
    let expected = ExecActuator(
      arguments: try ["/usr/local/bin/retrain", "{agent}", ""].map { try template($0) },
      environment: ["REGION": try template("{env.REGION}"), "MODE": try template("full")], timeout: .minutes(10),
      repeat: .safe)
    #expect(settings.actuators[job: "retraining"] == .exec(expected))
    #expect(settings.secrets == ["eu"])
  }

  @Test func everyActionThatReachesRuntimesHasAnActuator() throws {
    let names = [
      "pause", "resume", "restart", "scale", "rate_limit", "rebalance", "activate_backup", "deactivate_backup",
      "escalate", "transfer", "block_ip", "unblock_ip", "offer_coupon", "tune", "rollback",
    ]
    let settings = try read(names.map { "[actuators.\($0)]\nkind = 'exec'\nargv = ['/bin/true']\n" }.joined())
    for name in names {
      #expect(
        settings.actuators[try #require(Action(rawValue: name))]
          == .exec(ExecActuator(arguments: [Template(text: "/bin/true")])))
    }
    for name in ["analysis", "retraining", "maintenance", "audit", "dashboard"] {
      #expect(try read("[actuators.job.\(name)]\nkind = 'redis'").actuators[job: name] == .redis)
    }
  }

  // MARK: Errors

  private static let span = "expected a span of up to"

  @Test(arguments: [
    (
      "paralel = 1",
      "paralel: unknown key; the file has parallel, restart_limit, act_within, quiet_alerts_end, durability, currency, zone, log, retention, insight, metrics, levels, budgets, queues, waiting, handoff, maintenance, load, tuning, actuators, prometheus, heartbeat, archive, grafana, otel, notify, routes, default_route, group_wait, group_interval, links, commands"
    ),
    ("parallel = 0", "parallel: is the number 0; expected a whole number from 1 to 1024"),
    ("parallel = 1025", "parallel: is the number 1025; expected a whole number from 1 to 1024"),
    ("parallel = 1.5", "parallel: is the number 1.5; expected a whole number from 1 to 1024"),
    ("parallel = '8'", "parallel: is the text \"8\"; expected a whole number from 1 to 1024"),
    ("restart_limit = 60", "restart_limit: is the number 60; \(span) 1d such as \"10s\", with s, m, h or d"),
    ("act_within = '60'", "act_within: is the text \"60\"; \(span) 1d such as \"10s\", with s, m, h or d"),
    ("act_within = '2d'", "act_within: is the text \"2d\"; \(span) 1d such as \"10s\", with s, m, h or d"),
    ("durability = 'yes'", "durability: is the text \"yes\"; expected one of \"auto\", \"replicated\", \"local\""),
    ("log = 'json'", "log: is the text \"json\"; expected a table"),
    ("[log]\nformat = 'xml'", "log.format: is the text \"xml\"; expected one of \"text\", \"json\""),
    ("[log]\nlevel = true", "log.level: is true; expected one of \"debug\", \"info\", \"warning\", \"error\""),
    ("[log]\nfile = 'x'", "log.file: unknown key; log has format, level"),
    (
      "[retention]\nrollups = '1h'",
      "retention.rollups: unknown key; retention has events, audit, commands, control, dead, bytes, other_bytes"
    ),
    ("[insight]\non = 1", "insight.on: is the number 1; expected true or false"),
    (
      "[insight]\nspan = '1h'",
      "insight.span: unknown key; insight has on, redis, memory, versions, rollback, learn, weights"
    ),
    (
      "[insight]\nversions = true\nrollback = 'yes'",
      "insight.rollback: is the text \"yes\"; expected one of \"off\", \"propose\", \"auto\""
    ),
    (
      "[insight]\nrollback = 'auto'",
      "insight.rollback: is \"auto\" while no versions are compared; set versions = true"
    ),
    (
      "[insight.weights]\nerror_rate = 1.5",
      "insight.weights.error_rate: is the number 1.5; expected a number from 0.0 to 1.0"
    ),
    (
      "[insight.weights]\nqueue = 1",
      "insight.weights.queue: unknown key; insight.weights has error_rate, response_time, queue_size, avg_rating, cost_per_hour, time_to_first_token, tool_error_rate, tool_latency, fallback_rate, guardrail_trips, waiting_for_person"
    ),
    (
      "[retention]\nevents = '99999d'",
      "retention.events: is the text \"99999d\"; \(span) 3650d such as \"10s\", with s, m, h or d"
    ),
    (
      "[retention]\ndead = 2026-11-22",
      "retention.dead: is a date or time; \(span) 3650d such as \"10s\", with s, m, h or d"
    ),
  ])
  func wrongSettingIsNamed(_ text: String, _ problem: String) { expect(text, problem) }

  @Test(arguments: ["0", "-1", "'512'", "'512 MB'", "'512Mb'", "'99999999999GB'", "'MB'", "1.5", "[512]"])
  func bytesThatAreNoneAreRefused(_ text: String) {
    #expect {
      try read("[retention]\nbytes = \(text)")
    } throws: {
      "\($0)".hasSuffix("; expected a number of bytes above 0, or a text such as \"512MB\", with KB, MB or GB")
    }
  }

  private static let kinds = "expected \"redis\", \"http\" or \"exec\""

  @Test(arguments: [
    (
      "[actuators.notify]\nkind = 'redis'",
      """
      actuators.notify: unknown key; actuators has pause, resume, restart, scale, rate_limit, rebalance, \
      activate_backup, deactivate_backup, escalate, transfer, block_ip, unblock_ip, offer_coupon, tune, \
      rollback, drain, job
      """
    ),
    ("[actuators]\npause = 'redis'", "actuators.pause: is the text \"redis\"; expected a table with a kind"),
    ("[actuators.pause]\nurl = 'http://x'", "actuators.pause.kind: is missing; \(kinds)"),
    (
      "[actuators.pause]\nkind = 'ssh'",
      "actuators.pause.kind: is the text \"ssh\"; expected one of \"redis\", \"http\", \"exec\""
    ),
    (
      "[actuators.pause]\nkind = 'redis'\ntimeout = '1s'",
      "actuators.pause.timeout: unknown key; an actuator of kind \"redis\" has kind"
    ),
    (
      "[actuators.job.cleaning]\nkind = 'redis'",
      "actuators.job.cleaning: unknown key; the schedule has analysis, retraining, maintenance, audit, dashboard"
    ),
    ("[actuators]\njob = 1", "actuators.job: is the number 1; expected a table of jobs"),
  ])
  func wrongActuatorIsNamed(_ text: String, _ problem: String) { expect(text, problem) }

  private static let url = "expected a URL such as \"https://host/agents/{agent}\""

  @Test(arguments: [
    ("", "url: is missing; \(url)"),
    ("url = ['http://x']", "url: is an array; \(url)"),
    ("url = 'ftp://x/'", "url: does not begin with http:// or https://; \(url)"),
    ("url = '{agent}'", "url: does not begin with http:// or https://; \(url)"),
    ("url = 'http:///x'", "url: names no host; \(url)"),
    ("url = 'http://{agent}/x'", "url: names no host; \(url)"),
    ("url = 'http://x{agent}/x'", "url: has a place to fill in within its host; \(url)"),
    ("url = 'http://x@{agent}'", "url: has a place to fill in within its host; \(url)"),
    (
      "url = 'http://x/a b'",
      "url: holds a blank, a control or a letter that is not ASCII; expected it percent-encoded"
    ),
    (
      "url = 'http://x/{host}'",
      "url: {host} is no place; there are agent, action, command_id, operator, reason, key, until, args.NAME, env.NAME"
    ),
    ("url = 'http://x/{env.NONE}'", "url: {env.NONE}: the environment has no variable NONE"),
    ("url = 'http://x/{agent'", "url: \"{\" has no \"}\"; write {{ for a brace"),
    (
      "url = 'http://x'\nmethod = 'post'",
      "method: is the text \"post\"; expected one of \"GET\", \"HEAD\", \"POST\", \"PUT\", \"PATCH\", \"DELETE\""
    ),
    ("url = 'http://x'\nheaders = 'x'", "headers: is the text \"x\"; expected a table of names and texts"),
    (
      "url = 'http://x'\nheaders = { 'a b' = 'x' }",
      "headers.a b: is no name of a header; expected letters, digits and \"-\""
    ),
    ("url = 'http://x'\nheaders = { a = 1 }", "headers.a: is the number 1; expected a text"),
    (
      "url = 'http://x'\nheaders = { a = '1', A = '2' }",
      "headers.a: is there twice; in headers' names capitals do not count"
    ),
    (
      "url = 'http://x'\nheaders = { a = '{env.BROKEN}' }",
      "headers.a: holds a control such as a line feed; expected one line"
    ),
    (
      "url = 'http://x'\nbody = true",
      "body: is true; expected a text; a JSON document is written as one, with {{ and }}"
    ),
    (
      "url = 'http://x'\nbody = { a = 1 }",
      "body: is a table; expected a text; a JSON document is written as one, with {{ and }}"
    ),
    (
      "url = 'http://x'\nbody = '{}'",
      "body: {} is no place; there are agent, action, command_id, operator, reason, key, until, args.NAME, env.NAME"
    ),
    ("url = 'http://x'\ntimeout = '2h'", "timeout: is the text \"2h\"; \(span) 1h such as \"10s\", with s, m, h or d"),
    ("url = 'http://x'\nattempts = 11", "attempts: is the number 11; expected a whole number from 1 to 10"),
    (
      "url = 'http://x'\nrepeat = 'often'",
      "repeat: is the text \"often\"; expected \"safe\", \"never\", or a look-up such as { url = \"https://…/{key}\" }"
    ),
    (
      "url = 'http://x'\nrepeat = false",
      "repeat: is false; expected \"safe\", \"never\", or a look-up such as { url = \"https://…/{key}\" }"
    ),
    ("url = 'http://x'\nrepeat = {}", "repeat.url: is missing; \(url)"),
    (
      "url = 'http://x'\nrepeat = { url = 'http://x', body = '' }",
      "repeat.body: unknown key; a look-up has url, method, headers, timeout"
    ),
    (
      "url = 'http://x'\nargv = []",
      "argv: unknown key; an actuator of kind \"http\" has kind, method, url, headers, body, timeout, attempts, repeat"
    ),
  ])
  func wrongRequestIsNamed(_ text: String, _ problem: String) {
    expect("[actuators.scale]\nkind = 'http'\n\(text)", "actuators.scale.\(problem)")
  }

  private static let argv = "expected an array such as [\"/usr/bin/program\", \"{agent}\"]"
  private static let path = "is no absolute path without places to fill in; expected one such as /usr/bin/env"

  @Test(arguments: [
    ("", "argv: is missing; \(argv)"),
    ("argv = '/bin/true'", "argv: is the text \"/bin/true\"; \(argv)"),
    ("argv = []", "argv: is empty; \(argv)"),
    ("argv = ['/bin/true', 1]", "argv[1]: is the number 1; expected a text"),
    ("argv = ['true']", "argv[0]: \(path)"),
    ("argv = ['/bin/{agent}']", "argv[0]: \(path)"),
    (
      "argv = ['/bin/true', '{x}']",
      "argv[1]: {x} is no place; there are agent, action, command_id, operator, reason, key, until, args.NAME, env.NAME"
    ),
    ("argv = ['/bin/true']\nenvironment = ['A=1']", "environment: is an array; expected a table of names and texts"),
    (
      "argv = ['/bin/true']\nenvironment = { 'A=B' = '1' }",
      "environment.A=B: is no name of a variable; expected letters, digits and \"_\""
    ),
    ("argv = ['/bin/true']\nenvironment = { A = 1 }", "environment.A: is the number 1; expected a text"),
    (
      "argv = ['/bin/true']\nenvironment = { IDEMPOTENCY_KEY = '' }",
      "environment.IDEMPOTENCY_KEY: is set by the handler; expected another name"
    ),
    ("argv = ['/bin/true']\nrepeat = { url = 'http://x' }", "repeat: is a table; expected one of \"safe\", \"never\""),
    (
      "argv = ['/bin/true']\nattempts = 2",
      "attempts: unknown key; an actuator of kind \"exec\" has kind, argv, environment, timeout, repeat"
    ),
  ])
  func wrongProgramIsNamed(_ text: String, _ problem: String) {
    expect("[actuators.job.audit]\nkind = 'exec'\n\(text)", "actuators.job.audit.\(problem)")
  }

  @Test func fileThatIsNoneIsRefused() {
    #expect { try read("parallel = ") } throws: { "\($0)".hasPrefix("handler.toml:1: not TOML: column ") }
    let bytes: [([UInt8], String)] = [
      ([0xFF], "handler.toml:1: is not UTF-8"),
      (
        Array("parallel = 1\n\0x = 1".utf8),
        "handler.toml:2: not TOML: column 1: root table: expected keys, tables, whitespace or comments, saw '\\u0000'"
      ),
    ]
    for (bytes, problem) in bytes {
      #expect { try HandlerFile.read(bytes, file: "handler.toml") } throws: { "\($0)" == problem }
    }
  }

  /// Neither a key nor a text of the file steers the terminal that shows the error.
  @Test func errorsSteerNoTerminal() {
    expect(
      "\"a\\u001b[2J\" = 1",
      "a^[[2J: unknown key; the file has parallel, restart_limit, act_within, quiet_alerts_end, durability, currency, zone, log, retention, insight, metrics, levels, budgets, queues, waiting, handoff, maintenance, load, tuning, actuators, prometheus, heartbeat, archive, grafana, otel, notify, routes, default_route, group_wait, group_interval, links, commands"
    )
    expect("parallel = \"\\u202e\"", "parallel: is the text \"\u{FFFD}\"; expected a whole number from 1 to 1024")
  }

  /// A text in the file may be a secret itself.
  @Test func textsOfRequestsAreNotRepeated() {
    #expect {
      try read("[actuators.pause]\nkind = 'http'\nurl = 'http://x'\nheaders = { a = 'hush {x}' }")
    } throws: {
      !"\($0)".contains("hush")
    }
  }

  private func expect(_ text: String, _ problem: String) {
    do throws(ConfigurationError) {
      _ = try read(text)
      Issue.record("read without an error: \(text)")
    } catch {
      // The line is another matter; see RunbookFileTests.
      var bare = error
      bare.line = nil
      #expect("\(bare)" == "handler.toml: \(problem)")
    }
  }
}
