import Automation
import Configuration
import FleetModel
import Handler

/// What the handlers of a world are told: short limits, services for some actions, and a small runbook.
enum WorldOptions {
  /// Each action once a rule, so that a run's lines can be told apart.
  static let runbook = """
    [guards]
    fleet_from = 5
    paused_share = 0.3
    commands_per_minute = 1000

    [[rules]]
    id = "degraded"
    on = "agent.performance_degraded"
    throttle = [{ once_within = "5s", per = "agent" }]
    mode = "auto"
    do = [{ action = "pause", for = "6s" }, { action = "notify", to = "ops", text = "{agent.id} degraded" }]

    [[rules]]
    id = "traffic"
    on = "agent.high_traffic"
    mode = "auto"
    do = [{ action = "scale", by = "+1" }, { action = "rate_limit", per_minute = "50", for = "8s" }]

    [[rules]]
    id = "security"
    on = "agent.security_alert"
    mode = "auto"
    do = [{ action = "block_ip", each = "data.suspicious_ips", ip = "{item}", for = "7s" }]

    [[rules]]
    id = "ill"
    on = "agent.health_critical"
    mode = "auto"
    do = [{ action = "restart" }, { action = "escalate", to = "on-call", severity = "high" }]
    verify = { after = "4s", when = "agent.state == 'running'", else = [{ action = "resume" }] }
    """

  /// Actions of rules that a service carries out, and which action of its rule each is.
  static let serviceActions = [(place: 0, action: Action.scale), (place: 1, action: Action.rateLimit)]

  /// What a rule does once its check has failed; no rule does it otherwise.
  static let actionOfElse = Action.resume

  static func make() throws -> (inout HandlerOptions) -> Void {
    let rules = try RunbookFile.read(Array(runbook.utf8), file: "world.toml")
    let actuators = try table()
    let channels = ["ops": Channel(.webhook, url: "http://people/hook")]
    return { options in
      options.restartLimit = .seconds(10)
      options.jobLimit = .seconds(10)
      options.permissionPatience = .seconds(15)
      options.runbook = rules
      options.actuators = actuators
      options.notify = NotifyTable(
        channels: channels, defaultRoute: ["ops"],
        grouping: Grouping.Spans(wait: .milliseconds(500), interval: .seconds(2)))
    }
  }

  /// One of each way to deal with what may have been done.
  private static func table() throws -> ActuatorTable {
    func http(_ path: String, _ rule: RepeatRule) throws -> Actuator {
      .http(
        HTTPActuator(
          url: try Template("http://service/\(path)/{agent}"), timeout: .seconds(2), attempts: 2, repeat: rule))
    }
    let look = HTTPActuator(
      method: "GET", url: try Template("http://service/look/{agent}"), timeout: .seconds(2), attempts: 2)
    return ActuatorTable(actions: [
      .rateLimit: try http("safe", .safe), .tune: try http("found", .lookUp(look)),
      .offerCoupon: try http("never", .never), .scale: try http("found", .lookUp(look)),
    ])
  }
}
