import FleetModel
import Screen

/// The queues of other services, the worst first, and who reads the selected one.
///
/// ```
/// ┌─ Queues ───────────────────────────────────────────── looked just now ─┐
/// │  State           Queue              Waits Oldest Pending Oldest Readers  Read │
/// │▸ ▲ nobody reads  orders / workers    1.2k     5m       4     9m       2    4m │
/// │  ✓ well          mail / senders         0      -       0      -       3    1s │
/// │ ───────────────────────────────────────────────────────────────────────────── │
/// │ orders / workers: 1200 entries wait, the oldest for 5m; …                     │
/// │   Reader                       Pending  Read                                  │
/// │   worker-1                           4    4m                                  │
/// └───────────────────────────────────────────────────────────────────────────────┘
/// ```
struct QueuesPane {
  struct Row {
    var state: String
    var name: String
    /// What waits, how old that is, what is pending, how old that is, readers, last read, length.
    var values: [String]
    var role: Role
    var readersRole: Role = .text
  }

  struct Reader {
    var name: String
    var pending: String
    var idle: String
  }

  var frame: PaneFrame
  /// The rows in view.
  var rows: [Row]
  var list: ListRows
  /// The selected queue in words, and who reads it.
  var words: [DetailPane.Line]
  var readers: [Reader]
  /// How old all of it is, if it is older than usual.
  var staleness: String
  var emptyLines: [DetailPane.Line]

  private static let headings = ["Waits", "Oldest", "Pending", "Oldest", "Readers", "Read", "Length"]
  private static let readerRows = QueueStanding.mostReaders
  /// Below it a blank row, words in two lines, a heading, and readers.
  static let table = StateTable(
    stateWidth: 15, widths: [7, 7, 8, 7, 8, 6, 8], numbers: 7, leastName: 16, detailRows: 4 + readerRows)

  func draw(into grid: inout Grid, in rect: Rect) {
    let inside = frame.draw(into: &grid, in: rect)
    guard list.count > 0 else { return grid.draw(emptyLines, in: inside) }
    let (heading, below) = inside.splitTop(1)
    Self.table.drawHeading("Queue", Self.headings, into: &grid, in: heading)
    let (body, rest) = below.splitBottom(Self.table.detailHeight(below.height))
    list.draw(into: &grid, in: body) { grid, index, line in
      guard rows.indices.contains(index - list.top) else { return }
      if index == list.selected { grid.draw(String(grid.glyphs.selection), in: line, role: .text) }
      Self.table.draw(cells(rows[index - list.top]), into: &grid, in: line)
    }
    drawDetail(into: &grid, in: rest)
    if !staleness.isEmpty { grid.draw(staleness, in: rest.splitBottom(1).1.dropping(left: 1), role: .warning) }
  }

  private func cells(_ row: Row) -> StateTable.Cells {
    let values = row.values.enumerated().map { (text: $1, role: $0 == 4 ? row.readersRole : Role.text) }
    return StateTable.Cells(state: (row.state, row.role), name: (row.name, .text), values: values)
  }

  private func drawDetail(into grid: inout Grid, in rect: Rect) {
    guard rect.height > 3 else { return }
    StateTable.drawRule(into: &grid, in: rect)
    let area = rect.splitTop(1).1.dropping(left: 1)
    grid.draw(words.prefix(2), in: area)
    guard !readers.isEmpty else { return }
    let below = area.splitTop(min(2, max(1, words.count))).1
    let room = max(0, below.height - 1 - (staleness.isEmpty ? 0 : 1))
    let lines = [Reader(name: "Reader", pending: "Pending", idle: "Read")] + readers
    for (place, reader) in lines.prefix(room + 1).enumerated() {
      let role: Role = place == 0 ? .title : .text
      let line = below.line(place).dropping(left: 1)
      let (name, rest) = line.splitLeft(min(40, max(8, line.width - 20)))
      grid.draw(reader.name, in: name, role: role)
      grid.draw(reader.pending, in: rest.splitLeft(9).0, role: role, align: .trailing)
      grid.draw(reader.idle, in: rest.dropping(left: 9).splitLeft(8).0, role: role, align: .trailing)
    }
  }
}

