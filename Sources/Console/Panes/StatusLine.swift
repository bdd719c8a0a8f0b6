import FleetModel
import Screen

/// The last line: the link, what flows over it, who listens, and the time.
struct StatusLine: Equatable {
  struct Part: Equatable {
    var text: String
    var role: Role
    /// What a narrow line does without goes by the highest number first.
    var rank: Int
    /// What it says if there is no room for its text. Parts of rank 0 and 1 say it only once all others are gone.
    var short: String?
  }

  var parts: [Part]
  var clock: String

  func draw(into grid: inout Grid, in rect: Rect) {
    grid.fill(rect, role: .statusBar)
    let (left, right) = rect.splitRight(clock.count + 1)
    grid.draw(clock, in: right, role: .statusBar)
    var shown = parts
    func width() -> Int { shown.reduce(1) { $0 + TextWidth.columns($1.text) + 2 } }
    while width() > left.width, let last = shown.indices.max(by: { shown[$0].rank < shown[$1].rank }) {
      if shown[last].rank > 1, let short = shown[last].short {
        (shown[last].text, shown[last].short) = (short, nil)
      } else if shown[last].rank <= 1, let long = shown.lastIndex(where: { $0.short != nil }),
        let short = shown[long].short
      {
        (shown[long].text, shown[long].short) = (short, nil)
      } else {
        guard shown.count > 1 else { break }
        shown.remove(at: last)
      }
    }
    var rest = left.dropping(left: 1)
    for part in shown {
      let used = grid.draw(part.text, in: rest, role: part.role)
      rest = rest.dropping(left: used + 2)
    }
  }
}

extension Model {
  func statusLine() -> StatusLine {
    var parts: [StatusLine.Part] = []
    // A warning is the first word of the line, however narrow that is, until it is over.
    if let warning = settings.warning { parts.append(.init(text: warning, role: .statusBad, rank: 0)) }
    parts += [linkPart, automationPart] + shardParts
    if settings.isReadOnly { parts.append(.init(text: "READ-ONLY", role: .statusWarning, rank: 0)) }
    if let frozenSince {
      let age = Format.remaining(now - frozenSince)
      parts.append(.init(text: "FROZEN \(age), f goes on", role: .statusWarning, rank: 0))
    }
    if let (what, meaning) = refusals.min(by: { $0.key < $1.key }) {
      let more = refusals.count > 1 ? " (and \(refusals.count - 1) more)" : ""
      let text = "NOT SERVED: \(what)\(more)"
      parts.append(.init(text: "\(text), \(meaning)", role: .statusBad, rank: 1, short: text))
    }
    parts += faultParts + undeliveredParts
    parts.append(handlerPart)
    parts.append(alertsPart)
    let coming = fleet.insights.coming.count + fleet.maintenance.count
    if coming > 0 { parts.append(.init(text: "\(coming) coming, F", role: .statusWarning, rank: 3)) }
    if let part = queuesPart { parts.append(part) }
    if let part = waitingPart { parts.append(part) }
    parts.append(.init(text: Format.counted(fleet.count, "agent"), role: .statusBar, rank: 4))
    let rate = link == .up ? fleet.counts.rate(at: now) : 0
    parts.append(
      .init(
        text: "\(rate < 10 ? Format.decimal(rate, places: 1) : Format.count(rate)) events/s", role: .statusBar, rank: 3)
    )
    if fleet.counts.unreadableTotal > 0 { parts.append(unreadablePart) }
    if let gap = fleet.gaps.last, now - gap.to < .minutes(10) { parts.append(missedPart(gap)) }
    if fleet.counts.released > 0 {
      let count = Format.count(Double(fleet.counts.released))
      parts.append(.init(text: "\(count) silent agents let go", role: .statusWarning, rank: 6))
    }
    if fleet.counts.suspect > 0 {
      parts.append(.init(text: "\(Format.count(Double(fleet.counts.suspect))) suspect", role: .statusWarning, rank: 7))
    }
    if fleet.automation.setting.mode == .dry, handler.isAlive {
      parts.append(.init(text: "rules only say what they would do", role: .statusBar, rank: 8))
    }
    parts.append(.init(text: settings.place, role: .statusBar, rank: 9))
    return StatusLine(parts: parts, clock: Format.clock(now) + "Z")
  }

  /// How many alerts are open, and of how many of them somebody takes care or nothing is heard.
  private var alertsPart: StatusLine.Part {
    let counts = fleet.alerts.counts(at: now)
    let notes = [(counts.inHand, "in hand"), (counts.quiet, "quiet"), (counts.local, "local")].filter { $0.0 > 0 }.map {
      "\($0) \($1)"
    }
    let count = Format.counted(counts.all, "alert")
    let text = count + (notes.isEmpty ? "" : " (\(notes.joined(separator: ", ")))")
    let role: Role = counts.isActive ? .statusBad : counts.isLoud ? .statusWarning : .statusBar
    return .init(text: text, role: role, rank: 2, short: notes.isEmpty ? nil : count)
  }

