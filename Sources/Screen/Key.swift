/// A key as the console understands it, whatever bytes the terminal sent for it.
package enum Key: Hashable, Sendable {
  case character(Character)
  case enter, escape, tab, backTab, backspace, delete, insert
  case up, down, left, right, pageUp, pageDown, home, end
  case function(Int)
  /// A letter pressed with Ctrl, in lower case, or one of `@ \ ] ^ _`.
  case control(Character)
  /// Pasted text as it came: not scrubbed, and never to be taken for keys.
  case paste(String)
  /// A few different letters that came at once: typed on a slow link, or pasted where the terminal marks no pastes. To be
  /// taken for keys if text is typed, and nowhere else.
  case burst([Key])
}
