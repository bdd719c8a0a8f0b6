/// `queue.nobody_reads/orders/workers`: by which the alert of a queue is known from its beginning to its end.
package struct QueueAlertID: Hashable, Sendable {
  package var kind: QueueTrouble.Kind
  package var stream: String
  /// Nil: nobody's group reads the stream.
  package var group: String?

  package init(_ kind: QueueTrouble.Kind, stream: String, group: String?) {
    (self.kind, self.stream, self.group) = (kind, stream, group)
  }

  /// Reads the wire form; nil if it is none.
  package init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard (2...3).contains(parts.count), let kind = QueueTrouble.Kind(rawValue: String(parts[0])),
      let stream = Self.plain(parts[1]), !stream.isEmpty
    else { return nil }
    let group = parts.count == 3 ? Self.plain(parts[2]) : nil
    if parts.count == 3, group == nil { return nil }
    self.init(kind, stream: stream, group: group)
  }

  /// The wire form: the kind, the stream and the group, if there is one.
  package var text: String {
    ([kind.rawValue, Self.escaped(stream)] + (group.map { [Self.escaped($0)] } ?? [])).joined(separator: "/")
  }

  /// Without a slash, so that no two queues have one id.
  private static func escaped(_ name: String) -> String {
    name.split(separator: "%", omittingEmptySubsequences: false).joined(separator: "%25")
      .split(separator: "/", omittingEmptySubsequences: false).joined(separator: "%2F")
  }

  private static func plain(_ part: Substring) -> String? {
    let pieces = part.split(separator: "%", omittingEmptySubsequences: false)
    var text = String(pieces[0])
    for piece in pieces.dropFirst() {
      switch piece.prefix(2) {
      case "25": text += "%"
      case "2F": text += "/"
      default: return nil
      }
      text += piece.dropFirst(2)
    }
    return text
  }
}

extension QueueStanding {
  /// Of its present trouble; nil if it has none.
  package var alertID: QueueAlertID? { trouble.map { QueueAlertID($0.kind, stream: stream, group: group) } }
}
