/// A stretch of an event's bytes: a JSON string without its quotes and still escaped, or any other JSON value as it
/// stands.
package struct EventText: Sendable {
  package enum Form: UInt8, Sendable {
    case absent
    /// A string with no escape in it.
    case plain
    /// A string that holds at least one backslash.
    case escaped
    /// A number, `true`, `false` or `null`, an array or an object.
    case json
  }

  package var start: UInt32
  package var length: UInt32
  package var form: Form

  @inlinable
  package init(start: Int, length: Int, form: Form) {
    self.start = UInt32(truncatingIfNeeded: start)
    self.length = UInt32(truncatingIfNeeded: length)
    self.form = form
  }

  @inlinable
  package static var absent: EventText { EventText(start: 0, length: 0, form: .absent) }

  @inlinable
  package var isPresent: Bool {
    if case .absent = form { false } else { true }
  }
}
