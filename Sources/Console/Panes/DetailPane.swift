import FleetModel
import Screen

/// One agent opened: who it is, its series, its alerts, its commands and its latest events, as lines to scroll.
struct DetailPane {
  enum Line {
    case heading(String)
    case pair(String, String, Role)
    /// A name, and the address that it leads to.
    case link(String, String)
    /// `age` tells how old the value is, if it says nothing about the present.
    case chart(
      label: String, value: String, age: String? = nil, role: Role, minutes: Sparkline, hour: Sparkline)
    /// Where changes of the agent lie below the charts, in columns from their right ends.
    case marks(minutes: [Int], hour: [Int])
    case history(HistoryChart)
    case axis(HistoryAxis)
    case command(CommandsPane.Row)
    case text(String, Role)
    case blank

    /// Rows of the screen that it takes.
    var height: Int {
      switch self {
      case .chart: 3
      case .history: HistoryChart.height
      case .axis: HistoryAxis.height
      case .heading, .pair, .link, .marks, .command, .text, .blank: 1
      }
    }
  }

  var frame: PaneFrame
  var lines: [Line]
  var top: Int

  /// The first line in view once the last one is, in so many rows, frame included.
  func lastTop(height: Int) -> Int {
    var rest = height - 2
    var top = lines.count
    while top > 0, lines[top - 1].height <= rest {
      rest -= lines[top - 1].height
      top -= 1
    }
    return min(top, max(0, lines.count - 1))
  }

  func draw(into grid: inout Grid, in rect: Rect) {
    var rest = frame.draw(into: &grid, in: rect).inset(rows: 0, columns: 1)
    for line in lines.dropFirst(min(top, max(0, lines.count - 1))) {
      guard !rest.isEmpty else { return }
      let (place, after) = rest.splitTop(line.height)
      draw(line, into: &grid, in: place)
      rest = after
    }
  }

  private func draw(_ line: Line, into grid: inout Grid, in rect: Rect) {
    switch line {
    case .heading(let text): grid.draw(text, in: rect, role: .title)
    case .pair(let name, let value, let role):
      grid.draw(name, in: rect.splitLeft(14).0, role: .dim)
      grid.draw(value, in: rect.dropping(left: 15), role: role)
    case .link(let name, let address):
      grid.draw(name, in: rect.splitLeft(14).0, role: .dim)
      let place = rect.dropping(left: 15)
      let columns = grid.draw(address, in: place, role: .text)
      grid.link(place.splitLeft(columns).0, to: address)
    case .chart(let label, let value, let age, let role, let minutes, let hour):
      drawChart(label, value, role, minutes, hour, into: &grid, in: rect)
      if let age, rect.height > 2 {
        grid.draw(age, in: rect.line(2).dropping(left: 15).splitLeft(7).0, role: .stale)
      }
    case .marks(let minutes, let hour): drawMarks(minutes, hour, into: &grid, in: rect)
    case .history(let chart): chart.draw(into: &grid, in: rect)
    case .axis(let axis): axis.draw(into: &grid, in: rect)
    case .command(let row): CommandsPane.draw(row, into: &grid, in: rect)
    case .text(let text, let role): grid.draw(text, in: rect, role: role)
    case .blank: break
    }
  }

  private func drawChart(
    _ label: String, _ value: String, _ role: Role, _ minutes: Sparkline, _ hour: Sparkline, into grid: inout Grid,
    in rect: Rect
  ) {
    let middle = rect.line(min(1, rect.height - 1))
    grid.drawLabel(label, in: rect)
    grid.draw(value, in: middle.dropping(left: 15).splitLeft(7).0, role: role)
    let (left, right) = Self.halves(of: rect)
    minutes.draw(into: &grid, in: left)
    hour.draw(into: &grid, in: right)
  }

  /// Where the two charts of a line stand.
  private static func halves(of rect: Rect) -> (minutes: Rect, hour: Rect) {
    let area = rect.dropping(left: 23)
    let room = Rect(row: area.row, column: area.column, height: min(2, area.height), width: area.width)
    let width = min(60, max(0, (room.width - 2) / 2))
    let (left, right) = room.splitLeft(width)
    return (left, right.dropping(left: 2).splitLeft(width).0)
  }

  private func drawMarks(_ minutes: [Int], _ hour: [Int], into grid: inout Grid, in rect: Rect) {
    grid.draw("changed", in: rect.splitLeft(14).0, role: .dim)
    let (left, right) = Self.halves(of: rect)
    for (columns, half) in [(minutes, left), (hour, right)] {
      for column in columns where column < half.width {
        grid.putGlyph(grid.glyphs.up, row: half.row, column: half.endColumn - 1 - column, role: .warning)
      }
    }
  }
}