extension Model {
  func queuesPane(in layout: Layout) -> QueuesPane {
    let rect = layout[.queues]
    let report = displayed.queues
    let queues = Dictionary((report?.queues ?? []).map { ($0.row, $0) }) { first, _ in first }
    let cursor = cursors[PaneID.queues.rawValue]
    let rows = lists[.queues].dropFirst(cursor.top).prefix(layout.height(of: .queues)).compactMap { queues[$0] }
    let selected = cursor.selected.flatMap { queues[$0] }
    let age = report.map { Format.ago(displayedNow - $0.at) } ?? ""
    let isStale = report?.isStale(at: displayedNow) ?? false
    let columns = rect.width - (layout.kind == .small ? 3 : 5)
    return QueuesPane(
      frame: frame(.queues, summary: report == nil ? "" : "looked at \(age)", in: layout),
      rows: rows.map { row($0) }, list: list(.queues),
      words: selected.map { words($0, columns: columns) } ?? [],
      readers: selected.map { readers(of: $0) } ?? [],
      staleness: isStale ? "as of \(age): no handler has looked since" : "", emptyLines: emptyLines(columns))
  }

  private func row(_ queue: QueueStanding) -> QueuesPane.Row {
    let now = displayedNow
    let isTold = queue.fault == nil
    let values =
      isTold
      ? [
        QueueWords.waiting(queue), QueueWords.age(queue.oldestWaiting, at: now, isThere: queue.waits),
        queue.group == nil ? "-" : QueueWords.count(queue.pending),
        queue.group == nil ? "-" : QueueWords.age(queue.oldestPending, at: now, isThere: queue.pending.map { $0 > 0 }),
        queue.group == nil ? "none" : queue.consumers == 0 ? "none" : QueueWords.count(queue.consumers),
        QueueWords.lastRead(queue, at: now), QueueWords.count(queue.length),
      ] : Array(repeating: "?", count: 7)
    let lacksReaders = isTold && (queue.group == nil || queue.consumers == 0)
    let role = QueueWords.role(queue)
    return QueuesPane.Row(
      state: QueueWords.state(queue), name: QueueWords.name(queue), values: values, role: role,
      readersRole: lacksReaders ? (queue.trouble == nil ? .dim : role) : .text)
  }

  private func words(_ queue: QueueStanding, columns: Int) -> [DetailPane.Line] {
    let since = queue.trouble.map { ", for \(Format.remaining(displayedNow - $0.since))" } ?? ""
    let hand = queue.trouble?.hand.map { ". \(QueueWords.hand($0, at: displayedNow))" } ?? ""
    let state = queue.trouble.map { QueueStanding.word($0.kind) } ?? QueueWords.state(queue)
    let text = "\(QueueWords.name(queue)): \(state)\(since)\(hand). \(queue.words(at: displayedNow))"
    return DetailPane.Line.wrapped(Scrubber.display(text), columns: columns, .text)
  }

  private func readers(of queue: QueueStanding) -> [QueuesPane.Reader] {
    guard let report = displayed.queues else { return [] }
    return queue.readers.map { reader in
      QueuesPane.Reader(
        name: Scrubber.display(reader.name), pending: Format.count(Double(reader.pending)),
        idle: Format.remaining(displayedNow - (report.at - reader.idle)))
    }
  }

  /// How to have queues looked at.
  private func emptyLines(_ columns: Int) -> [DetailPane.Line] {
    let why =
      switch handler {
      case .alive: "The handler looks at streams of other services if its settings name them:"
      case .absent: "No handler is alive: it is the handler that looks at queues, if its settings name their streams:"
      case .unknown: "Whether a handler is alive is not known. It looks at queues if its settings name their streams:"
      }
    let example = ["[[queues]]", "stream = \"orders\"", "max_lag = 1000", "nobody_reads_after = \"1m\""]
    return DetailPane.Line.wrapped("No queue is watched.", columns: columns, .text) + [.blank]
      + DetailPane.Line.wrapped(why, columns: columns, .dim) + [.blank]
      + example.map { DetailPane.Line.text("  \($0)", .key) } + [.blank]
      + DetailPane.Line.wrapped("vigia manual around says more.", columns: columns, .dim)
  }
}
