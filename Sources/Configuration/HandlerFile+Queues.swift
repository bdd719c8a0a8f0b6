import FleetModel

/// Streams of other services whose consumer groups the handler looks at:
///
/// ```toml
/// [[queues]]
/// stream = "orders"            # the key of a stream in the handler's Redis
/// group = "workers"            # or "work*"; without it: all groups
/// max_lag = 10_000             # more entries wait: an alert
/// max_age = "5m"               # an entry is older and not acknowledged: an alert
/// nobody_reads_after = "1m"    # entries wait, and nobody has read for so long: an alert
/// ```
extension HandlerFile {
  static func queues(in top: FileSection) throws(ConfigurationError) -> [QueueSettings] {
    let sections = try top.sections("queues")
    guard sections.count <= QueueSettings.most else {
      throw top.fault("queues", "has \(sections.count) entries; expected \(QueueSettings.most) at most")
    }
    var queues: [QueueSettings] = []
    for section in sections {
      let queue = try queue(section)
      if queues.contains(where: { $0.stream.isExactly(queue.stream) && $0.groups == queue.groups }) {
        throw section.fault("stream", "stands twice with the same groups")
      }
      queues.append(queue)
    }
    return queues
  }

  private static func queue(_ section: FileSection) throws(ConfigurationError) -> QueueSettings {
    try section.allow(
      ["stream", "group", "max_lag", "max_age", "nobody_reads_after"], in: "an entry of queues")
    let expected = "the key of a stream"
    guard let stream = try section.text("stream", expected: expected), isName(stream) else {
      throw section.fault("stream", expected: expected)
    }
    var queue = QueueSettings(stream: stream)
    if let group = try section.text("group", expected: groupForm) {
      guard let groups = groups(group) else { throw section.fault("group", expected: groupForm) }
      queue.groups = groups
    }
    queue.mostLag = try section.integer("max_lag", in: 0...Bounded.most)
    queue.mostAge = try section.span("max_age", atMost: .days(365))
    if let span = try section.span("nobody_reads_after", atMost: .days(30)) {
      guard span >= leastUnread else {
        throw section.fault("nobody_reads_after", expected: "a span from \(leastUnread) to 30d")
      }
      queue.unreadAfter = span
    }
    return queue
  }

  private static let groupForm = "the name of a group, or its beginning and a star"
  /// The handler does not look more often than each five seconds.
  private static let leastUnread = TimeSpan.seconds(10)

  private static func isName(_ name: String) -> Bool {
    !name.isEmpty && name.utf8.count <= QueueSettings.longestName
  }

  private static func groups(_ text: String) -> QueueSettings.GroupFilter? {
    guard isName(text) else { return nil }
    guard text.hasSuffix("*") else { return text.contains("*") ? nil : .named(text) }
    let beginning = String(text.dropLast())
    guard !beginning.contains("*") else { return nil }
    return beginning.isEmpty ? .all : .beginning(beginning)
  }
}
