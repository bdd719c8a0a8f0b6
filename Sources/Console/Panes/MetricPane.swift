import FleetModel
import Screen

/// One metric over the fleet: how the whole does, then the agents that stand out.
struct MetricPane {
  struct Row {
    var label: String
    var detail = ""
    var value: String
    var role: Role
    var line: Sparkline
  }

  var frame: PaneFrame
  /// The fleet's own line.
  var total: Row
  /// The rows in view.
  var rows: [Row]
  var list: ListRows
  var emptyText: String

  func draw(into grid: inout Grid, in rect: Rect) {
    let inside = frame.draw(into: &grid, in: rect)
    let (head, body) = inside.splitTop(1)
    draw(total, into: &grid, in: head, labelRole: .title)
    if list.count == 0 { grid.draw(emptyText, in: body.line(0).dropping(left: 1), role: .dim) }
    list.draw(into: &grid, in: body) { grid, index, line in
      guard rows.indices.contains(index - list.top) else { return }
      draw(rows[index - list.top], into: &grid, in: line, labelRole: .text)
    }
  }

  private func draw(_ row: Row, into grid: inout Grid, in rect: Rect, labelRole: Role) {
    let (left, line) = rect.dropping(left: 1).splitRight(min(30, max(6, rect.width / 4)))
    let (words, value) = left.splitRight(6)
    let (name, detail) = words.splitLeft(row.detail.isEmpty ? words.width : min(24, words.width * 3 / 5))
    grid.draw(row.label, in: name, role: labelRole)
    grid.draw(row.detail, in: detail.dropping(left: 1), role: .dim)
    grid.draw(row.value, in: value, role: row.role, align: .trailing)
    row.line.draw(into: &grid, in: line.dropping(left: 1))
  }
}

extension Model {
  /// - Parameter present: the fleet's present sums and means.
  func metricPane(
    _ pane: PaneID, _ metric: Metric, _ present: FleetTotals.Sample, in layout: Layout
  ) -> MetricPane {
    let shown = displayed
    let length = 30
    let top = cursors[pane.rawValue].top
    let rows = lists[pane].dropFirst(top).prefix(layout.height(of: pane)).map { row -> MetricPane.Row in
      guard case .agent(let id) = row, let position = shown.position(of: id), let agent = shown.agents[position] else {
        return .init(label: "", detail: "gone", value: "", role: .dim, line: Sparkline(values: []))
      }
      let value = valueText(metric, of: agent, at: position, in: shown) ?? ("-", .dim)
      return .init(
        label: labels[id], detail: detail(metric, agent, in: shown), value: value.text, role: value.role,
        line: line(metric, position, shown, length))
    }
    return MetricPane(
      frame: frame(pane, summary: isHeld(pane) ? "order held" : metric.paneNote, in: layout),
      total: total(metric, present[metric], in: shown, length),
      rows: Array(rows), list: list(pane), emptyText: emptyText)
  }

  /// Whether its order is not that of the values it shows, since the operator's hands are on the keys.
  func isHeld(_ pane: PaneID) -> Bool { heldPane == pane && lists.isHeld(pane, at: now) }

  private var emptyText: String {
    if filter.isEmpty { return "no agent reports it yet" }
    return lists[.agents].isEmpty ? "no agent matches the filter" : "no agent that the filter shows reports it"
  }

  private func total(_ metric: Metric, _ present: Double?, in shown: Fleet, _ length: Int) -> MetricPane.Row {
    let samples = shown.history({ $0[metric] }, count: length, until: displayedNow)
    return MetricPane.Row(
      label: metric == .messagesPerMinute ? "all agents" : "fleet mean",
      value: present.map { Format.value($0, of: metric) } ?? "-", role: .title,
      line: Sparkline(values: samples, top: metric == .errorRate ? 0.1 : nil, levels: Limits()[metric]))
  }

  private func detail(_ metric: Metric, _ agent: Agent, in shown: Fleet) -> String {
    func fresh(_ metric: Metric) -> Double? { agent.value(metric, within: Fleet.freshness, of: displayedNow) }
    switch metric {
    case .errorRate: return fresh(.lastHourErrors).map { "\(Format.count($0)) in 1h" } ?? ""
    case .messagesPerMinute: return fresh(.queueSize).map { "queue \(Format.count($0))" } ?? ""
    case .averageRating:
      let latest = shown.incidents.satisfaction.last { $0.agent == agent.id && !$0.summary.isEmpty }
      return latest.map { Scrubber.display($0.summary) } ?? ""
    case .responseTime, .lastHourErrors, .queueSize, .negativeFeedback, .attempts, .healthScore, .confidence, .rating:
      return ""
    }
  }
}

extension FleetTotals.Sample {
  /// The fleet's value of a metric, for those that are summed up.
  fileprivate subscript(metric: Metric) -> Double? {
    switch metric {
    case .errorRate: errorRate
    case .messagesPerMinute: traffic
    case .averageRating: rating
    case .queueSize: queue
    case .responseTime, .lastHourErrors, .negativeFeedback, .attempts, .healthScore, .confidence, .rating: nil
    }
  }
}

extension Metric {
  /// What a pane's title says of the numbers below it.
  fileprivate var paneNote: String {
    switch self {
    case .errorRate: "worst first"
    case .messagesPerMinute: "messages a minute"
    case .averageRating: "rating 1 to 5, worst first"
    case .responseTime, .lastHourErrors, .queueSize, .negativeFeedback, .attempts, .healthScore, .confidence, .rating:
      ""
    }
  }
}
