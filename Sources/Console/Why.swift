import FleetModel
import Screen

/// Why an agent is in trouble, in the words one would use.
package enum Why {
  /// One alert: `errors 38%`, `slow 5.2s`, `attack: brute force`.
  package static func text(_ alert: Alert) -> String {
    let summary = Scrubber.display(alert.record.summary)
    switch alert.id.kind {
    case .performanceDegraded:
      return measured(alert) ?? "degraded"
    case .highTraffic: return measured(alert) ?? "traffic spike"
    case .satisfactionLow:
      return (measured(alert) ?? "unhappy users") + (summary.isEmpty ? "" : ": \(summary)")
    case .securityAlert: return "attack" + (summary.isEmpty ? "" : ": \(summary)")
    case .healthCritical: return measured(alert) ?? "health critical"
    case .predictiveAlert: return "forecast" + (summary.isEmpty ? "" : ": \(summary)")
    case .escalation: return "escalated" + (summary.isEmpty ? "" : " \(summary)")
    }
  }

  private static func measured(_ alert: Alert) -> String? {
    guard let metric = alert.metric, let value = alert.value else { return nil }
    return "\(word(metric)) \(Format.value(value, of: metric))"
  }

  private static func word(_ metric: Metric) -> String {
    switch metric {
    case .errorRate: "errors"
    case .responseTime: "slow"
    case .queueSize: "queue"
    case .averageRating, .rating: "rating"
    case .healthScore: "health"
    case .messagesPerMinute: "traffic"
    case .lastHourErrors: "errors in the last hour"
    case .negativeFeedback: "complaints"
    case .attempts: "attempts"
    case .confidence: "confidence"
    }
  }
}

/// How much attention an agent needs: what rows are ordered by.
struct Trouble: Comparable {
  /// The worst open alert nobody has acknowledged, as 1…4; 0 for none.
  var loud = 0
  /// The same with those acknowledged.
  var worst = 0
  var alerts = 0
  var errorRate = 0.0

  init(_ fleet: Fleet, _ position: Int) {
    for alert in fleet.alerts(ofAgentAt: position) {
      let rank = 1 + (Severity.allCases.firstIndex(of: alert.record.severity) ?? 0)
      worst = max(worst, rank)
      if alert.isLoud(at: fleet.now) { loud = max(loud, rank) }
      alerts += 1
    }
    errorRate = fleet.agents[position]?.value(.errorRate, within: Fleet.freshness, of: fleet.now) ?? 0
  }

  static func < (left: Trouble, right: Trouble) -> Bool {
    (left.loud, left.worst, left.alerts, left.errorRate) < (right.loud, right.worst, right.alerts, right.errorRate)
  }
}
