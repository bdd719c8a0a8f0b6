import Automation
import FleetModel
import HTTP
import Wire

/// Asks PagerDuty what people have done about the incidents of alerts that are open here: an acknowledgement is one here,
/// and who resolves an incident closes its alerts.
///
/// ```text
///  incidents of a key ─┬─ one is acknowledged ─▶ acknowledge those alerts that were there by then
///                      └─ none goes on, and the last was resolved by a person ─▶ close those that were told by then
/// ```
struct PagerDutyRound {
  /// A person has resolved the incident of a queue's alert: that cannot be closed.
  struct Unheard: Equatable {
    var alert: QueueAlertID
    var incident: String
  }

  private struct Question {
    var key: String
    /// Those that are open.
    var alerts: [ToldAlert]
    /// Those of which the service has not heard how they are by now.
    var unseen: Set<ToldAlert.Subject>
    var page = 0
    /// Whether an incident of it goes on.
    var isOpen = false
    /// The end of the one that ended last.
    var end: (incident: String, act: PagerDutyIncidents.Act)?

    /// Whether another page could say anything new.
    var wantsMore: Bool { !isOpen || alerts.contains { $0.acknowledgedBy == nil } }
  }

  private let name: String
  private let channel: Channel
  private let now: Instant
  private var questions: [Question]
  private(set) var commands: [Command] = []
  private(set) var unheard: [Unheard] = []

  /// How many keys are asked for a round; the next round begins with others.
  static let mostKeys = 30
  /// A round's commands stay below what one operator may order a minute.
  static let mostCommands = 20
  /// By how much PagerDuty's clock may be ahead. What is later is no time: it would end what is yet to come.
  private static let clockAllowance = TimeSpan.minutes(5)
  /// Incidents are not looked for farther back.
  private static let longest = TimeSpan.days(30)

  /// - Parameters:
  ///   - name: the channel's own.
  ///   - alerts: those that are open.
  init(
    _ name: String, _ channel: Channel, _ standing: [AlertsBack.Standing],
    _ alerts: [ToldAlert.Subject: ToldAlert], at now: Instant
  ) {
    (self.name, self.channel, self.now) = (name, channel, now)
    let open = standing.compactMap { standing -> Question? in
      let alerts = standing.alerts.compactMap { alerts[$0] }
      return alerts.isEmpty ? nil : Question(key: standing.key, alerts: alerts, unseen: standing.unseen)
    }.sorted { ExactText($0.key) < ExactText($1.key) }
    // Each round goes on where the one before ended: of many none is left out for ever.
    let round = (now.milliseconds / 30_000).magnitude
    let start = open.isEmpty ? 0 : Int(round &* UInt64(Self.mostKeys) % UInt64(open.count))
    questions = Array((open[start...] + open[..<start]).prefix(Self.mostKeys))
  }

  var request: HTTPRequest? {
    guard let question = questions.first, commands.count < Self.mostCommands else { return nil }
    let first = question.alerts.map(\.since).min() ?? now
    return PagerDutyIncidents.request(
      key: question.key, since: max(first - .minutes(5), now - Self.longest), page: question.page, channel)
  }

  /// - Returns: false if it is no answer of PagerDuty's.
  mutating func take(_ json: JSONValue, at now: Instant) -> Bool {
    guard !questions.isEmpty, let page = PagerDutyIncidents.page(json) else { return false }
    var question = questions.removeFirst()
    let latest = now + Self.clockAllowance
    for incident in page.incidents {
      switch incident.state {
      case .open: question.isOpen = true
      case .acknowledged(let act):
        question.isOpen = true
        if let act, act.at <= latest { acknowledge(&question, act, incident.id, at: now) }
      case .resolved(let act) where act.at > latest: question.isOpen = true
      case .resolved(let act):
        if question.end.map({ $0.act.at < act.at }) ?? true { question.end = (incident.id, act) }
      }
    }
    question.page += 1
    if page.hasMore, question.wantsMore, question.page < PagerDutyIncidents.mostPages {
      questions.insert(question, at: 0)
    } else {
      close(question, at: now)
    }
    return true
  }

  private mutating func acknowledge(
    _ question: inout Question, _ act: PagerDutyIncidents.Act, _ incident: String, at now: Instant
  ) {
    // What came after it is nothing that anybody has taken in hand.
    for place in question.alerts.indices where question.alerts[place].since <= act.at {
      guard question.alerts[place].acknowledgedBy == nil else { continue }
      order(.acknowledge, question.alerts[place].subject, of: question.key, act, incident, at: now)
      question.alerts[place].acknowledgedBy = act.by
    }
  }

  private mutating func close(_ question: Question, at now: Instant) {
    // Whoever was called anew since has not ended that.
    guard !question.isOpen, let (incident, act) = question.end, act.by != nil else { return }
    for alert in question.alerts where alert.lastCall <= act.at && !question.unseen.contains(alert.subject) {
      switch alert.subject {
      case .agent: order(.close, alert.subject, of: question.key, act, incident, at: now)
      case .queue(let id): unheard.append(Unheard(alert: id, incident: incident))
      }
    }
  }

  private mutating func order(
    _ action: Action, _ alert: ToldAlert.Subject, of key: String, _ act: PagerDutyIncidents.Act, _ incident: String,
    at now: Instant
  ) {
    guard commands.count < Self.mostCommands, let who = act.by else { return }
    commands.append(
      Command(
        action, alert, by: Channel.pagerDutyOperator + who, in: ServiceAct(channel: name, key: key),
        of: "\(incident) \(act.at.milliseconds)", at: act.at, now: now))
  }
}
