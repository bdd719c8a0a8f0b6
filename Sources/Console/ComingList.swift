import FleetModel
import Screen

/// The list of what is coming: whether it stands in place of the panes, and where its cursor is.
struct ComingList: Sendable {
  var isShown = false
  var cursor = ListCursor()
  /// How many rows it had room for in the last frame.
  var height = 1
}

extension Model {
  /// The rows of what is coming, the soonest first.
  var comingRows: [RowID] { displayed.coming.map { .forecast($0.agent, $0.coming.metric) } }

  /// Shows what is coming, or the panes again.
  mutating func toggleComing() {
    coming.isShown.toggle()
    (opened, explained, coming.cursor) = (nil, nil, ListCursor())
  }

  mutating func moveComing(by step: Int) { coming.cursor.move(by: step, in: comingRows) }

  /// Keeps the cursor on its forecast, and in view.
  mutating func settleComing(in rect: Rect) {
    guard coming.isShown else { return }
    let rows = comingRows
    coming.height = ComingPane.listHeight(of: rect, count: rows.count)
    coming.cursor.settle(in: rows, height: coming.height, isFocused: true, keepsLine: false)
  }
}
