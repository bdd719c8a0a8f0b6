import FleetModel

/// All that is known of a kind of channel, but for how its service reads a notice.
///
/// A new kind is a case of ``Channel/Kind``, one entry here, one file with its service, and one line in the table of
/// services.
package struct ChannelDescriptor: Sendable {
  /// What a file says of its address.
  package enum Address: Equatable, Sendable {
    /// A URL that is a secret: whoever holds it may write there. With a base, a token may stand in its place: then the
    /// address is the service's unless the file names another.
    case secretURL(orTokenFor: String? = nil)
    /// A URL, which may stand in the file itself.
    case url
    /// A key, and the service's URL unless the file names another.
    case routingKey(base: String)
  }

  package var address: Address
  /// Whether people read it line by line, and know nothing again by its key: then a storm of calls is one message.
  package var isChat = false
  /// How long the notifier keeps between two requests.
  package var pace = TimeSpan.zero
  /// Whether an acknowledgement means something to it.
  package var hearsAcknowledgements = true
  /// Whether it hears of news that nothing takes back, even if nobody names it: who is woken by it does not.
  package var hearsNews = true
  /// Whether a trouble has one message there, which is edited as it goes on. Then a rule has one group there, of whatever
  /// severity.
  package var editsMessages = false
  /// How soon a trouble that goes on is told again, since the service ends it otherwise; nil if it never does.
  package var repeatsAfter: TimeSpan?
  /// Whether what was acknowledged stays so there until it is resolved: a new call begins with that.
  package var keepsAcknowledgement = false
  /// The formats that a file may ask for; the first is the default.
  package var formats = 1...1

  init(_ address: Address, _ fill: (inout ChannelDescriptor) -> Void) {
    self.address = address
    fill(&self)
  }
}

extension Channel.Kind {
  package var descriptor: ChannelDescriptor {
    switch self {
    case .slack:
      ChannelDescriptor(.secretURL(orTokenFor: "https://slack.com/api")) {
        $0.isChat = true
        $0.pace = .seconds(1)
        $0.hearsAcknowledgements = false
      }
    case .discord:
      ChannelDescriptor(.secretURL()) {
        $0.isChat = true
        $0.editsMessages = true
      }
    case .pagerduty:
      ChannelDescriptor(.routingKey(base: "https://events.pagerduty.com")) {
        $0.hearsNews = false
        $0.keepsAcknowledgement = true
      }
    case .alertmanager:
      ChannelDescriptor(.url) {
        $0.hearsAcknowledgements = false
        $0.repeatsAfter = .minutes(5)
      }
    case .webhook: ChannelDescriptor(.url) { $0.formats = 1...2 }
    }
  }

  /// The same if the service is written to by a token, by which it lets its messages be edited.
  package var descriptorByToken: ChannelDescriptor {
    var descriptor = descriptor
    descriptor.editsMessages = true
    descriptor.hearsAcknowledgements = true
    return descriptor
  }
}
