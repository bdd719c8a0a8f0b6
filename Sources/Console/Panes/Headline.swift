import FleetModel
import Screen

/// The first line: which agent is worst, and why; or that nothing is wrong.
struct Headline: Equatable {
  var lead: String
  var text: String
  var role: Role
  var trailing: String

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
    let inTrouble = shown.alerts.loudPositions(at: displayedNow)
    if case .down(_, _, let reason) = link { return brokenHeadline(shown, Scrubber.display(reason)) }
    // Of agents that are equally bad always the same one.
    let ranked = inTrouble.map { (trouble: Trouble(shown, $0), position: $0) }
    guard let worst = ranked.max(by: { ($0.trouble, $1.position) < ($1.trouble, $0.position) })?.position,
      let agent = shown.agents[worst], let alert = shown.alerts(ofAgentAt: worst).first
    else { return quietHeadline(shown) }
    let why = Why.text(ofAgentAt: worst, in: shown)
    let since = Format.age(displayedNow - alert.record.since)
    let more = inTrouble.count > 1 ? "\(inTrouble.count - 1) more in trouble" : "vigia"
    return Headline(
      lead: "\(glyphs.severity(alert.record.severity)) \(labels[agent.id])",
      text: "\(why), \(since == "now" ? "just now" : "for \(since)")", role: Role(alert.record.severity), trailing: more
    )
  }

  /// Why there is no link, and how old what is shown has become.
  private func brokenHeadline(_ shown: Fleet, _ reason: String) -> Headline {
    let age = Format.age(now - shown.now)
    let what = shown.now == .epoch ? "nothing read yet" : "what is shown is \(age == "now" ? "seconds" : age) old"
    return Headline(lead: "NO LINK:", text: "\(what); \(reason)", role: .bad, trailing: "vigia")
  }

  private func quietHeadline(_ shown: Fleet) -> Headline {
    if shown.count == 0 { return Headline(lead: "vigia", text: "", role: .title, trailing: "") }
    let open = shown.alerts.count
    if open > 0 {
      return Headline(
        lead: "all in hand", text: "\(Format.counted(open, "alert")) acknowledged", role: .good, trailing: "vigia")
    }
    return Headline(lead: "all well", text: "no open alerts", role: .good, trailing: "vigia")
  }
}
