/// How the consumer groups of the streams stand that the handler watches, if it watches any: a row of the fleet's dashboard.
extension Dashboard {
  /// Of one queue the handlers say the same, and after a takeover two of them do for a while.
  private static func worst(_ metric: String) -> String { "max by (stream, group) (\(metric){\(job)})" }

  static var queueStates: [Panel] {
    [
      .stat("Queue alerts", "sum(max by (stream, group, kind) (vigia_queue_alert{\(job)}))") {
        $0.description = "Nobody reads, an entry is too old, or too many wait"
        $0.thresholds = [.init(from: nil, color: "green"), .init(from: 1, color: "orange")]
      },
      .stat("Not readable", "sum(1 - max by (stream) (vigia_queue_readable{\(job)}))") {
        $0.description = "Streams that the handler cannot look at; vigia queues says why"
        $0.thresholds = [.init(from: nil, color: "green"), .init(from: 1, color: "orange")]
      },
      .stat("Looked at", "time() - max(vigia_queue_look_timestamp_seconds{\(job)})", unit: .seconds) {
        $0.description = "How long ago; the handler looks every five seconds"
        $0.thresholds = [.init(from: nil, color: "green"), .init(from: 60, color: "orange")]
      },
      .stat("Left out", "max(vigia_queues_left_out{\(job)})") {
        $0.description = "Consumer groups that there was no room for"
      },
    ]
  }

  static var queueCourses: [Panel] {
    let name = "{{stream}} / {{group}}"
    let top = { (metric: String) in Panel.Query("topk(10, \(worst(metric)))", name) }
    return [
      .lines("Entries not read", top("vigia_queue_lag_entries")) { $0.bounds.least = 0 },
      .lines("Oldest entry not read", unit: .seconds, top("vigia_queue_oldest_unread_seconds")) { $0.bounds.least = 0 },
      .lines("Entries read and not acknowledged", top("vigia_queue_pending_entries")) { $0.bounds.least = 0 },
      .lines("Oldest entry not acknowledged", unit: .seconds, top("vigia_queue_oldest_pending_seconds")) {
        $0.bounds.least = 0
      },
      .lines("Fewest consumers", .init("bottomk(10, \(worst("vigia_queue_consumers")))", name)) { $0.bounds.least = 0 },
      .lines(
        "Open queue alerts",
        .init("max by (stream, group, kind) (vigia_queue_alert{\(job)}) > 0", "{{kind}} \(name)")
      ) {
        $0.isStacked = true
      },
    ]
  }
}
