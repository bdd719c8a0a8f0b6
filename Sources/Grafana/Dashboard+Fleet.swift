import FleetModel

extension Dashboard {
  /// The dashboard of a whole fleet and of the handlers that watch it.
  ///
  /// - Parameter source: the uid of the Prometheus to begin with; nil for Grafana's default one.
  package static func fleet(source: String? = nil) -> Dashboard {
    Dashboard(
      uid: "vigia-fleet", title: "vigia: fleet", tags: [tag, layout], variables: [.source(source), .job],
      panels: fleetStates + fleetCourses + handlerCourses + [.row("Queues")] + queueStates + queueCourses,
      annotationTags: [tag])
  }

  static let job = #"job=~"$job""#

  private static var fleetStates: [Panel] {
    [
      .stat("Agents", "sum(vigia_agents{\(job)})"),
      .stat("In trouble", #"sum(vigia_agents_troubled{\#(job), severity=~"high|critical"})"#) {
        $0.description = "Agents with an open alert that is high or critical, and not quiet"
        $0.thresholds = [.init(from: nil, color: "green"), .init(from: 1, color: "orange")]
      },
      .stat("Silent", "sum(vigia_agents_silent{\(job)})") {
        $0.description = "Agents that have stopped to report"
        $0.thresholds = [.init(from: nil, color: "green"), .init(from: 1, color: "orange")]
      },
      .stat("Open alerts", "sum(vigia_alerts{\(job)})"),
      .stat("Events", "sum(rate(vigia_events_total{\(job)}[$__rate_interval]))", unit: .perSecond),
      .stat("Leader", "sum(vigia_leader{\(job)})", unit: .none) {
        $0.description = "One handler leads; without one, commands wait"
        $0.words = [0: "none", 1: "leads"]
        $0.thresholds = [
          .init(from: nil, color: "red"), .init(from: 1, color: "green"), .init(from: 2, color: "red"),
        ]
      },
    ]
  }

  private static var fleetCourses: [Panel] {
    [
      .lines("Agents in trouble", .init("sum by (severity) (vigia_agents_troubled{\(job)})", "{{severity}}")) {
        $0.isStacked = true
      },
      .lines("Open alerts", .init("sum by (kind) (vigia_alerts{\(job)}) > 0", "{{kind}}")) { $0.isStacked = true },
      .lines("Most errors", unit: .ratio, .init("topk(10, vigia_agent_error_ratio{\(job)})", "{{agent}}")),
      .lines("Slowest", unit: .seconds, .init("topk(10, vigia_agent_response_time_seconds{\(job)})", "{{agent}}")),
      .lines(
        "Messages of all agents", unit: .perSecond, .init("sum(vigia_agent_messages_per_second{\(job)})", "messages")),
      .lines("Worst rated", unit: .none, .init("bottomk(10, vigia_agent_average_rating{\(job)})", "{{agent}}")) {
        $0.bounds = (1, 5)
      },
    ]
  }

  private static var handlerCourses: [Panel] {
    let quantile = { (share: String) in
      "histogram_quantile(\(share), sum by (le) (rate(vigia_command_duration_seconds_bucket{\(job)}[$__rate_interval])))"
    }
    return [
      .lines(
        "Commands",
        .init(
          #"sum by (action, phase) (increase(vigia_commands_total{\#(job), phase!="received"}[$__rate_interval])) > 0"#,
          "{{action}} {{phase}}")),
      .lines(
        "How long commands take", unit: .seconds, .init(quantile("0.5"), "half"), .init(quantile("0.99"), "99 of 100")),
      .lines(
        "What rules did",
        .init(
          "sum by (action, phase) (increase(vigia_rule_actions_total{\(job)}[$__rate_interval])) > 0",
          "{{action}} {{phase}}")),
      .lines(
        "Streams behind", unit: .seconds, .init("max by (stream) (vigia_stream_lag_seconds{\(job)})", "{{stream}}")),
      .lines(
        "Notices",
        .init(
          "sum by (channel, result) (increase(vigia_notices_total{\(job)}[$__rate_interval])) > 0",
          "{{channel}} {{result}}")),
      .lines(
        "Put aside",
        .init("sum by (source) (increase(vigia_dead_letters_total{\(job)}[$__rate_interval]))", "{{source}}")),
    ]
  }
}
