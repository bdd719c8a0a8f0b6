import FleetModel

/// Where people are told: a service, its address, and for how long a notice is tried.
///
/// Address and key are secrets, and have no description: whoever holds a webhook's URL may write to it.
package struct Channel: Equatable, Sendable {
  package enum Kind: String, CaseIterable, Sendable {
    case slack, discord, pagerduty, alertmanager, webhook
  }

  package var kind: Kind
  /// The webhook's own, or the service's base, to which the notifier adds its path.
  package var url: String
  /// PagerDuty's integration key; empty for the others.
  package var routingKey: String
  /// The token by which Slack is written to, or PagerDuty's incidents are read; empty for none.
  package var token = ""
  /// The conversation that a token writes to: an id, or a name such as `#ops`.
  package var place = ""
  /// Where the token reads, if that is another address.
  package var readURL = ""
  /// Whether an acknowledgement is a silence there, and silences of others are read.
  package var keepsSilences = false
  /// When it is said again that nobody has acknowledged something, for the first time; zero: never.
  package var reminds = Channel.usualReminder
  /// A notice that could not be told by then is given up.
  package var deadline: TimeSpan
  /// The format of what it is sent, if its kind has several.
  package var format = 1

  package static let usualDeadline = TimeSpan.minutes(15)
  package static let usualReminder = TimeSpan.hours(1)

  package init(_ kind: Kind, url: String, routingKey: String = "", deadline: TimeSpan = Channel.usualDeadline) {
    self.kind = kind
    self.url = url
    self.routingKey = routingKey
    self.deadline = deadline
  }

  /// Whether the service has a use for a notice: one to whom an acknowledgement means nothing is not told of it, and
  /// nobody is woken by news that nothing takes back, unless they name the channel. What was done there is no news there.
  ///
  /// - Parameter name: the channel's own.
  package func wants(_ notice: Notice, as name: String) -> Bool {
    if notice.heardFrom?.isAbout(notice.key, on: name) == true { return false }
    if notice.isOnlyOfHands {
      return descriptor.editsMessages || notice.reopensAcknowledged && descriptor.hearsAcknowledgements
    }
    if notice.status == .acknowledged { return descriptor.hearsAcknowledgements }
    return notice.status != .info || descriptor.hearsNews || !notice.to.isEmpty
  }

  package var descriptor: ChannelDescriptor {
    kind == .slack && !token.isEmpty ? kind.descriptorByToken : kind.descriptor
  }

  /// Whether what people do there is read.
  package var readsBack: Bool { keepsSilences || kind == .pagerduty && !token.isEmpty }

  /// How the name of an operator begins who did something in PagerDuty.
  package static let pagerDutyOperator = "pagerduty:"

  package var isChat: Bool { descriptor.isChat }

  /// How long the notifier keeps between two requests.
  package var pace: TimeSpan { descriptor.pace }
}

extension Channel: CustomStringConvertible {
  package var description: String { "a channel of kind \(kind.rawValue)" }
}

extension Channel: CustomReflectable {
  // A dump of whatever holds it shows no secret either.
  package var customMirror: Mirror { Mirror(self, children: ["kind": kind, "deadline": deadline]) }
}
