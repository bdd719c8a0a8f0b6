import Automation
import FleetModel
import HTTP
import Wire

/// Keeps Alertmanager's silences in step with acknowledgements, and reads those of others.
///
/// ```text
///  which silences hold our alerts? ─▶ which are ours? ─▶ what are the others? ─▶ begin, renew and end ours
/// ```
struct AlertmanagerRound {
  typealias Silence = AlertmanagerSilences.Silence

  private enum Step {
    case alerts, own
    case others([String])
    case orders([HTTPRequest])
  }

  /// An alert there, and those here that it is about.
  private struct Told {
    /// The key of the notice.
    var key: String
    var alerts: [ToldAlert]
  }

  private let name: String
  private let channel: Channel
  /// By the label `key` that Alertmanager knows.
  private let standing: [ExactText: Told]
  private var step = Step.alerts
  private var holds: [ExactText: [String]] = [:]
  private var own: [Silence] = []
  private var others: [String: Silence] = [:]
  private(set) var commands: [Command] = []

  static let mostOthers = 20
  static let mostOrders = 100
  static let mostCommands = 20
  private static let prefix = "alertmanager:"
  /// A silence that holds no longer than this is none worth an order.
  private static let shortest = TimeSpan.seconds(5)
  private static let longest = TimeSpan.days(365)

  /// - Parameters:
  ///   - name: the channel's own.
  ///   - alerts: those that are open.
  init(
    _ name: String, _ channel: Channel, _ standing: [AlertsBack.Standing],
    _ alerts: [ToldAlert.Subject: ToldAlert], at now: Instant
  ) {
    (self.name, self.channel) = (name, channel)
    self.standing = Dictionary(
      standing.map { told in
        (
          ExactText(AlertmanagerAlerts.label(ofKey: told.key)),
          Told(key: told.key, alerts: told.alerts.compactMap { alerts[$0] })
        )
      }, uniquingKeysWith: { Told(key: $0.key, alerts: $0.alerts + $1.alerts) })
  }

  func request(at now: Instant) -> HTTPRequest? {
    switch step {
    case .alerts: AlertmanagerSilences.alerts(channel)
    case .own: AlertmanagerSilences.own(channel)
    case .others(let ids): ids.first.map { AlertmanagerSilences.silence($0, channel) }
    case .orders(let orders): orders.first
    }
  }

  /// Whether what is asked for may be gone by now.
  var toleratesMissing: Bool {
    switch step {
    case .alerts, .own: false
    case .others, .orders: true
    }
  }

  /// - Returns: false if it is no answer of Alertmanager's.
  mutating func take(_ json: JSONValue?, at now: Instant) -> Bool {
    switch step {
    case .alerts:
      guard let holds = json.flatMap(AlertmanagerSilences.holds) else { return false }
      (self.holds, step) = (holds, .own)
    case .own:
      guard let all = json.flatMap(AlertmanagerSilences.silences) else { return false }
      own = all.filter { $0.key != nil }
      for silence in all where silence.key == nil { others[silence.id] = silence }
      goOn(with: unknown, at: now)
    case .others(let ids):
      if let silence = json.flatMap(AlertmanagerSilences.silence), silence.key == nil { others[silence.id] = silence }
      goOn(with: Array(ids.dropFirst()), at: now)
    case .orders(let orders): step = .orders(Array(orders.dropFirst()))
    }
    return true
  }

  private mutating func goOn(with ids: [String], at now: Instant) {
    guard ids.isEmpty else {
      step = .others(ids)
      return
    }
    step = .orders(orders(at: now))
    commands = Array(reflections(at: now).prefix(Self.mostCommands))
  }

  /// Silences of others that hold an alert of ours, and of which nothing else is known yet.
  private var unknown: [String] {
    let known = Set(own.map(\.id)).union(others.keys)
    let ids = Set(standing.keys.flatMap { holds[$0] ?? [] }).subtracting(known)
    return Array(ids.sorted().prefix(Self.mostOthers))
  }

  // MARK: Ours

  /// Begins and renews a silence for each alert there of which somebody has all in hand, and ends the rest.
  private func orders(at now: Instant) -> [HTTPRequest] {
    var orders: [HTTPRequest] = []
    var kept: Set<String> = []
    for (key, told) in standing.sorted(by: { $0.key < $1.key }) {
      let who = told.alerts.map(\.acknowledgedBy)
      guard !who.isEmpty, !who.contains(nil) else { continue }
      let old = own.filter { $0.key.map(ExactText.init) == key }.max { $0.endsAt < $1.endsAt }
      if let old { kept.insert(old.id) }
      if let old, old.endsAt - now > AlertmanagerSilences.renewedBefore { continue }
      let names = Set(who.compactMap(\.self)).sorted().joined(separator: ", ")
      orders.append(AlertmanagerSilences.post(key: key.text, by: names, after: old, channel, at: now))
    }
    let ends = own.filter { !kept.contains($0.id) }.map { AlertmanagerSilences.end($0, channel) }
    return Array((ends + orders).prefix(Self.mostOrders))
  }

  // MARK: Those of others

  /// What is silenced there is silenced here, by an ordinary command, and no longer if it no longer is there.
  private func reflections(at now: Instant) -> [Command] {
    standing.sorted { $0.key < $1.key }.flatMap { key, told -> [Command] in
      // An Alertmanager that has begun anew hears of the alert only by the next post.
      guard let ids = holds[key] else { return [] }
      let silence = ids.compactMap { others[$0] }.max { $0.endsAt < $1.endsAt }
      let act = ServiceAct(channel: name, key: told.key)
      return told.alerts.compactMap { reflection(of: silence, on: $0, act, at: now) }
    }
  }

  private func reflection(
    of silence: Silence?, on alert: ToldAlert, _ act: ServiceAct, at now: Instant
  ) -> Command? {
    // A queue's alert has no silence.
    guard case .agent = alert.subject else { return nil }
    let until = alert.silencedUntil.flatMap { $0 > now ? $0 : nil }
    let isTheirs = alert.silencedBy?.hasPrefix(Self.prefix) ?? false
    guard let silence, silence.endsAt - now > Self.shortest else {
      guard let until, isTheirs, let who = alert.silencedBy else { return nil }
      return Command(.unsilence, alert.subject, by: who, in: act, of: "\(until.milliseconds)", at: until, now: now)
    }
    // A silence of somebody here stays theirs.
    if let until, !isTheirs || (until - silence.endsAt).magnitude < Self.shortest { return nil }
    let span = min(silence.endsAt - now, Self.longest)
    var arguments = ["for": "\(max(1, span.seconds))s"]
    if !silence.comment.isEmpty { arguments["note"] = silence.comment }
    return Command(
      .silence, alert.subject, arguments,
      by: Self.prefix + (silence.createdBy.isEmpty ? "somebody" : silence.createdBy), in: act,
      of: "\(silence.id) \(silence.endsAt.milliseconds)", at: ISO8601.parse(silence.startsAt) ?? now, now: now)
  }
}
