import FleetModel
import Redis
import Wire

/// How many commands each operator has sent within the last minute: no more than the runbook's guards allow are taken.
/// One that comes again counts once, and so does an order that was split into several.
///
/// It is kept here alone, since one handler at a time takes commands; a new one reads the last minute of the audit.
struct OperatorRateLimiter {
  /// What counts once.
  enum Subject: Hashable {
    case command(CommandID)
    case batch(CommandID)

    init(_ id: CommandID, _ batch: Batch?) { self = batch.map { .batch($0.id) } ?? .command(id) }
  }

  enum Admission: Equatable {
    /// It is one more.
    case counted
    /// It had been counted.
    case known
    /// It is one too many, and why.
    case refused(String)
  }

  private struct Taken {
    var at: Instant
    /// Whether it has come more than once: then nobody can say which of them was taken.
    var isRepeated = false
  }

  private var times: [ExactText: [Subject: Taken]] = [:]

  private static let span = TimeSpan.minutes(1)
  /// No more of the audit is looked through.
  private static let mostLines = 5000

  /// Counts a command.
  mutating func take(_ subject: Subject, of name: String, most: Int?, at now: Instant) -> Admission {
    guard let most else { return .known }
    let key = ExactText(name)
    var recent = times[key, default: [:]].filter { now - $0.value.at < Self.span }
    defer {
      times[key] = recent
      if times.count > 1000 { times = times.filter { $0.value.values.contains { now - $0.at < Self.span } } }
    }
    guard recent[subject] == nil else {
      recent[subject]?.isRepeated = true
      return .known
    }
    guard recent.count < most else {
      return .refused(
        "\(name) has sent \(recent.count) commands within a minute, and \(most) are allowed "
          + "(commands_per_minute in the runbook's guards)")
    }
    recent[subject] = Taken(at: now)
    return .counted
  }

  /// Counts a command no more: an earlier handler has taken it.
  mutating func giveBack(_ subject: Subject, of name: String) {
    let key = ExactText(name)
    if times[key]?[subject]?.isRepeated == false { times[key]?[subject] = nil }
  }

  /// Takes up what an earlier handler has counted. What takes back the parts of an order has ids that are no command's, and
  /// counts with the undo of the whole.
  mutating func takeUp(_ entries: [Reply], at now: Instant) {
    for entry in entries {
      let data = entry.elements?.last?.pairs.first { $0.name == Keys.dataField }?.value
      guard let line = data.flatMap({ AuditCoding.decode($0) }), line.phase == .received, now - line.at < Self.span,
        case .command(let id) = line.origin, Keys.isCommandID(id.text.utf8)
      else { continue }
      times[ExactText(line.operator), default: [:]][Subject(id, line.batch)] = Taken(at: line.at)
    }
  }

  /// What ``takeUp(_:at:)`` wants.
  static func request(_ keys: Keys, at now: Instant) -> Request {
    Request(
      "XREVRANGE", keys.audit, "+", "\(max(0, (now - span).milliseconds))", "COUNT", mostLines)
  }
}
