import FleetModel
import Screen

/// What changed in a marked span, beside the span before it.
extension Model {
  func spanPane(_ mark: SpanMark, _ result: SpanMark.Result, in rect: Rect) -> DetailPane {
    let frame = PaneFrame(
      title: "What changed", summary: "Esc closes, up and down scroll", isFocused: true, hasBorder: true)
    return DetailPane(frame: frame, lines: lines(of: result, rect.width - 4), top: mark.top)
  }

  private func lines(of result: SpanMark.Result, _ columns: Int) -> [DetailPane.Line] {
    switch result {
    case .reading(let count, let all):
      return [.text("reading the history of \(count) of \(Format.counted(all, "agent"))", .dim)]
    case .refused(let why):
      return DetailPane.Line.wrapped("the history could not be read: \(why)", columns: columns, .warning)
    case .found(let comparison):
      guard comparison.agents > 0 else {
        return DetailPane.Line.wrapped(
          "No history of this span and the one before it is stored; the active handler stores it at the end of each minute.",
          columns: columns, .text)
      }
      return lines(of: comparison, columns)
    }
  }

  private func lines(of comparison: SpanComparison, _ columns: Int) -> [DetailPane.Line] {
    func time(_ instant: Instant) -> String { String(Format.clock(instant).prefix(5)) + "Z" }
    let head = DetailPane.Line.wrapped(comparison.head(time: time), columns: columns, .text)
    let sections = comparison.sections(name: { labels[$0] }, time: time).flatMap { section -> [DetailPane.Line] in
      guard let title = section.title else { return [.blank] + section.lines.map { .text($0, .dim) } }
      let heading = DetailPane.Line.heading(title.prefix(1).uppercased() + title.dropFirst())
      return [.blank, heading] + section.lines.map { .text("  " + Scrubber.display($0), .text) }
    }
    return head + sections
  }
}
