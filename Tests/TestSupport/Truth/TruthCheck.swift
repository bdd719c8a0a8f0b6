import Console
import FleetModel

/// Compares what a screen says with what is true; each difference is a line of words.
package struct TruthCheck {
  /// What the screen is a picture of: the present, or the moment at which it was frozen or lost its link.
  package var shown: Truth
  package var present: Truth
  package var isLinked = true
  package var isFrozen = false
  /// Whether it was frozen without a link.
  package var isOfLostLink = false
  package var filter = ""
  package var marked: Set<String> = []
  /// Whether the order of rows has had time to settle.
  package var isSettled = true
  package var reading: ScreenReading
  /// What the handler has said of each agent's health so far, as rows show it.
  package var handlerScores: [String: Set<String>] = [:]
  /// What time it is, known also without a link.
  package var clock = Instant.epoch

  package init(shown: Truth, present: Truth, reading: ScreenReading) {
    (self.shown, self.present, self.reading) = (shown, present, reading)
  }

  private static let signs: [Severity: Character] = [.low: "◦", .medium: "▵", .high: "▲", .critical: "◆"]

  package func differences() -> [String] {
    headline() + status() + rows() + (isSettled ? order() + panes() : []) + commands()
  }

  // MARK: The first line

  package func category() -> Truth.Health? {
    let text = reading.headline.trimmingSpaces
    if text.hasPrefix("all well") { return .well }
    if text.hasPrefix("all in hand") { return .inHand }
    if let first = text.first, Self.signs.values.contains(first) { return .trouble }
    if saysAllAreSilent { return .silent }
    if text.hasPrefix("vigia") || text.isEmpty { return .empty }
    return .notWell
  }

  /// `3 of 3 agents silent for 2m`, in the line's beginning or behind the worst agent.
  private var saysAllAreSilent: Bool {
    if reading.headline.contains("no agent reports") { return true }
    let words = reading.headline.split(separator: " ")
    return words.indices.dropFirst(4).contains { end in
      words[end] == "silent" && words[end - 3] == "of" && words[end - 4] == words[end - 2]
    }
  }

  private func headline() -> [String] {
    let text = reading.headline.trimmingSpaces
    guard isLinked else { return text.hasPrefix("NO LINK") ? [] : ["without a link the headline says \(text)"] }
    let isHeld = present.isHeld && present.handlerIsAlive
    guard text.contains("HELD") == isHeld else { return ["automation is \(isHeld ? "" : "not ")held: \(text)"] }
    if text.hasPrefix("automation HELD") { return [] }
    // News of one agent may stand before the silence of all.
    if saysAllAreSilent, shown.health.contains(.silent) { return [] }
    // Frozen without a link: of the time since nothing was known.
    if isOfLostLink, category() == .notWell { return [] }
    // Some that are silent, and nothing else: how well the others are is not said.
    if text.contains(" silent"), !saysAllAreSilent, text.contains("no open alerts") {
      return shown.health.isDisjoint(with: [.well, .silent, .notWell]) ? ["the headline says \"\(text)\""] : []
    }
    guard let category = category(), shown.health.contains(category) else {
      return ["the headline says \"\(text)\", true is \(shown.health.map { "\($0)" }.sorted())"]
    }
    guard category == .trouble else { return [] }
    // Whom it names is at least as badly off as anybody.
    let ranked = shown.agents.keys.filter { text.contains($0) }.map { rank($0) }
    guard let named = ranked.map(\.upperBound).max(), let worst = shown.agents.keys.map({ rank($0).lowerBound }).max(),
      named < worst
    else { return [] }
    return ["the headline names \"\(text)\", and another agent is worse"]
  }

  /// How badly off an agent is, at least and at most: whether a breach asks for attention, and how bad that is.
  private func rank(_ name: String) -> ClosedRange<Int> {
    let own = shown.alerts.filter { $0.key.agent == name && (!shown.isInHand($0.key) || !isSure($0.key)) }
    let sure = own.filter {
      !shown.isInHand($0.key) && !shown.mayBeClosed($0.key) && shown.stage($0.key) == .breach
        && $0.key.kind != "escalation"
    }
    func worst(_ alerts: [Truth.AlertKey: Truth.Alert]) -> Int { alerts.values.map { $0.severity.rank + 1 }.max() ?? 0 }
    return min(worst(sure), 1)...max(worst(own), worst(sure))
  }

  // MARK: The last line

  private func status() -> [String] {
    var faults: [String] = []
    let text = reading.status
    func expect(_ holds: Bool, _ what: @autoclosure () -> String) { if !holds { faults.append("\(what()): \(text)") } }
    expect(isLinked == !text.contains("NO LINK"), "the link is \(isLinked ? "up" : "down")")
    expect(isFrozen == text.contains("FROZEN"), "the display is \(isFrozen ? "" : "not ")frozen")
    if isLinked {
      expect(text.contains("HELD") == (present.isHeld && present.handlerIsAlive), "held is \(present.isHeld)")
      expect(
        text.contains("NO HANDLER") != present.handlerIsAlive,
        "the handler is \(present.handlerIsAlive ? "alive" : "dead")")
    } else {
      expect(!text.contains(" alive"), "without a link nobody knows whether the handler lives")
    }
    let counted = present
    let alerts = counted.alertCount()
    expect(reading.count(of: "alert").map { alerts.contains($0) } ?? false, "\(alerts) alerts are open")
    let lost = (reading.count(of: "alert") ?? 0) - counted.alerts.values.count { $0.certainty != .lost }
    expect(lost <= (reading.count(of: "local") ?? 0), "\(lost) alerts are this console's own word")
    let least = counted.agents.values.count { !$0.isForgotten }
    let most = max(least, counted.agents.count, isFrozen ? shown.agents.count : 0)
    // The line leaves out what it has no room for; the title of the agents' pane, which may be frozen, has the number too.
    let told = reading.count(of: "agent")
    expect(
      (told ?? reading.agentsInTitle).map { $0 <= most && ($0 >= least || told == nil && isFrozen) } ?? false,
      "there are \(least) to \(most) agents")
    return faults
  }

  // MARK: Rows

  private func rows() -> [String] {
    let matching = shown.agents.filter { matches($0.key) }
    let names = reading.rows.map(\.name)
    var faults: [String] = []
    for (name, agent) in matching.sorted(by: { $0.key < $1.key }) {
      let rows = reading.rows.filter { $0.name == name }
      guard rows.count == 1 else {
        if rows.count > 1 || !agent.isForgotten { faults.append("\(name) has \(rows.count) rows") }
        continue
      }
      faults += row(rows[0], name, agent)
    }
    return faults
      + names.filter { matching[$0] == nil && !$0.contains("no agent") && !$0.isEmpty && shown.agents[$0] != nil }
      .map { "\($0) has a row in spite of the filter" }
  }

  private func matches(_ name: String) -> Bool {
    filter.isEmpty || name.lowercased().contains(filter.lowercased())
  }

  private func row(_ row: ScreenReading.Row, _ name: String, _ agent: Truth.Agent) -> [String] {
    var faults: [String] = []
    func expect(_ holds: Bool, _ what: @autoclosure () -> String) { if !holds { faults.append("\(name): \(what())") } }
    let word = agent.isActive ? agent.state : "off"
    // Who was not there before Redis lost all takes it to be on.
    let mayBeOn = !agent.isActive && agent.lostAt != nil
    let mayHaveEnded = agent.pausedUntil.map { $0 <= shown.now + Truth.slack } ?? false
    expect(row.state.contains(word) || mayHaveEnded || mayBeOn, "it is \(word), the row says \(row.state)")
    let count = shown.alertCount(of: name)
    expect(count.contains(row.alerts), "it has \(count) alerts, the row says \(row.alerts)")
    let own = shown.alerts.keys.filter { $0.agent == name }
    let severities = shown.alerts.filter { $0.key.agent == name }.map { Self.signs[$0.value.severity] }
    expect(
      row.severity == nil || severities.contains(row.severity) || own.contains { !isSure($0) },
      "the row's worst alert is \(row.severity ?? " ")")
    let isOpen = own.contains { shown.mayBeClosed($0) || !isSure($0) || hasSpoken($0) }
    if !own.isEmpty, !isOpen {
      expect(
        row.isInHand == own.allSatisfy { shown.isInHand($0) }, "its alerts are \(row.isInHand ? "not " : "")in hand")
    }
    expect(row.isMarked == marked.contains(name), "it is \(row.isMarked ? "" : "not ")shown as marked")
    for (heading, metric) in [
      ("Errs", "error_rate"), ("Resp", "response_time"), ("Queue", "queue_size"), ("Rate", "avg_rating"),
      ("Hlth", "health_score"),
    ] {
      guard let cell = row.cells[heading] else { continue }
      let value = agent.metrics[metric].map { Self.text($0.value, metric) } ?? "-"
      // What was heard before Redis lost all was true then, and is shown with its age.
      let mayBeOld = agent.isForgotten || agent.lostAt != nil && agent.metrics[metric] == nil
      // The handler's own score comes before what the agent says of itself.
      let isJudged = metric == "health_score" && handlerScores[name]?.contains(cell) == true
      expect(cell == value || mayBeOld || isJudged, "its \(metric) is \(value), the row says \(cell)")
    }
    return faults
  }

  private func isSure(_ key: Truth.AlertKey) -> Bool { shown.alerts[key]?.certainty == .sure }

  /// Whether a silence has ended since the moment that is shown: when it ends was known then.
  private func hasSpoken(_ key: Truth.AlertKey) -> Bool {
    shown.alerts[key].map { $0.silencedUntil > shown.now && $0.silencedUntil <= clock } ?? false
  }

  /// A value as a person would shorten it.
  static func text(_ value: Double, _ metric: String) -> String {
    func tenths(_ value: Double) -> String { "\(Int((value * 10).rounded()) / 10).\(Int((value * 10).rounded()) % 10)" }
    switch metric {
    case "error_rate":
      let percent = value * 100
      return percent >= 10 || percent == 0 ? "\(Int(percent.rounded()))%" : tenths(percent) + "%"
    case "response_time": return value < 1000 ? "\(Int(value))ms" : tenths(value / 1000) + "s"
    case "avg_rating": return tenths(value)
    case "health_score":
      let hundredths = Int((value * 100).rounded())
      return "\(hundredths / 100)." + (hundredths % 100 < 10 ? "0" : "") + "\(hundredths % 100)"
    default: return value < 1000 ? "\(Int(value))" : tenths(value / 1000) + "k"
    }
  }

  // MARK: Order

  /// Rows of which the lower one ought to stand above.
  private func order() -> [String] {
    let names = reading.rows.map(\.name).filter { shown.agents[$0] != nil }
    var faults: [String] = []
    for (upper, lower) in zip(names, names.dropFirst()) where place(lower).upperBound < place(upper).lowerBound {
      faults.append("\(upper) stands above \(lower), which needs more attention")
    }
    return faults
  }

  /// The place of an agent, the lowest first: breach before recovering before escalated before none; both ends if it
  /// is open which.
  private func place(_ name: String) -> ClosedRange<Int> {
    guard let agent = shown.agents[name], !agent.isForgotten else { return 0...9 }
    // Who pauses stays up, and where is open.
    guard agent.state == "running", agent.isActive else { return 0...9 }
    let own = shown.alerts.filter { $0.key.agent == name }
    let places = own.keys.map { key -> ClosedRange<Int> in
      if shown.mayBeClosed(key) { return 0...4 }
      if key.kind == "escalation" { return 3...3 }
      if shown.isInHand(key) { return 0...4 }
      switch shown.stage(key) {
      case .breach: return 0...0
      case .recovering: return 1...1
      case .quiet: return 1...3
      case nil: return 0...3
      }
    }
    guard let first = places.map(\.lowerBound).min(), let last = places.map(\.upperBound).min() else { return 4...4 }
    return first...max(first, last)
  }

  /// The panes of one metric: worst first by the value shown, ties by name.
  private func panes() -> [String] {
    [(PaneID.errorRate, "error_rate", -1.0), (.traffic, "messages_per_minute", -1), (.satisfaction, "avg_rating", 1)]
      .flatMap { pane, metric, sign -> [String] in
        let rows = (reading.values[pane] ?? []).filter { shown.agents[$0.name]?.metrics[metric] != nil }
        let missing = shown.agents.filter { name, agent in
          agent.metrics[metric].map { shown.now - $0.at < .seconds(290) } ?? false && matches(name)
            && !rows.contains { $0.name == name }
        }
        if let name = missing.keys.min() { return ["\(metric): \(name) reports it and has no row"] }
        return zip(rows, rows.dropFirst()).compactMap { upper, lower in
          guard let above = shown.agents[upper.name]?.metrics[metric],
            let below = shown.agents[lower.name]?.metrics[metric]
          else { return nil }
          let isOrdered = upper.value == lower.value ? upper.name < lower.name : above.value * sign < below.value * sign
          return isOrdered ? nil : "\(metric): \(upper.name) \(upper.value) stands above \(lower.name) \(lower.value)"
        }
      }
  }

  // MARK: Commands

  /// Without a link nobody knows what has become of a command that was sent.
  private func isPhase(_ phase: String, of phases: Set<String>) -> Bool {
    phases.contains(phase) || !isLinked && phase == "unknown" && phases.contains("sent")
  }

  /// Each row that names a command's targets and operator shows a phase that is true of one of them.
  private func commands() -> [String] {
    reading.commands.compactMap { row in
      let candidates = shown.commands.values.filter { command, _ in
        row.text.hasPrefix(command.action.rawValue) && row.text.contains(command.operator)
          && command.targets.allSatisfy { row.text.contains($0.description) }
      }.map(\.phases)
      guard !candidates.isEmpty, !candidates.contains(where: { isPhase(row.phase, of: $0) }) else { return nil }
      return "a command is \(candidates.map { $0.sorted() }), the row says \(row.phase) \(row.text)"
    }
  }
}

extension String {
  /// Without the blanks at its ends.
  var trimmingSpaces: String {
    split(separator: " ", omittingEmptySubsequences: false).drop { $0.isEmpty }.joined(separator: " ")
  }
}
