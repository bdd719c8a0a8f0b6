import FleetModel

/// What a key means, whichever key it is.
package enum Intent: Hashable, Sendable {
  case up, down, pageUp, pageDown, first, last
  case nextPane, previousPane
  case pane(PaneID)
  case open, back
  case mark, markAll, filter, freeze, help, quit, suspend, redraw
  /// Order the agents by the next column, or the other way round.
  case order, invert
  /// Mark a span on a chart; move its end by minutes.
  case markSpan, moveMark(minutes: Int)
  /// What is coming, by forecasts.
  case coming
  /// Why rules did or did not act.
  case explain
  /// The operator's own links and commands.
  case tools
  case act(Action)
}
