import FleetModel
import Wire

extension Dashboard {
  /// The dashboard of one agent: what it reports, how it stands, and what was done to it.
  ///
  /// - Parameters:
  ///   - prefix: the installation's in Redis, which tells its agents from those of another one.
  ///   - source: the uid of the Prometheus to begin with; nil for Grafana's default one.
  package static func agent(_ agent: AgentID, prefix: String, source: String?) -> Dashboard {
    let name = agent.description
    let own = Matcher.equals("agent", name)
    return Dashboard(
      uid: uid(of: agent, prefix: prefix), title: "Agent \(name.clipped(toBytes: longestName))", tags: [tag, layout],
      variables: [.source(source)], panels: states(own) + courses(own),
      annotationTags: [tag, Annotation.tag(of: agent)])
  }

  /// The same for the same agent, whoever asks.
  package static func uid(of agent: AgentID, prefix: String) -> String {
    // The prefix ends where the agent begins: neither of them can pass for the other.
    let hash = SHA256.hex(Array("\(prefix.utf8.count)/\(prefix)/".utf8) + agent.bytes)
    return "\(tag)-" + hash.prefix(32)
  }

  /// Grafana takes no longer titles than 189 bytes.
  private static let longestName = 160

  private static func states(_ own: String) -> [Panel] {
    [
      .stat("Alert", "vigia_agent_alert_severity{\(own)}", unit: .none) {
        $0.description = "The worst open alert that is not quiet"
        $0.words = [0: "none", 1: "low", 2: "medium", 3: "high", 4: "critical"]
        $0.thresholds = [
          .init(from: nil, color: "green"), .init(from: 1, color: "yellow"), .init(from: 3, color: "orange"),
          .init(from: 4, color: "red"),
        ]
      },
      .stat("State", "vigia_agent_state{\(own)} == 1", unit: .none, legend: "{{state}}") { $0.showsNames = true },
      .stat("Health", "vigia_agent_health_ratio{\(own)}", unit: .ratio) {
        $0.description = "How well vigia thinks the agent is"
        $0.thresholds = [
          .init(from: nil, color: "red"), .init(from: 0.5, color: "orange"), .init(from: 0.7, color: "green"),
        ]
      },
      .stat("Errors", "vigia_agent_error_ratio{\(own)}", unit: .ratio),
      .stat("Response time", "vigia_agent_response_time_seconds{\(own)}", unit: .seconds),
      .stat("Heard last", "time() - vigia_agent_last_event_timestamp_seconds{\(own)}", unit: .seconds),
    ]
  }

  private static func courses(_ own: String) -> [Panel] {
    [
      .lines("Errors", unit: .ratio, .init("vigia_agent_error_ratio{\(own)}", "error rate")) { $0.bounds.least = 0 },
      .lines("Response time", unit: .seconds, .init("vigia_agent_response_time_seconds{\(own)}", "response time")) {
        $0.bounds.least = 0
      },
      .lines("Messages", unit: .perSecond, .init("vigia_agent_messages_per_second{\(own)}", "messages a second")) {
        $0.bounds.least = 0
      },
      .lines("Queue", .init("vigia_agent_queue_size{\(own)}", "what waits for it")) { $0.bounds.least = 0 },
      .lines("Rating", unit: .none, .init("vigia_agent_average_rating{\(own)}", "average rating")) {
        $0.bounds = (1, 5)
      },
      .lines(
        "Health", unit: .ratio, .init("vigia_agent_health_ratio{\(own)}", "as vigia sees it"),
        .init("vigia_agent_reported_health_ratio{\(own)}", "as it says itself")
      ) { $0.bounds = (0, 1) },
    ]
  }
}
