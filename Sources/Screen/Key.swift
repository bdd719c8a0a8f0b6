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
}
