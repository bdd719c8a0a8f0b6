import Automation
import FleetModel
import Testing

@testable import Configuration

@Suite struct RunbookFileTests {
  private func read(_ text: String) throws -> Runbook { try RunbookFile.read(Array(text.utf8), file: "r.toml") }

  @Test func emptyFileMeansNoRules() throws {
    #expect(try read("") == Runbook())
    #expect(try read("# nothing\n").rules.isEmpty)
  }

  @Test func runbookOfTheProgramHasARuleForEachEvent() throws {
    let runbook = try RunbookFile.builtIn()
    let types = [
      "performance_degraded", "high_traffic", "satisfaction_low", "security_alert", "created", "health_critical",
      "predictive_alert", "handoff_requested", "anomaly", "runaway", "budget", "version_worse",
    ]
    for type in types { #expect(!runbook.rules(on: "agent.\(type)").isEmpty, "\(type)") }
    #expect(runbook.rules.allSatisfy { $0.title != nil }, "people are told in words")
    #expect(runbook.rules(on: "agent.predictive_alert").allSatisfy { $0.mode == .approve })
    #expect(runbook.rules(on: "agent.runaway").map(\.mode) == [.approve])
    #expect(runbook.rules(on: "agent.version_worse").map(\.mode) == [.approve, .auto])
    #expect(runbook.rules(on: "agent.satisfaction_low").map(\.mode) == [.auto, .approve])
    var guards = Guards()
    guards.commandsPerMinute = 20
    #expect(runbook.guards == guards)
  }

  @Test func everyKeyIsRead() throws {
    let rule = try #require(
      try read(
        """
        [[rules]]
        id = "all"
        title = "much of all"
        on = ["agent.a", "agent.b*"]
        when = "data.x > 1"
        clear = "metric.error_rate < 0.1"
        for = { count = 2, within = "5m" }
        throttle = [{ once_within = "15m", per = "rule" }, { once_after = "1m" }]
        limits = { per_agent = { count = 3, within = "1h" }, rate = { count = 9, within = "1m" }, escalate_to = "ops" }
        mode = "approve"
        approve = { ttl = "30m", on_expire = "escalate" }
        do = [{ action = "block_ip", each = "data.ips", ip = "{item}", on_error = "stop", when = "data.x" }]
        verify = { after = "90s", when = "agent.state == 'running'", else = [{ action = "resume", target = "{agent.backup}" }] }
        undo = [{ action = "deactivate_backup" }]
        """
      ).rules.first)
    #expect(rule.title == "much of all" && rule.heading == "much of all")
    #expect(rule.on == ["agent.a", "agent.b*"] && rule.line == 1 && rule.mode == .approve)
    #expect(rule.for == Rule.Count(count: 2, within: .minutes(5)))
    #expect(
      rule.throttle == [Rule.Throttle(onceWithin: .minutes(15), per: .rule), Rule.Throttle(onceAfter: .minutes(1))])
    #expect(rule.limits.escalateTo == "ops" && rule.limits.perAgent?.count == 3 && rule.limits.rate?.count == 9)
    #expect(rule.approval.lifetime == .minutes(30) && rule.approval.onExpire == .escalate)
    #expect(rule.ruleActions[0].each?.description == "data.ips" && rule.ruleActions[0].onError == .stop)
    #expect(rule.verification?.after == .seconds(90) && rule.verification?.otherwise.count == 1)
    #expect(rule.undo.count == 1)
  }

  /// A rule that is right but for one line.
  private static func rule(_ line: String) -> String {
    "[guards]\nfleet_from = 5\n\n[[rules]]\nid = \"a\"\non = \"agent.a\"\n\(line)\n"
      + (line.hasPrefix("do") ? "" : "do = [{ action = \"pause\" }]\n")
  }

  @Test(
    arguments: [
      (
        "when = 3", "r.toml:7: rules[0].when: is the number 3; expected a condition such as \"data.error_rate >= 0.25\""
      ),
      (
        "title = \"\"",
        "r.toml:7: rules[0].title: is \"\"; expected a few words on one line, at most 60 bytes, such as \"high traffic\""
      ),
      (
        "title = \"a\\u001B[31m\"",
        "r.toml:7: rules[0].title: is \"a^[[31m\"; expected a few words on one line, at most 60 bytes, such as \"high traffic\""
      ),
      (
        "when = \"data.x >\"",
        "r.toml:7: rules[0].when: is \"data.x >\": at character 9 something is missing at the end"
      ),
      (
        "mode = \"maybe\"",
        "r.toml:7: rules[0].mode: is the text \"maybe\"; expected one of \"off\", \"dry_run\", \"approve\", \"auto\""
      ),
      (
        "do = [{ action = \"pause\", fro = \"1m\" }]",
        "r.toml:7: rules[0].do[0].fro: unknown key; \"pause\" in a rule has action, target, when, each, on_error, for"
      ),
      (
        "do = [{ action = \"pause\", for = \"soon\" }]",
        "r.toml:7: rules[0].do[0].for: for=soon is not a number and s, m, h or d, such as 15m"
      ),
      (
        "do = [{ action = \"block_ip\" }]",
        "r.toml:7: rules[0].do[0].ip: is missing; expected the argument of that name"
      ),
      (
        "do = [{ action = \"pause\", target = \"agent-2\" }]",
        "r.toml:7: rules[0].do[0].target: stands beside \"pause\"; a rule pauses or restarts its own agent only"
      ),
      (
        "clear = \"data.a == 1\"\nundo = [{ action = \"restart\" }]",
        "r.toml:8: rules[0].undo: holds \"restart\"; what takes back neither pauses nor restarts"
      ),
      (
        "verify = { after = \"1m\", when = \"run.obeyed\", else = [{ action = \"rollback\", version = \"1\" }] }",
        "r.toml:7: rules[0].verify.else: holds \"rollback\"; a rule rolls back in \"do\" alone"
      ),
      ("do = []", "r.toml:7: rules[0].do: names no action; a rule needs one at least"),
      (
        "throttle = [{ per = \"agent\" }]",
        "r.toml:7: rules[0].throttle[0]: needs once_within or once_after, one of both"
      ),
      (
        "for = { count = 0, within = \"1m\" }",
        "r.toml:7: rules[0].for.count: is the number 0; expected a whole number from 1 to 1000"
      ),
      (
        "undo = [{ action = \"resume\" }]",
        "r.toml:7: rules[0].undo: is never reached: the rule has neither \"verify\" nor \"clear\""
      ),
      (
        "when = \"not run.obeyed\"",
        "r.toml:7: rules[0].when: asks for run.obeyed, which is known only in verify.when, once the actions are done"
      ),
      (
        "lid = 3",
        "r.toml:7: rules[0].lid: unknown key; a rule has id, title, on, when, say, clear, for, throttle, limits, mode, approve, do, verify, undo"
      ),
    ] as [(String, String)])
  func errorNamesKeyLineAndWhatWasExpected(line: String, error: String) {
    #expect(message(Self.rule(line)) == error)
  }

  private func message(_ text: String) -> String {
    do throws(ConfigurationError) {
      _ = try RunbookFile.read(Array(text.utf8), file: "r.toml")
      return "no error"
    } catch {
      return error.description
    }
  }

  @Test func sameNameTwiceIsAnError() {
    let text = Self.rule("") + "\n[[rules]]\nid = \"a\"\non = \"agent.b\"\ndo = [{ action = \"pause\" }]\n"
    #expect(message(text) == "r.toml:11: rules[1].id: \"a\" is the name of another rule too, in line 4")
  }
}
