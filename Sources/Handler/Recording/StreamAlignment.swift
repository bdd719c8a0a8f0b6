/// Finds how much of what was heard another recorder has already written, from the end of the stream.
///
/// ```
/// heard     a b M c d e f g
/// stream  … a b M c d            → the first five are there
/// ```
/// Where a marker stands in both, what the stream holds after it is followed message by message. Where none does, the
/// longest beginning of what was heard that the stream ends with counts as written.
struct StreamAlignment {
  private let heard: [Int]
  /// Where each marker was heard.
  private let markers: [Int: Int]
  /// The messages at the stream's end, while no marker has been met that was heard too.
  private var entries: [Int] = []
  /// How many are known to be written, by a marker and what followed it.
  private var anchor: Int?

  init(_ buffer: RecordingBuffer) {
    heard = buffer.messages.map { buffer.digest(of: $0) }
    var markers: [Int: Int] = [:]
    for (place, (message, digest)) in zip(buffer.messages, heard).enumerated() where message.isMarker {
      markers[digest] = place
    }
    self.markers = markers
  }

  /// Whether any marker was heard.
  var hasMarkers: Bool { !markers.isEmpty }

  /// Whether an entry is a marker that was heard.
  func hasMarker(_ digest: Int) -> Bool { markers[digest] != nil }

  /// Takes the stream's recorded entries, one after the other.
  mutating func read(_ digest: Int) {
    if let place = markers[digest] {
      anchor = place + 1
      entries = []
    } else if let place = anchor {
      if place < heard.count, heard[place] == digest { anchor = place + 1 }
    } else {
      entries.append(digest)
      // No beginning of what was heard is longer.
      if entries.count > 2 * heard.count + 1000 { entries.removeFirst(entries.count - heard.count) }
    }
  }

  /// How many of the messages heard are in the stream.
  var written: Int {
    anchor ?? overlap
  }

  /// The longest beginning of `heard` that `entries` ends with, by Knuth, Morris and Pratt's automaton.
  private var overlap: Int {
    guard !heard.isEmpty else { return 0 }
    var failure = [0]
    var length = 0
    for digest in heard.dropFirst() {
      while length > 0, heard[length] != digest { length = failure[length - 1] }
      if heard[length] == digest { length += 1 }
      failure.append(length)
    }
    var matched = 0
    for entry in entries {
      if matched == heard.count { matched = failure[matched - 1] }
      while matched > 0, heard[matched] != entry { matched = failure[matched - 1] }
      if heard[matched] == entry { matched += 1 }
    }
    return matched
  }
}
