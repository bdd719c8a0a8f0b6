import Screen

/// Where everything stands, by the size of the screen.
///
/// ```
/// small               medium                          large
/// ┌ tabs ────────┐    ┌ headline ──────────────┐      ┌ headline ───────────────────┐
/// │ headline     │    │ agents                 │      │ agents          │ error rate │
/// │              │    │                        │      │                 │ traffic    │
/// │ one pane     │    ├ errors ┬ traffic ┬ sat. ┤      │                 │ satisf.    │
/// │              │    ├ security ──┬ commands ──┤      ├ security ───┬ commands ─────┤
/// └ keys, status ┘    └ keys, status ──────────┘      └ keys, status ───────────────┘
/// ```
package struct Layout: Equatable, Sendable {
  package enum Kind: Equatable, Sendable {
    /// Too small to show anything.
    case none
    case small, medium, large
  }

  /// The smallest screen that is drawn.
  package static let least = Size(rows: 5, columns: 20)

  package let kind: Kind
  package let headline: Rect
  package let tabs: Rect
  /// The region of the panes as a whole, which an opened agent or help takes over.
  package let body: Rect
  /// The line above the status; a long question takes more lines, over the lowest of the body.
  package let prompt: Rect
  package let status: Rect
  private var panes = [Rect](repeating: Rect(row: 0, column: 0, height: 0, width: 0), count: PaneID.allCases.count)

  package init(size: Size, promptRows: Int = 1) {
    let all = Rect(row: 0, column: 0, height: size.rows, width: size.columns)
    if size.rows < Self.least.rows || size.columns < Self.least.columns {
      kind = .none
    } else if size.columns >= 160, size.rows >= 36 {
      kind = .large
    } else if size.columns >= 100, size.rows >= 30 {
      kind = .medium
    } else {
      kind = .small
    }
    var rest = all
    (rest, status) = rest.splitBottom(1)
    prompt = rest.splitBottom(promptRows).1
    // Panes keep their places: only a list without a frame gives up its lowest rows.
    rest = rest.splitBottom(kind == .small ? promptRows : 1).0
    (tabs, rest) = rest.splitTop(kind == .small ? 1 : 0)
    (headline, rest) = rest.splitTop(size.rows >= 8 ? 1 : 0)
    body = rest
    place()
    set(.queues, body)
    set(.waiting, body)
  }

  package subscript(pane: PaneID) -> Rect { panes[pane.rawValue] }

  /// How many rows of a list a pane shows.
  package func height(of pane: PaneID) -> Int {
    let rect = self[pane]
    if pane == .waiting { return WaitingPane.table.listHeight(of: rect, hasBorder: kind != .small) }
    if pane == .queues { return QueuesPane.table.listHeight(of: rect, hasBorder: kind != .small) }
    return kind == .small ? max(0, rect.height - 1) : max(0, rect.height - 3)
  }

  private mutating func place() {
    switch kind {
    case .none: break
    case .small: for pane in PaneID.allCases { panes[pane.rawValue] = body }
    case .medium:
      let low = min(9, body.height / 4)
      let (upper, bottom) = body.splitBottom(low)
      let (agents, middle) = upper.splitBottom(low)
      set(.agents, agents)
      let third = body.width / 3
      let (errors, others) = middle.splitLeft(third)
      let (traffic, satisfaction) = others.splitLeft(third)
      set(.errorRate, errors)
      set(.traffic, traffic)
      set(.satisfaction, satisfaction)
      setBottom(bottom)
    case .large:
      let (upper, bottom) = body.splitBottom(max(10, body.height / 4))
      let (agents, side) = upper.splitRight(min(68, body.width / 3))
      set(.agents, agents)
      let (errors, others) = side.splitTop(side.height / 3)
      let (traffic, satisfaction) = others.splitTop(others.height / 2)
      set(.errorRate, errors)
      set(.traffic, traffic)
      set(.satisfaction, satisfaction)
      setBottom(bottom)
    }
  }

  private mutating func setBottom(_ bottom: Rect) {
    let (security, commands) = bottom.splitLeft(bottom.width * 2 / 5)
    set(.security, security)
    set(.commands, commands)
  }

  private mutating func set(_ pane: PaneID, _ rect: Rect) { panes[pane.rawValue] = rect }
}