  private var linkPart: StatusLine.Part {
    switch link {
    case .connecting: return .init(text: "connecting", role: .statusWarning, rank: 0)
    case .up:
      let lag = lag.map { Format.remaining($0) + " behind" }
      guard isCaughtUp else {
        return .init(
          text: ["reading history", lag].compactMap(\.self).joined(separator: ", "), role: .statusGood, rank: 0)
      }
      // What is on the screen is true of then, not of now.
      return lag.map { .init(text: "\($0), reading on", role: .statusWarning, rank: 0) }
        ?? .init(text: "live", role: .statusGood, rank: 0)
    case .down(let since, let retryAt, _):
      let wait = retryAt.map { $0 - now } ?? .zero
      let retry = wait > .zero ? "next try in \(Format.remaining(wait))" : "trying now"
      return .init(text: "NO LINK for \(Format.remaining(now - since)), \(retry)", role: .statusBad, rank: 0)
    }
  }

  /// Whether rules act: on the line at every width, for everybody who looks must know.
  private var automationPart: StatusLine.Part {
    let mode = fleet.automation.setting.mode
    if let mode, let words = fleet.automationDiffers {
      let role: Role = mode == .off ? .statusBad : .statusWarning
      return .init(text: "automation \(words)", role: role, rank: 0, short: "auto \(mode.rawValue), shards differ")
    }
    switch mode {
    case .on? where held != nil:
      return .init(
        text: "automation HELD: \(Self.cut(held ?? "", columns: 60))", role: .statusBad, rank: 0, short: "auto HELD")
    case .on?: return .init(text: "automation on", role: .statusGood, rank: 0, short: "auto on")
    case .dry?: return .init(text: "automation dry", role: .statusWarning, rank: 0, short: "auto dry")
    case .off?: return .init(text: "automation off", role: .statusBad, rank: 0, short: "auto off")
    // With everything else known it is one that cannot be: the server does not say.
    case nil where link == .up && isCaughtUp:
      return .init(text: "automation unknown", role: .statusWarning, rank: 1, short: "auto ?")
    case nil: return .init(text: "automation unknown", role: .statusBar, rank: 5)
    }
  }

  /// Why rules do not act though automation is on; nil if they do.
  var held: String? {
    guard fleet.automation.setting.mode == .on, case .alive(_, _, _, _, let held) = handler else { return nil }
    return held.map { String(Scrubber.display($0)) }
  }

  private var handlerPart: StatusLine.Part {
    switch handler {
    // With everything else known it is one that cannot be: the server does not say.
    case .unknown where link == .up && isCaughtUp: .init(text: "handler unknown", role: .statusWarning, rank: 1)
    case .unknown: .init(text: "handler unknown", role: .statusBar, rank: 5)
    case .absent: .init(text: "NO HANDLER", role: .statusWarning, rank: 1)
    case .alive(let id, _, _, _, _): .init(text: "handler \(Scrubber.display(id)) alive", role: .statusGood, rank: 5)
    }
  }

  /// That the handler goes on by its old settings: `runbook not taken: line 12`, and apart what is wrong there; and what is
  /// wrong with the server's memory.
  private var faultParts: [StatusLine.Part] {
    guard case .alive(_, _, let fault, let warning, _) = handler else { return [] }
    return [warning, fault].compactMap(\.self).flatMap(Self.parts)
  }

  private static func parts(of fault: String) -> [StatusLine.Part] {
    let words = Scrubber.display(fault).split(separator: ":", maxSplits: 2).map(String.init)
    let place = cut(words.prefix(2).joined(separator: ":"), columns: 40)
    let short = cut(words.first ?? "", columns: 20)
    let part = StatusLine.Part(text: place, role: .statusWarning, rank: 1, short: short)
    guard words.count > 2 else { return [part] }
    let detail = cut(String(words[2].drop { $0 == " " }), columns: 44)
    return [part, .init(text: detail, role: .statusWarning, rank: 6)]
  }

  private static func cut(_ text: String, columns: Int) -> String {
    TextWidth.fits(text, columns: columns) ? text : TextWidth.prefix(text, columns: columns - 1).0 + "…"
  }

  /// That people were not told, and what shows which of it.
  private var undeliveredParts: [StatusLine.Part] {
    let count = fleet.undelivered.count(at: now)
    guard count > 0 else { return [] }
    let text = "\(Format.counted(count, "notice")) undelivered"
    return [
      .init(text: text, role: .statusBad, rank: 1, short: "\(Format.count(Double(count))) undelivered"),
      .init(text: "vigia dead list", role: .statusBar, rank: 2),
    ]
  }

  /// What was missed last, and for how long.
  private func missedPart(_ gap: Gap) -> StatusLine.Part {
    let events = gap.count.map { " (\(Format.count(Double($0))) events)" } ?? ""
    let text = "MISSED \(Format.remaining(gap.length))\(events) at \(Format.clock(gap.from))Z"
    return .init(text: text, role: .statusWarning, rank: 2)
  }

  private var unreadablePart: StatusLine.Part {
    let reason = fleet.counts.unreadable.max { $0.value < $1.value }?.key ?? ""
    let count = Format.count(Double(fleet.counts.unreadableTotal))
    return .init(text: "\(count) unreadable: \(Scrubber.display(reason))", role: .statusWarning, rank: 6)
  }
}
