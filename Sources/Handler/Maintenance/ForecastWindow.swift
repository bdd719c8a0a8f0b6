import Automation
import FleetModel
import Insight
import Redis
import Wire

/// The window to which a forecast leads: least load by the day before, and over before the failure may come.
struct ForecastWindow {
  private let agent: AgentID
  private let backup: AgentID
  private let coming: AgentInsight.Coming
  /// The first and the last moment at which it may begin.
  private let first: Instant
  private let last: Instant
  private let hours: [UInt32]

  /// Whoever looks on gets so much time before it begins.
  private static let notice = TimeSpan.minutes(2)
  /// So long it takes until the agent runs again.
  private static let length = TimeSpan.minutes(5)
  private static let day = TimeSpan.hours(24)
  private static let load = MetricID(.messagesPerMinute)

  /// Nil if the failure may come before it could begin.
  init?(_ agent: AgentID, _ backup: AgentID, _ coming: AgentInsight.Coming, now: Instant) {
    (self.agent, self.backup, self.coming) = (agent, backup, coming)
    first = now + Self.notice
    guard first < coming.crossesAt else { return nil }
    last = max(first, coming.earliest - Self.length)
    let end = last + Self.length + .minutes(1)
    guard let from = RollupHour.hour(of: first - Self.day), let to = RollupHour.hour(of: end - Self.day), from <= to,
      to - from <= 3
    else { return nil }
    hours = Array(from...to)
  }

  func requests(_ keys: Keys) -> [Request] {
    var rollups = Request("MGET")
    for hour in hours { rollups.append(keys.rollup(agent, hour: hour)) }
    return [
      Request("GET", keys.maintained(agent)), Request("SMEMBERS", keys.standIns(of: agent).complete),
      Request("SMEMBERS", keys.standIns(of: backup).complete), Request("HGETALL", keys.agent(backup)),
      Request("HGETALL", keys.agent(agent)), rollups,
    ]
  }

  /// Whether the backup is idle, the agent has none yet, and no window of its was a short while ago.
  func isFree(_ replies: [Reply]) -> Bool {
    let (stand, own) = (
      AgentRecordCoding.decode(fields: replies[3].pairs), AgentRecordCoding.decode(fields: replies[4].pairs)
    )
    return replies[0].bytes == nil && (replies[1].elements ?? []).isEmpty && (replies[2].elements ?? []).isEmpty
      && stand.state == .running && own.state == .running && own.backup == nil
  }

  func planned(_ replies: [Reply], isAuto: Bool, at now: Instant) -> MaintenanceWindow {
    let stored = (replies[5].elements ?? []).compactMap { $0.bytes.flatMap { try? RollupHour(decoding: $0) } }
    let hours = Dictionary(stored.map { ($0.hour, $0) }) { first, _ in first }
    let begin = QuietMinute.find(from: first, through: last, length: Int(Self.length.seconds / 60)) { minute in
      let before = minute - Self.day
      guard let number = RollupHour.hour(of: before), let hour = hours[number] else { return nil }
      let place = Int(before.milliseconds / 60_000 % 60) / Int(hour.step.rawValue)
      return hour[Self.load, place]?.mean
    }
    return MaintenanceWindow(
      id: "f\(now.milliseconds)", agent: agent, backup: backup,
      origin: .forecast(
        MaintenanceWindow.Sign(
          metric: coming.metric.clipped(toBytes: TextBound.word), crossesAt: coming.crossesAt,
          earliest: coming.earliest)),
      // The minute is rounded up: it must not pass the failure by that.
      at: min(begin, max(first, coming.crossesAt)), phase: isAuto ? .planned : .proposed, since: now)
  }

  /// What people are told who are to answer.
  func notice(_ window: MaintenanceWindow) -> Notice {
    var notice = Notice(
      key: "maintenance/\(agent)/\(window.id)", status: .info, severity: .medium,
      title: "maintenance of \(agent) is proposed", text: words(window),
      fields: [Notice.Field("answer", "vigia maintenance plan \(agent), or cancel")], at: window.since)
    notice.agents = [agent]
    return notice
  }

  /// What the audit says of it.
  func words(_ window: MaintenanceWindow) -> String {
    let how = window.phase == .planned ? "planned" : "proposed"
    return
      "maintenance \(how) for \(window.at.linkText): \(coming.metric) is \(coming.value.short) and is forecast to cross "
      + "\(coming.level.short) at \(coming.crossesAt.linkText), at the earliest at \(coming.earliest.linkText); "
      + "\(backup) is idle"
  }
}
