/// A chapter of the manual, as the program holds it.
struct ManualChapter {
  /// What stands behind `vigia manual`, and the name of the chapter's file.
  let topic: String
  let summary: String
  /// Markdown in UTF-8, without control characters other than line feeds.
  let text: [UInt8]

  init(_ topic: String, _ summary: String, _ text: [UInt8]) {
    self.topic = topic
    self.summary = summary
    self.text = text
  }

  /// All chapters, in reading order: one line a file of `Manual`.
  static let all: [ManualChapter] = [
    .init("start", "try the demo, connect your own Redis, and where to go on", PackageResources.start_md),
    .init("console", "the screen, the keys, the questions, and what becomes of a command", PackageResources.console_md),
    .init("tools", "the commands for scripts, their exit codes, the audit and dead letters", PackageResources.tools_md),
    .init("commands", "every action, and how the handler carries it out", PackageResources.commands_md),
    .init("alerts", "what opens an alert, what closes it, silence and pauses", PackageResources.alerts_md),
    .init("runbook", "rules, conditions, guards, and a fleet that is ill", PackageResources.runbook_md),
    .init("automation", "the switch of the rules, proposals, and why a rule acted", PackageResources.automation_md),
    .init("waiting", "conversations that wait for a person: take, hand back, close", PackageResources.waiting_md),
    .init("handoff", "agents that ask for another one: who takes the conversation", PackageResources.handoff_md),
    .init(
      "maintenance", "windows in which agents are restarted before they fail", PackageResources.maintenance_md),
    .init("load", "agents of a role that share its load anew, by health and room", PackageResources.load_md),
    .init(
      "tuning", "settings that are tried on some agents, and adopted if they are better", PackageResources.tuning_md),
    .init("notices", "Slack, Discord, PagerDuty, Alertmanager, webhooks, and routes", PackageResources.notices_md),
    .init("settings", "the handler's file, retention and the log", PackageResources.settings_md),
    .init("actuators", "actions and jobs by a service or a program of yours", PackageResources.actuators_md),
    .init(
      "around", "Prometheus, ClickHouse, Grafana, OpenTelemetry, queues, links, a heartbeat",
      PackageResources.around_md),
    .init("deployments", "one server, and what else people run as Redis", PackageResources.deployments_md),
    .init("wire", "the keys in Redis, how to publish events and obey commands", PackageResources.wire_md),
    .init("rights", "what each user of a Redis ACL needs", PackageResources.rights_md),
    .init("terminals", "bad links, small or plain terminals, themes", PackageResources.terminals_md),
    .init("building", "one file for machines without Swift, and the benchmarks", PackageResources.building_md),
    .init("troubleshooting", "what words on the screen mean, and what to do", PackageResources.troubleshooting_md),
  ]
}
