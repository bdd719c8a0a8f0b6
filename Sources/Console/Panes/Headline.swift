import FleetModel
import Screen

/// The first line: which agent is worst, and why; that nobody reports; or that nothing is wrong.
struct Headline: Equatable {
  var lead: String
  var text: String
  var role: Role
  var trailing = "vigia"

  func draw(into grid: inout Grid, in rect: Rect) {
    grid.fill(rect, role: .text)
    let (left, right) = rect.splitRight(min(TextWidth.columns(trailing) + 3, rect.width / 3))
    grid.draw(trailing, in: right.splitRight(1).0, role: .dim, align: .trailing)
    let used = grid.draw(lead, in: left.dropping(left: 1), role: role)
    grid.draw(text, in: left.dropping(left: used + 2), role: role == .good ? .text : role)
  }
}

extension Model {
  func headline(_ glyphs: Glyphs) -> Headline {
    let shown = displayed
    if case .down(let since, _, let reason) = link { return brokenHeadline(shown, since, Scrubber.display(reason)) }
    // While history is read, nobody knows yet who has stopped.
    let isSilent = isCaughtUp && (shown.silences.isOfAll || shown.isSourceSilent)
    var trouble = troubleHeadline(shown, glyphs)
    if isSilent {
      guard let worst, !worst.alert.isQuiet, worst.alert.record.last > shown.silences.since ?? .epoch else {
        return silentHeadline(shown)
      }
      // Trouble that is told of since is news: it stands first.
      trouble?.text += "; \(silentWords(shown))"
    }
    if let broken = brokenShardsHeadline(shown, besides: trouble) { return broken }
    guard let held else {
      return queueHeadline(shown, glyphs, besides: trouble) ?? trouble ?? waitingHeadline(shown) ?? calmHeadline(shown)
    }
    let worst = trouble.map { "; worst: \($0.lead) \($0.text)" } ?? ""
    return Headline(
      lead: "automation HELD", text: held + worst, role: .bad, trailing: trouble?.trailing ?? "vigia")
  }

  /// The worst agent of those with alerts that ask for attention, or many that are equally bad; nil if there is none.
  private func troubleHeadline(_ shown: Fleet, _ glyphs: Glyphs) -> Headline? {
    guard let worst, let agent = shown.agents.profiles[worst.position] else { return nil }
    let alert = worst.alert
    let group = worst.heading.map { title(of: $0) } ?? groupWords(worst, shown)
    let range = group.map { _ in rangeWords(worst, shown) }
    let why = [range ?? Why.text(ofAgentAt: worst.position, in: shown), worst.heading?.cause.words]
      .compactMap(\.self).joined(separator: ", ")
    let since = Format.age(displayedNow - alert.record.since)
    // How long an agent has been silent its own words say.
    let age = alert.id.kind == .silent ? "" : since == "now" ? ", just now" : ", for \(since)"
    let others = worst.inTrouble - (group == nil ? 1 : worst.positions.count)
    let more = others > 0 ? "\(others) more in trouble" : "vigia"
    return Headline(
      lead: "\(glyphs.severity(alert.record.severity)) \(group ?? labels[agent.id])",
      text: why + age,
      role: alert.isQuiet ? .warning : Role(alert.record.severity), trailing: more)
  }

  /// Why there is no link, and how old what is shown has become.
  private func brokenHeadline(_ shown: Fleet, _ since: Instant, _ reason: String) -> Headline {
    let age = Format.age(now - min(shown.now, since))
    let what = shown.now == .epoch ? "nothing read yet" : "what is shown is \(age == "now" ? "seconds" : age) old"
    return Headline(lead: "NO LINK:", text: "\(what); \(reason)", role: .bad)
  }

  /// All agents that report by themselves have stopped: what is shown of them is old.
  private func silentHeadline(_ shown: Fleet) -> Headline {
    let open = shown.alerts.count
    let rest = [open > 0 ? "\(Format.counted(open, "alert")) open" : nil, held.map { "automation HELD: \($0)" }]
    return Headline(
      lead: silentWords(shown), text: rest.compactMap(\.self).joined(separator: ", "), role: .bad)
  }

  /// `5 of 5 agents silent for 5m`; `no agent reports for 31s` while only some of them have been silent for long enough.
  private func silentWords(_ shown: Fleet) -> String {
    let isOfSource = shown.isSourceSilent && !shown.silences.isOfAll
    let since = isOfSource ? shown.silences.lastReportAt : shown.silences.since
    let age = Format.age(displayedNow - (since ?? displayedNow))
    let counted = Format.counted(shown.silences.reporting, "agent")
    let words = isOfSource ? "no agent reports" : "\(shown.silences.silent.count) of \(counted) silent"
    return age == "now" ? words : "\(words) for \(age)"
  }

  /// Conversations that wait for a person for longer than they should: no agent is in trouble, and all is not well.
  private func waitingHeadline(_ shown: Fleet) -> Headline? {
    guard let book = shown.waiting, let oldest = book.oldest else { return nil }
    let over = book.overCount(at: displayedNow)
    guard over > 0 else { return nil }
    let wait = Format.remaining(oldest.wait(at: displayedNow) ?? .zero)
    return Headline(
      lead: over == 1 ? "1 conversation waits too long" : "\(over) conversations wait too long",
      text: "for a person, the longest for \(wait); 8 shows them\(keeperWords)", role: .bad)
  }

  /// What is said while no alert asks for attention.
  private func calmHeadline(_ shown: Fleet) -> Headline {
    if shown.count == 0 { return Headline(lead: "vigia", text: "", role: .title, trailing: "") }
    if isCaughtUp, !shown.silences.silent.isEmpty {
      return Headline(lead: silentWords(shown), text: inHand(shown), role: .warning)
    }
    if isCaughtUp, displayedNow - shown.lastEventAt > Fleet.freshness {
      let age = Format.age(displayedNow - shown.lastEventAt)
      let text = shown.lastEventAt == .epoch ? "no event has been seen" : "no event for \(age)"
      return Headline(lead: "no news:", text: "\(text); \(inHand(shown))", role: .warning)
    }
    return shown.alerts.count > 0
      ? Headline(lead: "all in hand", text: inHand(shown), role: .good)
      : Headline(lead: "all well", text: "no open alerts", role: .good)
  }

  /// `2 acknowledged, 1 silenced`.
  private func inHand(_ shown: Fleet) -> String {
    let counts = shown.alerts.counts(at: displayedNow)
    let words = [(counts.acknowledged, "acknowledged"), (counts.silenced, "silenced")].filter { $0.0 > 0 }
    return words.isEmpty ? "no open alerts" : words.map { "\($0) \($1)" }.joined(separator: ", ")
  }
}
