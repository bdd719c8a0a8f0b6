import FleetModel
import Insight
import Screen

/// What differs in a span from as much time before it: metrics, agents, and what was changed.
package struct SpanComparison: Equatable, Sendable {
  /// Why a span cannot be compared.
  package enum Fault: Sendable { case tooShort, tooLongAgo }

  /// Of how many agents a metric rose or fell, and of how many it is known.
  package struct Tally: Equatable, Sendable {
    package var metric: ShownMetric
    package var rose = 0
    package var fell = 0
    package var known = 0
  }

  /// A change that several agents may have had in the same minute.
  package struct Mark: Sendable {
    package var at: Instant
    package var words: String
    package var agents: [AgentID]
  }

  /// Lines under a heading; without one if there is nothing to list.
  package struct Section: Sendable {
    package var title: String?
    package var lines: [String]
  }

  private struct MarkKey: Hashable, Comparable {
    var minute: Int64
    var words: ExactText

    static func < (left: MarkKey, right: MarkKey) -> Bool { (left.minute, left.words) < (right.minute, right.words) }
  }

  package let start: Instant
  package let end: Instant
  /// The open metrics that have names.
  private let table: MetricTable
  /// Agents with history in both spans.
  package private(set) var agents = 0
  /// What differs most, the most first.
  package private(set) var greatest: [SpanChange] = []
  private var metrics: [MetricID: Tally] = [:]
  private var marked: [MarkKey: [AgentID]] = [:]

  /// A shorter span has too few minutes.
  package static let shortest = TimeSpan.minutes(4)
  /// An hour of history stays for 24 hours after its end.
  package static let longest = TimeSpan.hours(25)
  private static let most = 20
  private static let mostMarks = 1000

  package init(from start: Instant, to end: Instant, _ table: MetricTable) {
    (self.start, self.end, self.table) = (start, end, table)
  }

  /// What is wrong with a span; nil if nothing is.
  package static func fault(from start: Instant, to end: Instant, at now: Instant) -> Fault? {
    guard end - start >= shortest else { return .tooShort }
    return now - (start - (end - start)) <= longest ? nil : .tooLongAgo
  }

  /// When the span before begins.
  package var before: Instant { start - (end - start) }

  // MARK: Taking

  /// Takes what is stored of an agent.
  package mutating func take(_ agent: AgentID, _ hours: [RollupHour], _ insight: AgentInsight?) {
    let series = RollupSeries.all(in: hours, from: before, to: end).map { series in
      SpanChange.Series(
        agent: agent, metric: series.metric,
        before: series.entries.filter { $0.begin < start }.map(\.rollup.mean),
        during: series.entries.filter { $0.begin >= start }.map(\.rollup.mean))
    }
    let changes = series.compactMap { SpanChange($0) }
    if !changes.isEmpty { agents += 1 }
    for change in changes { count(change) }
    greatest = SpanChange.greatest(greatest + changes, most: Self.most)
    for change in insight?.changes ?? [] where change.at >= start && change.at <= end { note(change, agent) }
  }

  private mutating func count(_ change: SpanChange) {
    var tally = metrics[change.metric] ?? Tally(metric: shown(change.metric))
    tally.known += 1
    if change.isNotable { if change.effect > 0 { tally.rose += 1 } else { tally.fell += 1 } }
    metrics[change.metric] = tally
  }

  private mutating func note(_ change: AgentInsight.Change, _ agent: AgentID) {
    let words = "\(change.kind.swapping("_", for: " ")) \(change.detail)"
    let key = MarkKey(minute: change.at.milliseconds / 60_000, words: ExactText(words))
    guard marked[key] != nil || marked.count < Self.mostMarks else { return }
    marked[key, default: []].append(agent)
  }

  // MARK: What was found

  /// Metrics, those that changed of most agents first.
  package var ranked: [Tally] {
    metrics.values.sorted { ($1.rose + $1.fell, $0.metric.id) < ($0.rose + $0.fell, $1.metric.id) }
  }

  /// A metric by its number.
  package func shown(_ metric: MetricID) -> ShownMetric { ShownMetric(metric, table) }

  /// What was changed in the span, in order of time.
  package var marks: [Mark] {
    marked.sorted { $0.key < $1.key }.map { key, agents in
      Mark(at: Instant(milliseconds: key.minute * 60_000), words: key.words.text, agents: agents)
    }
  }

  // MARK: Words

  /// `13:20Z to 13:48Z beside the 28m before it, 12 agents`.
  package func head(time: (Instant) -> String) -> String {
    let span = TimeSpan.minutes(max(1, (end - start).seconds / 60)).description
    return "\(time(start)) to \(time(end)) beside the \(span) before it, \(Format.counted(agents, "agent"))"
  }

  /// What differs, and what was changed. Texts from outside are not scrubbed.
  package func sections(name: (AgentID) -> String, time: (Instant) -> String) -> [Section] {
    let rows = greatest.map { change -> [String] in
      let metric = shown(change.metric)
      let values = "\(metric.text(change.before)) → \(metric.text(change.during))"
      return [name(change.agent), metric.name, values, Self.words(change.effect)]
    }
    let agents = rows.isEmpty ? [] : [Section(title: "agents", lines: TextTable.lines(rows, rightAligned: 4...4))]
    return [metricSection] + agents + [markSection(name, time)]
  }

  private var metricSection: Section {
    let changed = ranked.filter { $0.rose + $0.fell > 0 }
    guard !changed.isEmpty else {
      return Section(lines: ["no metric of any agent differs by three of its usual spreads or more"])
    }
    let lines = changed.map { tally in
      let parts = [(tally.rose, "rose"), (tally.fell, "fell")].filter { $0.0 > 0 }.map { "\($1) on \($0)" }
      return "\(tally.metric.name)  \(parts.joined(separator: ", ")) of \(Format.counted(tally.known, "agent"))"
    }
    return Section(title: "metrics", lines: lines)
  }

  /// How many spreads, as far as that says anything.
  private static func words(_ effect: Double) -> String {
    let size = Bounded.int(rounding: abs(effect))
    return "\(effect > 0 ? "up" : "down") \(size > 999 ? "more than 999" : "\(size)") spreads"
  }

  private func markSection(_ name: (AgentID) -> String, _ time: (Instant) -> String) -> Section {
    let all = marks
    guard !all.isEmpty else { return Section(lines: ["no change of an agent is known in the span"]) }
    let lines = all.prefix(Self.most).map { mark in
      let named = mark.agents.prefix(3).map { name($0) }.joined(separator: ", ")
      let more = mark.agents.count > 3 ? " and \(mark.agents.count - 3) more" : ""
      return "\(time(mark.at))  \(mark.words)  \(named)\(more)"
    }
    let rest = all.count > Self.most ? ["and \(all.count - Self.most) more"] : []
    return Section(title: "changes in the span", lines: lines + rest)
  }
}
