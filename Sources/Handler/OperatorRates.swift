import FleetModel
import Redis
import Wire

/// How many commands each operator has sent within the last minute: no more than the runbook's guards allow are taken.
///
/// It is kept here alone, since one handler at a time takes commands; a new one reads the last minute of the audit.
struct OperatorRates {
  private var times: [ExactText: [Instant]] = [:]

  private static let span = TimeSpan.minutes(1)
  /// No more of the audit is looked through.
  private static let mostLines = 5000

  /// Counts a command.
  ///
  /// - Returns: why it is one too many; nil where it is not.
  mutating func take(_ name: String, most: Int?, at now: Instant) -> String? {
    guard let most else { return nil }
    let key = ExactText(name)
    var recent = times[key, default: []].filter { now - $0 < Self.span }
    defer {
      times[key] = recent
      if times.count > 1000 { times = times.filter { now - ($0.value.last ?? .epoch) < Self.span } }
    }
    guard recent.count < most else {
      return "\(name) has sent \(recent.count) commands within a minute, and \(most) are allowed "
        + "(commands_per_minute in the runbook's guards)"
    }
    recent.append(now)
    return nil
  }

  /// Takes up what an earlier handler has counted.
  mutating func takeUp(_ entries: [Reply], at now: Instant) {
    // They came with the newest first.
    for entry in entries.reversed() {
      let data = entry.elements?.last?.pairs.first { $0.name == Keys.dataField }?.value
      guard let line = data.flatMap({ AuditCoding.decode($0) }), line.phase == .received, now - line.at < Self.span
      else { continue }
      times[ExactText(line.operator), default: []].append(line.at)
    }
  }

  /// What ``takeUp(_:at:)`` wants.
  static func request(_ keys: Keys, at now: Instant) -> Request {
    Request(
      "XREVRANGE", keys.audit, "+", "\(max(0, (now - span).milliseconds))", "COUNT", mostLines)
  }
}
