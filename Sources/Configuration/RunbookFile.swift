import Automation
import FleetModel

/// A runbook as TOML; the one inside the program, `vigia runbook show`, is the example.
///
/// ```toml
/// [guards]                                # what no rule may go beyond
/// paused_share = 0.1
///
/// [[rules]]
/// id = "degraded"
/// title = "errors or slow answers"       # how people are told of it; its id if it has none
/// on = "agent.performance_degraded"       # or a list; * stands for any run of characters
/// when = "data.error_rate >= 0.25"
/// clear = "metric.error_rate < 0.1"
/// for = { count = 2, within = "5m" }
/// throttle = [{ once_within = "15m", per = "agent" }]
/// limits = { per_agent = { count = 3, within = "1h" }, escalate_to = "on-call" }
/// mode = "auto"                           # off, dry_run, approve, auto
/// approve = { ttl = "15m", on_expire = "drop" }
/// do = [
///   { action = "pause", for = "15m" },
///   { action = "block_ip", each = "data.suspicious_ips", ip = "{item}", for = "1h", on_error = "continue" },
/// ]
/// verify = { after = "1m", when = "agent.state == 'running'", else = [{ action = "escalate", to = "on-call" }] }
/// undo = [{ action = "deactivate_backup" }]
/// ```
package enum RunbookFile {
  /// The runbook inside the program, as text.
  package static var builtInText: [UInt8] { PackageResources.runbook_toml }

  /// The runbook inside the program.
  package static func builtIn() throws(ConfigurationError) -> Runbook {
    try read(builtInText, file: "built-in runbook")
  }

  /// Reads a runbook; an empty file means no rules.
  ///
  /// - Parameters:
  ///   - bytes: the file's content, UTF-8.
  ///   - file: its name, for errors.
  ///   - metrics: the open metrics that there are.
  package static func read(
    _ bytes: [UInt8], file: String, metrics: MetricTable = .builtIn
  ) throws(ConfigurationError) -> Runbook {
    let top = try FileSection(bytes, file: file)
    try top.allow(["guards", "rules"], in: "a runbook")
    var runbook = Runbook()
    if let guards = try top.section("guards") { runbook.guards = try read(guards: guards) }
    for section in try top.sections("rules", expected: "a list of rules, each under [[rules]]") {
      let rule = try RuleReader(section, metrics).rule()
      if let other = runbook.rule(rule.id) {
        throw section.fault("id", "\"\(rule.id)\" is the name of another rule too, in line \(other.line)")
      }
      runbook.rules.append(rule)
    }
    return runbook
  }

  private static func read(guards section: FileSection) throws(ConfigurationError) -> Guards {
    try section.allow(
      [
        "fleet_from", "paused_share", "unhealthy_share", "silence", "allowed", "pause_factor", "longest_pause",
        "blocks_per_hour", "scale_up_every", "commands_per_minute",
      ], in: "guards")
    var guards = Guards()
    if let count = try section.integer("fleet_from", in: 1...100_000) { guards.fleetFrom = count }
    if let share = try section.number("paused_share", in: 0...1) { guards.pausedShare = share }
    if let share = try section.number("unhealthy_share", in: 0...1) { guards.unhealthyShare = share }
    if let span = try section.span("silence", atMost: .days(1)) { guards.silence = span }
    if let factor = try section.number("pause_factor", in: 1...10) { guards.pauseFactor = factor }
    if let span = try section.span("longest_pause", atMost: .days(7)) { guards.longestPause = span }
    if let count = try section.integer("blocks_per_hour", in: 0...100_000) { guards.blocksPerHour = count }
    if let span = try section.span("scale_up_every", atMost: .days(1)) { guards.scaleUpEvery = span }
    if let count = try section.integer("commands_per_minute", in: 1...100_000_000) { guards.commandsPerMinute = count }
    for (place, text) in (try section.texts("allowed", expected: "a list of addresses") ?? []).enumerated() {
      guard let address = IPAddress(text) else {
        throw section.fault("allowed", element: place, "is \"\(text)\"; expected an IPv4 or IPv6 address")
      }
      guards.allowed.insert(address.description)
    }
    return guards
  }
}
