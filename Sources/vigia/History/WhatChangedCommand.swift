import ArgumentParser
import Console
import FleetModel
import Insight
import Redis

/// `vigia what-changed`: what differs in a span from the span before it.
struct WhatChangedCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "what-changed", abstract: "Rank what differs most in a span from the span before it.",
    discussion: """
      For each metric of each agent it compares the minutes of the span with as many minutes before it. What differs by \
      at least three of the metric's usual spreads is named, the most first, with the changes of agents in the span. \
      Times are a span ago (90m), a time of day in UTC (08:00), or a date and time (2026-11-22T08:00Z).
      """)

  @OptionGroup var redis: RedisOptions
  @Option(help: ArgumentHelp("When the span begins.", valueName: "time")) var from: TimePoint
  @Option(help: ArgumentHelp("When the span ends (default: now).", valueName: "time")) var to: TimePoint?
  @OptionGroup var settings: LevelsOptions
  @Flag(help: "As one JSON document.") var json = false

  func run() throws {
    try FleetQuery.run(try redis.wholeInstallation()) { query in
      let now = query.now
      let end = min(now, to?.instant(at: now) ?? now)
      let start = from.instant(at: now)
      if let fault = fault(start, end, now) {
        query.complain("what-changed", fault)
        return query.end()
      }
      settings.read(query.first) { report(SpanComparison(from: start, to: end, $0.metrics), query) }
    }
  }

  /// What is wrong with the span; nil if nothing is.
  private func fault(_ start: Instant, _ end: Instant, _ now: Instant) -> String? {
    switch SpanComparison.fault(from: start, to: end, at: now) {
    case .tooShort:
      "the span from --from to --to must be at least \(SpanComparison.shortest), and must have begun"
    case .tooLongAgo:
      "the span and as much time before it must lie in the last 24 hours: no more history is kept"
    case nil: nil
    }
  }

  private func report(_ empty: SpanComparison, _ query: FleetQuery) {
    var comparison = empty
    FleetHistoryReading.findAgents(query) { agents in
      FleetHistoryReading.read(agents, from: empty.before, to: empty.end, query) { found in
        comparison.take(found.agent, found.hours, found.insight)
      } finish: {
        finish(comparison, malformed: $0, query)
      }
    }
  }

  private func finish(_ comparison: SpanComparison, malformed: Int, _ query: FleetQuery) {
    if malformed > 0 { query.complain("history", "\(malformed) stored hours could not be read") }
    if comparison.agents == 0 {
      query.askForHandler { handler in
        query.complain(
          "what-changed",
          "no history of that span and the one before it; the active handler stores it at the end of each minute, and "
            + handler.sentence)
        query.end()
      }
      return
    }
    query.show(json ? .json(comparison.json) : .lines(comparison.lines))
    query.end()
  }
}
