import Exposition
import FleetModel

/// What a page tells of the queues of other services, if the handler looks at any.
enum QueueSection {
  private static let labels = ["stream", "group"]
  private static let lookedAt = MetricFamily(
    "vigia_queue_look_timestamp_seconds", .gauge, unit: .seconds,
    "When the consumer groups of the watched streams were looked at last, in seconds since the epoch")
  private static let readable = MetricFamily(
    "vigia_queue_readable", .gauge, labels: ["stream"], "1 if the watched stream can be looked at, otherwise 0")
  private static let entries = MetricFamily(
    "vigia_queue_entries", .gauge, labels: ["stream"], "Entries that the watched stream holds")
  private static let lag = MetricFamily(
    "vigia_queue_lag_entries", .gauge, labels: labels, "Entries that the group has not read, where that is known")
  private static let pending = MetricFamily(
    "vigia_queue_pending_entries", .gauge, labels: labels, "Entries that the group has read and not acknowledged")
  private static let waitingAge = MetricFamily(
    "vigia_queue_oldest_unread_seconds", .gauge, unit: .seconds, labels: labels,
    "Age of the oldest entry that the group has not read, or 0")
  private static let pendingAge = MetricFamily(
    "vigia_queue_oldest_pending_seconds", .gauge, unit: .seconds, labels: labels,
    "Age of the oldest entry that the group has read and not acknowledged, or 0")
  private static let consumers = MetricFamily(
    "vigia_queue_consumers", .gauge, labels: labels, "Consumers of the group")
  private static let readAge = MetricFamily(
    "vigia_queue_last_read_seconds", .gauge, unit: .seconds, labels: labels,
    "How long ago a consumer of the group read, where that is known")
  private static let trouble = MetricFamily(
    "vigia_queue_alert", .gauge, labels: labels + ["kind"], "1 while the alert of the queue is open, otherwise 0")
  private static let leftOut = MetricFamily("vigia_queues_left_out", .gauge, "Groups that there was no room for")

  /// How many pieces it is written in: there may be hundreds of groups.
  static let pieces = 9

  static func write(_ report: QueueReport?, _ piece: Int, to writer: inout ExpositionWriter) {
    guard let report else { return }
    switch piece {
    case 0:
      writer.begin(lookedAt)
      writer.sample(LabelSet().bytes[...], milliseconds: report.at.milliseconds)
      writer.begin(leftOut)
      writer.sample(LabelSet(), report.leftOut)
    case 1: writeStreams(report, to: &writer)
    case 2: write(lag, report, to: &writer, count: lag)
    case 3: write(pending, report, to: &writer) { $0.pending }
    case 4:
      write(waitingAge, report, to: &writer) { queue in
        queue.waits == false ? 0 : queue.oldestWaiting.map { seconds(report.at - $0) }
      }
    case 5:
      write(pendingAge, report, to: &writer) { queue in
        queue.pending == 0 ? 0 : queue.oldestPending.map { seconds(report.at - $0) }
      }
    case 6: write(consumers, report, to: &writer) { $0.consumers }
    case 7: write(readAge, report, to: &writer) { queue in queue.lastRead.map { seconds(report.at - $0) } }
    default: writeTroubles(report, to: &writer)
    }
  }

  private static func writeTroubles(_ report: QueueReport, to writer: inout ExpositionWriter) {
    writer.begin(trouble)
    for queue in report.queues {
      for kind in QueueTrouble.Kind.allCases {
        writer.sample(label(queue).adding("kind", kind.rawValue), queue.trouble?.kind == kind ? 1 : 0)
      }
    }
  }

  /// A stream has several groups, and one series.
  private static func writeStreams(_ report: QueueReport, to writer: inout ExpositionWriter) {
    var seen: Set<ExactText> = []
    let streams = report.queues.filter { seen.insert(ExactText($0.stream)).inserted }
    writer.begin(readable)
    for queue in streams { writer.sample(LabelSet(("stream", queue.stream)), queue.fault == nil ? 1 : 0) }
    writer.begin(entries)
    for queue in streams {
      if let length = queue.length { writer.sample(LabelSet(("stream", queue.stream)), length) }
    }
  }

  private static func write(
    _ family: MetricFamily, _ report: QueueReport, to writer: inout ExpositionWriter,
    count: (QueueStanding) -> Int?
  ) {
    writer.begin(family)
    for queue in report.queues where queue.group != nil {
      if let count = count(queue) { writer.sample(label(queue), count) }
    }
  }

  /// A stream that no group reads has the empty name.
  private static func label(_ queue: QueueStanding) -> LabelSet {
    LabelSet(("stream", queue.stream), ("group", queue.group ?? ""))
  }

  private static func lag(_ queue: QueueStanding) -> Int? {
    switch queue.waiting {
    case .nothing: 0
    case .entries(let count): count
    case .some, .unknown: nil
    }
  }

  private static func seconds(_ span: TimeSpan) -> Int { Int(max(0, span.seconds)) }
}
