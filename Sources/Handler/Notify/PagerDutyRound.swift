import Automation
import FleetModel
import HTTP
import Wire

/// Asks PagerDuty who has acknowledged the incidents of alerts that nobody has acknowledged here.
struct PagerDutyRound {
  private struct Question {
    var key: String
    /// Those that nobody has acknowledged.
    var alerts: [AlertRecord]
    var page = 0
  }

  private let channel: Channel
  private var questions: [Question]
  private(set) var commands: [Command] = []

  /// How many keys are asked for a round; the next round begins with others.
  static let mostKeys = 30
  /// A round's commands stay below what one operator may order a minute.
  static let mostCommands = 20
  /// Incidents are not looked for farther back.
  private static let longest = TimeSpan.days(30)

  init(
    _ channel: Channel, _ standing: [AlertsBack.Standing], _ alerts: [AlertID: AlertRecord], at now: Instant
  ) {
    self.channel = channel
    let open = standing.compactMap { standing -> Question? in
      let alerts = standing.alerts.compactMap { alerts[$0] }.filter { !$0.isClosed && $0.acknowledgedBy == nil }
      return alerts.isEmpty ? nil : Question(key: standing.key, alerts: alerts)
    }
    // Another beginning each round: of many none is left out for ever.
    let start = open.isEmpty ? 0 : Int((now.milliseconds / 30_000).magnitude % UInt64(open.count))
    questions = Array((open[start...] + open[..<start]).prefix(Self.mostKeys))
    since = { alerts in
      max((alerts.map(\.since).min() ?? now) - .minutes(5), now - Self.longest)
    }
  }

  private let since: ([AlertRecord]) -> Instant

  var request: HTTPRequest? {
    guard let question = questions.first, commands.count < Self.mostCommands else { return nil }
    return PagerDutyIncidents.request(
      key: question.key, since: since(question.alerts), page: question.page, channel)
  }

  /// - Returns: false if it is no answer of PagerDuty's.
  mutating func take(_ json: JSONValue, at now: Instant) -> Bool {
    guard !questions.isEmpty, let page = PagerDutyIncidents.page(json) else { return false }
    var question = questions.removeFirst()
    for acknowledgement in page.acknowledgements {
      // What came after it is nothing that anybody has taken in hand.
      for alert in question.alerts where alert.since <= acknowledgement.at && commands.count < Self.mostCommands {
        commands.append(
          Command(
            .acknowledge, alert.id, by: "\(Channel.pagerDutyOperator)\(acknowledgement.name)",
            of: "\(acknowledgement.incident) \(acknowledgement.at.milliseconds)",
            at: min(acknowledgement.at, now), now: now))
      }
      question.alerts.removeAll { $0.since <= acknowledgement.at }
    }
    question.page += 1
    if page.hasMore, !question.alerts.isEmpty, question.page < PagerDutyIncidents.mostPages {
      questions.insert(question, at: 0)
    }
    return true
  }
}
