import FleetModel
import Screen

/// The list of what is coming: whether it stands in place of the panes, and where its cursor is.
struct ComingList: Sendable {
  var isShown = false
  var cursor = ListCursor()
  /// How many rows it had room for in the last frame.
  var height = 1
}

/// One thing that is coming.
enum ComingItem {
  case forecast(AgentID, AgentInsight.Coming)
  case maintenance(MaintenanceWindow)

  var row: RowID {
    switch self {
    case .forecast(let agent, let coming): .forecast(agent, coming.metric)
    case .maintenance(let window): .maintenance(window.agent)
    }
  }

  var agent: AgentID {
    switch self {
    case .forecast(let agent, _): agent
    case .maintenance(let window): window.agent
    }
  }

  fileprivate var at: Instant {
    switch self {
    case .forecast(_, let coming): coming.crossesAt
    case .maintenance(let window): window.at
    }
  }
}

extension Fleet {
  /// Forecasts that are open, and windows of maintenance: the soonest first.
  var comingItems: [ComingItem] {
    let windows = maintenance.values.map(ComingItem.maintenance)
    let all = windows + coming.map { .forecast($0.agent, $0.coming) }
    return all.sorted { $0.at == $1.at ? $0.agent.precedes($1.agent) : $0.at < $1.at }
  }
}

extension Model {
  var comingRows: [RowID] { displayed.comingItems.map(\.row) }

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
