import FleetModel

/// What a key means, whichever key it is.
package enum Intent: Hashable, Sendable {
  case up, down, pageUp, pageDown, first, last
  case nextPane, previousPane
  case pane(PaneID)
  case open, back
  case mark, filter, freeze, help, quit, suspend, redraw
  /// Why rules did or did not act.
  case explain
  case act(Action)
}
