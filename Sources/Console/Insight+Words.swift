import FleetModel
import Insight
import Screen

/// What the handler thinks of an agent, in the words one would use.
package enum InsightWords {
  /// `queue_size will cross 300 in about 20 min, 75 % sure (12 earlier ones)`.
  package static func text(_ coming: AgentInsight.Coming, at now: Instant) -> String {
    let metric = Scrubber.display(coming.metric)
    let level = value(coming.level, of: coming.metric)
    let wait = coming.crossesAt - now
    guard wait > .zero else {
      let late = Format.age(wait * -1)
      return "\(metric) was to cross \(level) \(late == "now" ? "now" : "\(late) ago"), \(sureness(coming))"
    }
    return "\(metric) will cross \(level) in about \(span(wait)), \(sureness(coming))"
  }

  /// How sure a forecast is, and of how many earlier ones that is known.
  static func sureness(_ coming: AgentInsight.Coming) -> String {
    let earlier =
      coming.known == 0 ? "no earlier ones" : "\(coming.known) earlier \(coming.known == 1 ? "one" : "ones")"
    return "\(Bounded.int(rounding: coming.confidence * 100)) % sure (\(earlier))"
  }

  /// A time ahead in words, no more exact than it is known: `20 min`, `3 h`.
  static func span(_ span: TimeSpan) -> String {
    let minutes = (span + .seconds(30)).seconds / 60
    return minutes < 1 ? "a minute" : minutes < 120 ? "\(minutes) min" : "\((minutes + 30) / 60) h"
  }

  /// A value of a metric that may be one of those this version knows.
  static func value(_ value: Double, of name: String) -> String {
    Metric.allCases.first { $0.field.isExactly(name) }.map { Format.value(value, of: $0) } ?? value.plain
  }

  /// `version 2.1.0`, `operator scale by=+1`.
  static func text(_ change: AgentInsight.Change) -> String {
    Scrubber.display("\(change.kind.swapping("_", for: " ")) \(change.detail)")
  }
}

/// An agent's health as it is shown.
struct ShownHealth {
  let score: Double
  let role: Role
  /// Whether it says how the agent is at present: a handler lives, and the agent is heard.
  let isCurrent: Bool

  /// Below it a score is worth a look, as for ``Metric/healthScore``.
  private static let doubtful = 0.6

  /// What the handler thinks; nil if it thinks nothing of the agent.
  init?(ofAgentAt position: Int, in fleet: Fleet) {
    guard let insight = fleet.insights[position], let score = insight.health else { return nil }
    self.score = score
    isCurrent = fleet.isInsightCurrent(at: position)
    role = !isCurrent ? .stale : insight.isCritical ? .bad : score < Self.doubtful ? .warning : .good
  }

  var text: String { Format.decimal(score, places: 2) }
}

extension Model {
  /// Health and its reasons, what was found, what is coming, and what was changed before it, for people who ask why.
  func insightLines(of id: AgentID, _ columns: Int) -> [DetailPane.Line] {
    let shown = displayed
    guard let position = shown.position(of: id), let insight = shown.insights[position] else { return [] }
    func lines(_ text: String, _ role: Role) -> [DetailPane.Line] {
      DetailPane.Line.wrapped(text, indent: 2, columns: columns, role)
    }
    let reasons = insight.reasons.flatMap { lines(Scrubber.display($0), .text) }
    let findings = insight.findings.reversed().flatMap { found in
      lines("found \(Format.ago(displayedNow - found.at)): \(Scrubber.display(found.words))", .text)
    }
    let coming = insight.forecasts.filter { displayedNow <= $0.deadline }.flatMap {
      lines(InsightWords.text($0, at: displayedNow), .warning)
    }
    return [.heading("Health")] + healthLines(insight, position, columns) + reasons + findings
      + (coming.isEmpty ? [] : [.heading("Coming")] + coming) + changeLines(insight, position, columns) + [.blank]
  }

  private func healthLines(_ insight: AgentInsight, _ position: Int, _ columns: Int) -> [DetailPane.Line] {
    guard let health = ShownHealth(ofAgentAt: position, in: displayed) else {
      return [.text("  not known yet: it takes an hour of the agent's metrics", .dim)]
    }
    let state = insight.isCritical ? ", critical" : ""
    let since = "changed \(Format.ago(displayedNow - insight.at))"
    let doubt =
      health.isCurrent
      ? "" : handler.isAlive ? "; old: the agent is not heard" : "; old: no handler is known to live"
    let lines = DetailPane.Line.wrapped(
      "\(health.text)\(state), \(since)\(doubt)", indent: 2, columns: columns, health.role)
    guard let worse = displayed.worseHealth(ofAgentAt: position) else { return lines }
    let told = "an event says \(Format.decimal(worse, places: 2)): that is what the row shows"
    return lines + DetailPane.Line.wrapped(told, indent: 2, columns: columns, .warning)
  }

  /// What was changed before the trouble began; of an agent without trouble what was changed last.
  private func changeLines(_ insight: AgentInsight, _ position: Int, _ columns: Int) -> [DetailPane.Line] {
    let words: String
    if let since = displayed.troubleSince(ofAgentAt: position) {
      words = changeWords(insight, before: since)
    } else if let last = insight.changes.last {
      words = "last: \(InsightWords.text(last)), \(Format.ago(displayedNow - last.at))"
    } else {
      return []
    }
    return [.heading("Changed")] + DetailPane.Line.wrapped(words, indent: 2, columns: columns, .text)
  }

  /// `version 2.1.0, 4m before the trouble began at 08:09:33Z`.
  func changeWords(_ insight: AgentInsight?, before since: Instant) -> String {
    let trouble = "the trouble began at \(Format.clock(since))Z"
    guard let (change, ago) = insight?.change(before: since) else { return "nothing within 6h before \(trouble)" }
    return "\(InsightWords.text(change)), \(ago < .seconds(10) ? "just" : Format.age(ago)) before \(trouble)"
  }
}
