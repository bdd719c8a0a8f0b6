import Console
import FleetModel
import Insight
import Wire

/// What differs in a span from as much time before it: metrics, agents, and what was changed.
struct SpanComparison {
  let start: Instant
  let end: Instant
  /// The open metrics that have names.
  private let table: MetricTable
  /// Agents with history in both spans.
  private(set) var agents = 0
  private var greatest: [SpanChange] = []
  private var metrics: [MetricID: Tally] = [:]
  private var marks: [Mark: [AgentID]] = [:]

  /// Of how many agents a metric rose or fell, and of how many it is known.
  private struct Tally {
    var rose = 0
    var fell = 0
    var known = 0
  }

  /// A change that several agents may have had in the same minute.
  private struct Mark: Hashable, Comparable {
    var minute: Int64
    var words: ExactText

    static func < (left: Mark, right: Mark) -> Bool { (left.minute, left.words) < (right.minute, right.words) }
  }

  private static let most = 20
  private static let mostMarks = 1000

  init(from start: Instant, to end: Instant, _ table: MetricTable) {
    (self.start, self.end, self.table) = (start, end, table)
  }

  /// When the span before begins.
  var before: Instant { start - (end - start) }

  mutating func take(_ found: FleetHistoryReading.Found) {
    let series = RollupSeries.all(in: found.hours, from: before, to: end).map { series in
      SpanChange.Series(
        agent: found.agent, metric: series.metric,
        before: series.entries.filter { $0.begin < start }.map(\.rollup.mean),
        during: series.entries.filter { $0.begin >= start }.map(\.rollup.mean))
    }
    let changes = series.compactMap { SpanChange($0) }
    if !changes.isEmpty { agents += 1 }
    for change in changes {
      metrics[change.metric, default: Tally()].known += 1
      guard change.isNotable else { continue }
      if change.effect > 0 { metrics[change.metric]?.rose += 1 } else { metrics[change.metric]?.fell += 1 }
    }
    greatest = SpanChange.greatest(greatest + changes, most: Self.most)
    for change in found.insight?.changes ?? [] where change.at >= start && change.at <= end {
      note(change, found.agent)
    }
  }

  private mutating func note(_ change: AgentInsight.Change, _ agent: AgentID) {
    let words = "\(change.kind.swapping("_", for: " ")) \(change.detail)"
    let mark = Mark(minute: change.at.milliseconds / 60_000, words: ExactText(words))
    guard marks[mark] != nil || marks.count < Self.mostMarks else { return }
    marks[mark, default: []].append(agent)
  }

  /// Metrics by how many agents they changed of.
  private var ranked: [(metric: ShownMetric, tally: Tally)] {
    metrics.map { (metric: ShownMetric($0.key, table), tally: $0.value) }
      .sorted { ($1.tally.rose + $1.tally.fell, $0.metric.id) < ($0.tally.rose + $0.tally.fell, $1.metric.id) }
  }

  // MARK: Text

  var lines: [String] {
    let head =
      "\(Format.minute(start)) to \(Format.minute(end)) beside the \(span) before it, \(Format.counted(agents, "agent"))"
    return [head, ""] + metricLines + agentLines + markLines
  }

  private var span: String { TimeSpan.minutes(max(1, (end - start).seconds / 60)).description }

  private var metricLines: [String] {
    let changed = ranked.filter { $0.tally.rose + $0.tally.fell > 0 }
    guard !changed.isEmpty else { return ["no metric of any agent differs by three of its usual spreads or more"] }
    return ["metrics"]
      + changed.map { metric, tally in
        let parts = [(tally.rose, "rose"), (tally.fell, "fell")].filter { $0.0 > 0 }.map { "\($1) on \($0)" }
        return "  \(metric.name)  \(parts.joined(separator: ", ")) of \(Format.counted(tally.known, "agent"))"
      }
  }

  private var agentLines: [String] {
    guard !greatest.isEmpty else { return [] }
    let rows = greatest.map { change -> [String] in
      let metric = ShownMetric(change.metric, table)
      return [
        "  \(change.agent)".shown, metric.name, "\(metric.text(change.before)) → \(metric.text(change.during))",
        Self.words(change.effect),
      ]
    }
    return ["", "agents"] + TextTable.lines(rows, rightAligned: 4...4)
  }

  /// How many spreads, as far as that says anything.
  private static func words(_ effect: Double) -> String {
    let size = Bounded.int(rounding: abs(effect))
    return "\(effect > 0 ? "up" : "down") \(size > 999 ? "more than 999" : "\(size)") spreads"
  }

  private var markLines: [String] {
    guard !marks.isEmpty else { return ["", "no change of an agent is known in the span"] }
    let lines = marks.sorted { $0.key < $1.key }.prefix(Self.most).map { mark, agents in
      let named = agents.prefix(3).map { "\($0)" }.joined(separator: ", ")
      let more = agents.count > 3 ? " and \(agents.count - 3) more" : ""
      return "  \(Format.minute(Instant(milliseconds: mark.minute * 60_000)))  \(mark.words.text)  \(named)\(more)"
    }
    let rest = marks.count > Self.most ? ["  and \(marks.count - Self.most) more"] : []
    return ["", "changes in the span"] + lines + rest
  }

  // MARK: JSON

  var json: JSONValue {
    [
      "from": .string(ISO8601.format(start)), "to": .string(ISO8601.format(end)),
      "before": .string(ISO8601.format(before)), "agents": .integer(Int64(agents)),
      "metrics": .array(
        ranked.map { metric, tally in
          [
            "metric": .string(metric.name), "unit": metric.unit.map { .string($0) },
            "rose": .integer(Int64(tally.rose)), "fell": .integer(Int64(tally.fell)),
            "known": .integer(Int64(tally.known)),
          ]
        }),
      "greatest": .array(greatest.map(json)),
      "changes": .array(
        marks.sorted { $0.key < $1.key }.map { mark, agents in
          [
            "at": .string(ISO8601.format(Instant(milliseconds: mark.minute * 60_000))),
            "change": .string(mark.words.text), "agents": .array(agents.map { .string($0.bytes) }),
          ]
        }),
    ]
  }

  private func json(_ change: SpanChange) -> JSONValue {
    let metric = ShownMetric(change.metric, table)
    return [
      "agent": .string(change.agent.bytes), "metric": .string(metric.name), "unit": metric.unit.map { .string($0) },
      "before": .number(change.before), "during": .number(change.during), "spreads": .number(change.effect),
    ]
  }
}
