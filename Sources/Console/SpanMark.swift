import FleetModel
import Screen

/// A span that is being marked on a chart with times, and what was found in it.
///
/// At first there is only a place, from which the span goes to the right edge. A start that is marked stands, and the place
/// is the span's other end.
struct SpanMark: Equatable, Sendable {
  /// The chart that it is marked on.
  enum Chart: Equatable, Sendable {
    /// The last hours of an agent that is open.
    case history(AgentID)
    /// The last hour in the list of what is coming.
    case coming
  }

  /// What becomes of the comparison of the marked span with the one before it.
  enum Result: Equatable, Sendable {
    /// So many agents have been read, of so many.
    case reading(Int, of: Int)
    case found(SpanComparison)
    /// Why there is none.
    case refused(String)
  }

  let chart: Chart
  /// The edges of the chart.
  let first: Instant
  let last: Instant
  private(set) var place: Instant
  private(set) var start: Instant?
  /// Nil while nobody has asked.
  var result: Result?
  /// The first line in view of what was found.
  var top = 0

  /// - Parameter place: where it begins; if it lies outside of the chart, at its edge.
  init(on chart: Chart, from first: Instant, to last: Instant, at place: Instant) {
    (self.chart, self.first, self.last) = (chart, first, last)
    self.place = min(max(Self.minute(place), first), last)
  }

  var from: Instant { min(start ?? place, place) }
  var to: Instant { start.map { max($0, place) } ?? last }

  mutating func move(by span: TimeSpan) { place = min(max(Self.minute(place + span), first), last) }

  /// Marks the start at the place; again: takes it back.
  mutating func toggleStart() { start = start == nil ? place : nil }

  /// The beginning of a moment's minute: history is kept by the minute.
  private static func minute(_ instant: Instant) -> Instant {
    Instant(milliseconds: instant.milliseconds / 60_000 * 60_000)
  }
}

extension Model {
  /// The mark that is on the screen; nil if another place was gone to.
  var mark: SpanMark? {
    guard let span, explained == nil else { return nil }
    switch span.chart {
    case .history(let agent): return agent == opened ? span : nil
    case .coming: return opened == nil && coming.isShown ? span : nil
    }
  }

  /// Whether a chart with times is on the screen.
  var hasChart: Bool { explained == nil && (opened != nil || coming.isShown && isForecastSelected) }

  private var isForecastSelected: Bool { if case .forecast? = coming.cursor.selected { true } else { false } }

  /// The comparison that is on the screen; nil if there is none.
  package var comparedSpan: (from: Instant, to: Instant)? {
    guard let mark, case .reading? = mark.result else { return nil }
    return (mark.from, mark.to)
  }

  /// Begins to mark a span, or marks its start.
  mutating func markSpan() {
    if mark != nil {
      if span?.result == nil { span?.toggleStart() }
    } else if hasChart {
      if let opened { markHistory(of: opened) } else { markComing() }
    } else {
      show(note: "open an agent with Enter, or what is coming with F: a span is marked on a chart with times")
    }
  }

  /// Begins where trouble began, or else half an hour ago.
  private mutating func markHistory(of id: AgentID) {
    guard let history, history.agent == id, !history.series.isEmpty else {
      show(note: "no history of this agent is stored; the active handler stores it at the end of each minute")
      return
    }
    let since = displayed.position(of: id).flatMap { displayed.troubleSince(ofAgentAt: $0) }
    let guess = since.flatMap { displayedNow - $0 >= SpanComparison.shortest ? $0 : nil }
    span = SpanMark(
      on: .history(id), from: displayedNow - HistoryChart.span, to: displayedNow,
      at: guess ?? displayedNow - .minutes(30))
    showHistory(of: id)
  }

  private mutating func markComing() {
    span = SpanMark(
      on: .coming, from: displayedNow - .hours(1), to: displayedNow, at: displayedNow - .minutes(30))
  }

  /// Scrolls so that the times below the charts are in view.
  private mutating func showHistory(of id: AgentID) {
    let body = Layout(size: size).body
    var pane = detailPane(of: id, in: body)
    let axis = pane.lines.lastIndex { if case .axis = $0 { true } else { false } }
    guard let axis else { return }
    pane.lines.removeLast(pane.lines.count - axis - 1)
    detailTop = pane.lastTop(height: body.height)
  }

  mutating func moveMark(by span: TimeSpan) {
    if mark != nil, self.span?.result == nil { self.span?.move(by: span) }
  }

  /// Asks what differs in the marked span.
  mutating func compareSpan() -> [Effect] {
    guard let mark, mark.result == nil else { return [] }
    guard SpanComparison.fault(from: mark.from, to: mark.to, at: displayedNow) == nil else {
      show(note: "a span to compare takes \(SpanComparison.shortest) at least: Left and Right move its end")
      return []
    }
    let agents = displayed.agents.profiles.compactMap { $0?.id }
    span?.result = .reading(0, of: agents.count)
    span?.top = 0
    return [.compareSpan(SpanComparison(from: mark.from, to: mark.to, displayed.metrics), agents)]
  }

  /// Takes what became of a comparison, unless nobody looks at it any more.
  mutating func take(_ from: Instant, _ to: Instant, _ progress: SpanProgress) {
    guard let compared = comparedSpan, compared == (from, to) else { return }
    switch progress {
    case .read(let count):
      if case .reading(_, let all)? = span?.result { span?.result = .reading(count, of: all) }
    case .found(let comparison): span?.result = .found(comparison)
    case .refused(let why): span?.result = .refused(why)
    }
  }

  /// Goes a step back from a mark: from what was found, else from the mark itself. False if there is no mark.
  mutating func backFromMark() -> Bool {
    guard mark != nil else { return false }
    if span?.result != nil { span?.result = nil } else { span = nil }
    return true
  }

  // MARK: The foot of the screen

  /// The keys of a mark, with the span that is marked.
  func markLine(_ mark: SpanMark) -> PromptLine.Content {
    func time(_ instant: Instant) -> Substring { Format.clock(instant).prefix(5) }
    let minutes = (mark.to - mark.from).milliseconds / 60_000
    let lead = "\(time(mark.from)) to \(time(mark.to))Z, \(TimeSpan.minutes(minutes))"
    let help = Array(footer.prefix(1))
    if mark.result != nil {
      return .proposal(lead, keys: [("Up Down", "scroll"), ("Esc", "back to the mark")], text: "", others: help)
    }
    let start = mark.start == nil ? "start" : "no start"
    let keys = [("Left Right", "move"), ("v", start), ("Enter", "compare"), ("Esc", "leave")]
    return .proposal(lead, keys: keys, text: "", others: help)
  }
}

/// How far the comparison of a span has come.
package enum SpanProgress: Sendable {
  case read(Int)
  case found(SpanComparison)
  case refused(String)
}
