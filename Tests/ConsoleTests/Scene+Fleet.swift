import FleetModel
import Screen
import TestSupport

@testable import Console

extension Scene {
  /// Ten minutes of a fleet that has some of everything: names of all kinds, each severity, each state, commands in
  /// each phase, and intrusions.
  static func full(columns: Int, rows: Int, isReadOnly: Bool = false) throws -> Scene {
    var scene = Scene(columns: columns, rows: rows, isReadOnly: isReadOnly)
    try scene.nameAgents()
    for step in 0..<20 as Range<Int64> { try scene.reportMetrics(at: step * 30) }
    try scene.reportTrouble()
    scene.recordStates()
    scene.giveCommands()
    scene.goLive(at: .at(605))
    return scene
  }

  private mutating func nameAgents() throws {
    let names = [
      ("sales-br-01", "Vendas"), ("support-jp", "サポート東京"), ("ecom-pt", "Cafe\u{301} Nin\u{303}o"), ("", ""),
      ("long-name", String(repeating: "long name ", count: 410)), ("billing", "Billing"), ("search", "Search"),
      ("auth", "Auth gateway"), ("twin-1", "Twin"), ("twin-2", "Twin"), ("idle", "Idle"), ("old", "Old"),
      ("hostile", "\u{1B}[31mred\u{202E}der\u{7}"), ("plan", "Plan"), ("gone", "Gone"),
    ]
    for (id, name) in names { try model.fleet.apply("created", id, #"{"name":\#(quoted(name))}"#, at: .at(0)) }
    try model.fleet.apply("created", String(repeating: "very-long-id-", count: 39), at: .at(0))
    try model.fleet.apply("updated", "sales-br-01", #"{"role":"sales","tier":"gold","llm_model":"m-2"}"#, at: .at(0))
    try model.fleet.apply("updated", "idle", #"{"is_active":false}"#, at: .at(400))
  }

  private func quoted(_ text: String) -> String {
    let escaped = text.unicodeScalars.map { scalar -> String in
      guard scalar.value < 0x20 else { return String(scalar) }
      return "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
    }
    return "\"\(escaped.joined())\""
  }

  private mutating func reportMetrics(at second: Int64) throws {
    let share = Double(second) / 570
    try model.fleet.apply(
      "metrics", "sales-br-01",
      #"{"error_rate":\#(0.01 + 0.37 * share),"response_time":\#(900 + 4300 * share),"messages_per_minute":120,"queue_size":40,"avg_rating":4.1,"health_score":0.7,"last_hour_errors":1210}"#,
      at: .at(second))
    try model.fleet.apply(
      "metrics", "support-jp",
      #"{"error_rate":0.002,"response_time":640,"messages_per_minute":\#(60 + second),"queue_size":\#(second * 3 / 4),"avg_rating":4.6}"#,
      at: .at(second))
    try model.fleet.apply(
      "metrics", "", #"{"error_rate":0,"messages_per_minute":8,"queue_size":0,"avg_rating":3.9,"health_score":0.98}"#,
      at: .at(second))
    if second != 300 {
      for id in ["billing", "search", "twin-1", "twin-2", "long-name", "auth"] {
        try model.fleet.apply(
          "metrics", id, #"{"error_rate":0.012,"response_time":310,"messages_per_minute":31}"#, at: .at(second))
      }
    }
    if second < 200 { try model.fleet.apply("metrics", "old", #"{"error_rate":0.02,"queue_size":4}"#, at: .at(second)) }
  }

  private mutating func reportTrouble() throws {
    let fleet = { (scene: inout Scene, type: String, agent: String, data: String, second: Int64) in
      _ = try scene.model.fleet.apply(type, agent, data, at: .at(second))
    }
    try fleet(&self, "security_alert", "twin-1", #"{"alert_type":"token_reuse","risk_level":"medium"}"#, 300)
    try fleet(&self, "security_alert", "hostile", #"{"alert_type":"\u001b]0;x\u0007","risk_level":"low"}"#, 420)
    try fleet(
      &self, "security_alert", "auth",
      #"{"alert_type":"brute_force","risk_level":"critical","attempts_count":812,"suspicious_ips":["203.0.113.9","2001:db8::66"]}"#,
      572)
    try fleet(
      &self, "satisfaction_low", "ecom-pt",
      #"{"avg_rating":2.9,"negative_feedback_count":14,"main_complaints":["slow answers","wrong prices"]}"#, 580)
    try fleet(
      &self, "predictive_alert", "plan", #"{"confidence":0.8,"recommended_actions":["scale_up"]}"#, 590)
    try fleet(&self, "metrics", "search", #"{"error_rate":25}"#, 600)
    try fleet(&self, "deleted", "gone", "{}", 598)
    try fleet(&self, "brand_new", "plan", "{}", 600)
    model.fleet.applyUnreadable(reason: "not JSON", at: .at(600))
    let alert = AlertID(.securityAlert, "twin-1")
    model.fleet.setAlert(
      AlertRecord(
        id: alert, severity: .medium, since: .at(300), last: .at(590), acknowledgedBy: "bob@bastion",
        acknowledgedAt: .at(310), summary: "token reuse"))
  }

  private mutating func recordStates() {
    var record = AgentRecord()
    (record.state, record.version, record.pausedUntil) = (.paused, 1, .at(1400))
    (record.updatedAt, record.updatedBy) = (.at(560), "alice@bastion")
    model.fleet.setRecord(record, of: "billing")
    record = AgentRecord()
    (record.state, record.version) = (.restarting, 2)
    model.fleet.setRecord(record, of: "search")
    record = AgentRecord()
    (record.state, record.version, record.rateLimit) = (.running, 1, 60)
    model.fleet.setRecord(record, of: "support-jp")
    record = AgentRecord()
    (record.state, record.version) = (.draining, 1)
    model.fleet.setRecord(record, of: "twin-2")
  }

  private mutating func giveCommands() {
    let phases: [(AuditLine.Phase, String, AgentID, String)] = [
      (.unknown, "restart", "old", "the handler stopped in the middle of it"),
      (.expired, "pause", "old", "expired 12s before it came"), (.undone, "rate_limit", "twin-1", ""),
      (.skipped, "pause", "plan", "dry run"), (.rejected, "resume", "auth", "auth is not paused"),
      (.failed, "scale", "search", "replicas: at most 4"), (.proposed, "restart", "sales-br-01", "a rule proposes it"),
      (.started, "restart", "search", ""), (.received, "escalate", "sales-br-01", ""),
      (.succeeded, "activate_backup", "support-jp", "support-us stands in"), (.obeyed, "pause", "billing", ""),
    ]
    for (number, entry) in phases.enumerated() {
      let (moment, id) = (Instant.at(480 + Int64(number) * 10), "c\(number)")
      hear(id, .received, entry.1, at: moment)
      if entry.2 != .none { hear(id, .started, entry.1, entry.2, at: moment) }
      if entry.0 == .obeyed {
        hear(id, .succeeded, entry.1, entry.2, "paused for 15m", at: moment)
        hear(id, .succeeded, entry.1, at: moment)
        hear(id, .obeyed, entry.1, entry.2, at: moment)
      } else if entry.0 != .started {
        hear(id, entry.0, entry.1, .none, entry.3, at: moment)
      }
    }
    let command = Command(
      id: CommandID("own"), action: .pause, targets: ["sales-br-01"], operator: "alice@bastion", issuedAt: .at(603),
      expiresAt: .at(663))
    _ = model.update(.tick(.at(603)))
    _ = model.update(.sent(command))
  }
}
