import Redis
import Wire

/// Where streams ended when a server was asked last: by that it is told what the next server lacks.
///
/// Only what was seen can be missed: what was written after the last look, within two seconds, is not counted.
struct StreamMarks {
  /// One stream's end.
  struct Mark: Equatable {
    var key: [UInt8]
    var last: StreamID
    /// How many entries were ever added; nil before Redis 7.
    var added: Int?
  }

  private(set) var marks: [Mark] = []
  private let keys: [[UInt8]]

  init(_ keys: Keys) { self.keys = [keys.audit, keys.commands, keys.events] }

  /// What is asked at each look; the answers are read by ``note(_:)``.
  var requests: [Request] { keys.map { Request("XINFO", "STREAM", $0) } }

  mutating func note(_ replies: [Reply]) {
    marks = zip(keys, replies).compactMap { key, reply in
      StreamInfo(reply).map { Mark(key: key, last: $0.lastID, added: $0.added) }
    }
  }

  /// What is asked of another server before its answers replace the marks: of each stream how it ends, and whether the last
  /// entry that was seen is in it.
  var questions: [Request] {
    marks.flatMap {
      [Request("XINFO", "STREAM", $0.key), Request("XRANGE", $0.key, $0.last, $0.last, "COUNT", 1)]
    }
  }

  /// What the other server lacks, in words; nil if nothing is known to be lost.
  func losses(_ replies: [Reply]) -> String? {
    guard replies.count == marks.count * 2 else { return nil }
    let parts = marks.indices.compactMap { place in
      Self.loss(marks[place], info: replies[2 * place], entry: replies[2 * place + 1])
    }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }

  private static func loss(_ mark: Mark, info: Reply, entry: Reply) -> String? {
    let name = String(decoding: mark.key, as: UTF8.self)
    guard let found = StreamInfo(info) else {
      // A stream that may not be read is not one that is gone.
      return info.error?.text.contains("no such key") == true ? "all of \(name), which ended at \(mark.last)" : nil
    }
    if found.lastID < mark.last {
      let count = mark.added.flatMap { seen in found.added.map { seen - $0 } }.flatMap { $0 > 0 ? $0 : nil }
      let words = count.map { $0 == 1 ? "1 entry" : "\($0) entries" } ?? "entries"
      return "\(words) of \(name) from behind \(found.lastID) to \(mark.last)"
    }
    // Others have written since: whether it is the same stream shows in the entry itself, unless that was trimmed.
    guard entry.elements?.isEmpty == true, let first = found.firstID, first < mark.last else { return nil }
    return "the entry \(mark.last) of \(name) and maybe some before it"
  }
}