extension Model {
  func detailPane(of id: AgentID, in rect: Rect) -> DetailPane {
    let shown = displayed
    let frame = PaneFrame(
      title: labels[id], summary: "Esc closes, up and down scroll", isFocused: true, hasBorder: true)
    guard let position = shown.position(of: id), let agent = shown.agents[position] else {
      return DetailPane(frame: frame, lines: [.text("this agent has left", .dim)], top: 0)
    }
    let lines =
      identityLines(agent) + linkLines(of: id) + alertLines(position, shown) + maintenanceLines(of: id, rect.width - 4)
      + insightLines(of: id, rect.width - 4) + tuningLines(of: id, rect.width - 4)
      + budgetLines(of: id, rect.width - 4) + proposalLines(id, rect.width - 4)
      + chartLines(agent, position, shown) + historyLines(of: id, position, shown)
      + commandLines(id, shown)
      + eventLines(id)
    return DetailPane(frame: frame, lines: lines, top: detailTop)
  }

  private func identityLines(_ agent: Agent) -> [DetailPane.Line] {
    var state = stateWords(agent)
    if let reported = agent.reported?.state { state += ", says it is \(reported.rawValue)" }
    if let position = displayed.position(of: agent.id),
      let words = Why.unconfirmedText(ofAgentAt: position, in: displayed)
    {
      state += ", \(words)"
    }
    if let by = agent.record.updatedBy { state += ", changed by \(Scrubber.display(by))" }
    let about = [agent.role, agent.tier, agent.model, agent.language].map { Scrubber.display($0) }.filter {
      !$0.isEmpty
    }
    let release = releaseWords(agent.traits)
    var lines: [DetailPane.Line] = [
      .pair("id", Labels.idText(agent.id), .text), .pair("state", state, Role(agent.state)),
    ]
    if !about.isEmpty { lines.append(.pair("about", about.joined(separator: ", "), .text)) }
    if !release.isEmpty { lines.append(.pair("release", release, .text)) }
    let replicas = agent.reported?.replicas ?? agent.record.replicas
    let limit = agent.record.rateLimit.flatMap { $0 > 0 ? "\($0) messages a minute" : nil }
    if let replicas { lines.append(.pair("replicas", "\(replicas)", .text)) }
    if let open = openConversations(of: agent) {
      let isFull = agent.capacity.map { open >= $0 } ?? false
      let words = Format.counted(agent.capacity ?? open, "conversation")
      lines.append(.pair("open", agent.capacity == nil ? words : "\(open) of \(words)", isFull ? .warning : .text))
    }
    lines += parameterLines(of: agent)
    if let limit { lines.append(.pair("rate limit", limit, .warning)) }
    if let backup = agent.record.backup { lines.append(.pair("backup", "\(labels[backup]) stands in", .warning)) }
    let events = "\(agent.eventCount), last \(Format.age(displayedNow - agent.lastEventAt))"
    return lines + [.pair("events", events, .text), .blank]
  }

  /// `version 1.8, prompt_version 7, provider openai, region eu`; empty if nobody has said any of it.
  private func releaseWords(_ traits: AgentTraits) -> String {
    [Trait.version, .promptVersion, .provider, .region].filter { !traits[$0].isEmpty }
      .map { "\($0.rawValue) \(Scrubber.display(traits[$0]))" }.joined(separator: ", ")
  }

  private func alertLines(_ position: Int, _ shown: Fleet) -> [DetailPane.Line] {
    let alerts = shown.alerts(ofAgentAt: position)
    guard !alerts.isEmpty else { return [.heading("Alerts"), .text("  none open", .dim), .blank] }
    return [.heading("Alerts")]
      + alerts.flatMap { alert -> [DetailPane.Line] in
        let record = alert.record
        var text = "  \(record.severity.rawValue): \(Why.text(alert, in: shown)), \(record.count) times, "
        text += "since \(Format.clock(record.since))Z"
        if let quiet = record.quietSince { text += ", quiet since \(Format.clock(quiet))Z" }
        if alert.isLocal || handler(of: alert.id.agent) == .absent { text += ", local: judged by this console" }
        return [.text(text, alert.isLoud(at: displayedNow) ? Role(record.severity) : .dim)] + handLines(record)
      } + [.blank]
  }

  /// Who has an alert in hand, since when and until when.
  private func handLines(_ record: AlertRecord) -> [DetailPane.Line] {
    func until(_ end: Instant?) -> String { end.map { " until \(Format.until($0, from: displayedNow))" } ?? "" }
    var lines: [DetailPane.Line] = []
    if let who = record.acknowledgedBy {
      let since = record.acknowledgedAt.map { " at \(Format.clock($0))Z" } ?? ""
      let words = "acknowledged by \(Scrubber.display(who))\(since)\(until(record.acknowledgedUntil))"
      lines.append(.text("    \(words)", .dim))
    }
    if let end = record.silencedUntil, end > displayedNow {
      let by = record.silencedBy.map { " by \(Scrubber.display($0))" } ?? ""
      lines.append(.text("    silenced\(by)\(until(end))", .dim))
    }
    if !lines.isEmpty, !record.note.isEmpty { lines.append(.text("    note: \(Scrubber.display(record.note))", .dim)) }
    return lines
  }

