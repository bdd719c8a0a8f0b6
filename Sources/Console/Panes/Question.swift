import Screen

/// A question to the operator: what would be done and to whom, what to know before, and what answers it.
///
/// What is asked is never cut, least of all how many it is for and with what arguments: it takes as many lines as it
/// needs. A narrow screen names fewer of those it is for.
struct Question {
  /// What is asked, with fewer and fewer names.
  var wordings: [String]
  /// What the operator should know.
  var notes: [String] = []
  /// What stands before the answer, such as `type`.
  var lead = ""
  /// What to type.
  var answer: String
  /// What other keys do: left out if there is no room.
  var hint: String
  var isDangerous: Bool

  /// Its lines on a screen; the answer stands on the last one.
  struct Lines {
    var texts: [String]
    /// Whether the answer has a line of its own.
    var isAnswerApart: Bool

    var count: Int { texts.count + (isAnswerApart ? 1 : 0) }
  }

  /// - Parameters:
  ///   - columns: the width of the screen.
  ///   - most: how many lines it may take.
  func lines(columns: Int, most: Int) -> Lines {
    let shortest = wordings.last ?? ""
    let all = wordings.lazy.map { lines($0, notes, columns) }.first { $0.count <= 2 } ?? lines(shortest, notes, columns)
    guard all.count > most else { return all }
    // There is no room for all of it: notes go before what is asked, the answer stays in view, and what is cut says so.
    let bare = lines(shortest, [], columns)
    let isNoteCut = bare.texts.count < most
    return cut(isNoteCut ? lines(shortest, notes, columns) : bare, to: most)
  }

  private func cut(_ lines: Lines, to most: Int) -> Lines {
    guard lines.count > most else { return lines }
    var lines = lines
    lines.isAnswerApart = lines.isAnswerApart && most > 1
    lines.texts = Array(lines.texts.prefix(max(1, lines.isAnswerApart ? most - 1 : most)))
    if let last = lines.texts.popLast() { lines.texts.append(last + " …") }
    return lines
  }

  private func lines(_ wording: String, _ notes: [String], _ columns: Int) -> Lines {
    let room = max(1, columns - 1)
    let text = ([wording] + (notes.isEmpty ? [] : [notes.joined(separator: "; ")])).joined(separator: "  ")
    let texts = TextWidth.wrapped(text, columns: room)
    let used = texts.last.map { TextWidth.columns($0) } ?? 0
    // With notes there is more to read, and so more room is taken for what the keys do.
    let least = answerColumns + (notes.isEmpty ? 0 : 1 + TextWidth.columns(hint))
    return Lines(texts: texts, isAnswerApart: used + gap + min(least, room) > room)
  }

  /// Notes stand apart from what is to be typed.
  private var gap: Int { notes.isEmpty ? 1 : 2 }

  private var answerColumns: Int { TextWidth.columns(answer) + (lead.isEmpty ? 0 : TextWidth.columns(lead) + 1) }

  func draw(into grid: inout Grid, in rect: Rect) {
    let role: Role = isDangerous ? .promptDanger : .prompt
    let lines = lines(columns: rect.width, most: rect.height)
    grid.fill(rect, role: role)
    var rest = rect.line(0).dropping(left: 1)
    for (row, text) in lines.texts.enumerated() {
      let line = rect.line(row).dropping(left: 1)
      let isBesideAnswer = row == lines.texts.count - 1 && !lines.isAnswerApart
      let place = isBesideAnswer ? line.splitRight(answerColumns + gap).0 : line
      let used = grid.draw(text, in: place, role: role)
      rest = line.dropping(left: used + (used > 0 ? gap : 0))
    }
    if lines.isAnswerApart { rest = rect.line(lines.texts.count).dropping(left: 1) }
    if !lead.isEmpty { rest = rest.dropping(left: grid.draw(lead, in: rest, role: role) + 1) }
    rest = rest.dropping(left: grid.draw(answer, in: rest, role: .code) + 1)
    if TextWidth.fits(hint, columns: rest.width) { grid.draw(hint, in: rest, role: role) }
  }
}
