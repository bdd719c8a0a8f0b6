import FleetModel

/// One value or key as it stands in the text: what an `EventText` tells, by address.
struct JSONToken {
  let start: UnsafePointer<UInt8>
  let count: Int
  let form: EventText.Form

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }

  /// A string's content without its escapes.
  var content: [UInt8] {
    if case .escaped = form { JSONText.unescape(bytes) } else { Array(bytes) }
  }

  /// The same, counted from the start of the event's bytes.
  @inline(__always)
  func text(in cursor: JSONCursor) -> EventText {
    EventText(start: start - cursor.start, length: count, form: form)
  }
}