  private func chartLines(_ agent: Agent, _ position: Int, _ shown: Fleet) -> [DetailPane.Line] {
    let charts = Metric.allCases.filter { $0.isCharted && agent.hasSeries($0) }.map { metric -> DetailPane.Line in
      func chart(_ resolution: SeriesStore.Resolution) -> Sparkline {
        let values = shown.history(metric, ofAgentAt: position, resolution, count: 60, until: displayedNow)
        return Sparkline(
          values: values, top: metric == .errorRate ? 0.1 : nil, levels: shown.limits(ofAgentAt: position)[metric])
      }
      let value = valueText(metric, of: agent, at: position, in: shown) ?? ("-", .dim)
      return .chart(
        label: metric.title, value: value.text, role: value.role, minutes: chart(.fine), hour: chart(.coarse))
    }
    return [.heading("Series: the last 10 minutes, the last hour")] + charts + openChartLines(position, shown)
      + markLines(position, shown) + [.blank]
  }

  /// A chart for each open metric that the agent reports.
  private func openChartLines(_ position: Int, _ shown: Fleet) -> [DetailPane.Line] {
    shown.openReadings(ofAgentAt: position).map { reading in
      func chart(_ resolution: SeriesStore.Resolution) -> Sparkline {
        Sparkline(
          values: shown.history(reading.place, ofAgentAt: position, resolution, count: 60, until: displayedNow),
          levels: shown.limits(ofAgentAt: position)[reading.place])
      }
      let value = valueText(reading, at: position, in: shown)
      let isOld = reading.at.map { displayedNow - $0 > Fleet.freshness } ?? false
      let age = isOld ? reading.at.map { Format.ago(displayedNow - $0) } : nil
      return .chart(
        label: reading.metric.title(in: shown.metrics.currency), value: value.text, age: age, role: value.role,
        minutes: chart(.fine),
        hour: chart(.coarse))
    }
  }

  /// A mark below the charts for each change of the agent in the last hour; no line without one.
  private func markLines(_ position: Int, _ shown: Fleet) -> [DetailPane.Line] {
    func columns(_ resolution: SeriesStore.Resolution) -> [Int] {
      let span = resolution.span.milliseconds
      return (shown.insights[position]?.changes ?? []).compactMap { change in
        let age = displayedNow.milliseconds / span - change.at.milliseconds / span
        return (0..<60).contains(age) ? Int(age) : nil
      }
    }
    let (minutes, hour) = (columns(.fine), columns(.coarse))
    return minutes.isEmpty && hour.isEmpty ? [] : [.marks(minutes: minutes, hour: hour)]
  }

  private func commandLines(_ id: AgentID, _ shown: Fleet) -> [DetailPane.Line] {
    let entries = shown.commands.entries.reversed().lazy.filter { $0.concerns(id) }.prefix(8)
    guard !entries.isEmpty else { return [.heading("Commands"), .text("  none", .dim), .blank] }
    return [.heading("Commands")] + entries.map { .command(commandRow($0)) } + [.blank]
  }

  private func eventLines(_ id: AgentID) -> [DetailPane.Line] {
    guard let latestEvents, latestEvents.agent == id else {
      return [.heading("Latest events"), .text("  reading", .dim)]
    }
    guard !latestEvents.events.isEmpty else {
      return [.heading("Latest events"), .text("  the stream holds none of this agent", .dim)]
    }
    return [.heading("Latest events")]
      + latestEvents.events.map { event in
        .text("  \(Format.clock(event.at))Z  \(Scrubber.display(event.type))  \(Scrubber.display(event.data))", .text)
      }
  }
}

extension OpenMetric {
  /// Its name as it is read, `tokens per minute`, with the currency of what costs.
  func title(in currency: String) -> String {
    let words = name.swapping("_", for: " ")
    return unit == .currency && !currency.isEmpty ? "\(words) \(Scrubber.display(currency))" : words
  }
}

extension Metric {
  fileprivate var title: String {
    switch self {
    case .errorRate: "error rate"
    case .responseTime: "response time"
    case .messagesPerMinute: "traffic"
    case .queueSize: "queue"
    case .averageRating: "rating"
    case .healthScore: "health"
    case .lastHourErrors, .negativeFeedback, .attempts, .confidence, .rating: field
    }
  }
}
