import FleetModel

/// Something that a transaction has written.
enum Committed {
  /// An alert is this now.
  case alert(AlertRecord)
  /// What events have come to: these alerts stand, and those are over. Told only if somebody follows alerts.
  case alertsSaved(open: [AlertRecord], over: [AlertID])
  /// An agent's record is this now; nil if it stays as it is. And a restart that its runtime has confirmed with that.
  case record(AgentID, AgentRecord?, restarted: ConfirmedRestart? = nil)
  /// The schedule has changed.
  case schedule
  /// The switch of automation was turned.
  case automation
  /// Somebody has taken a queue's alert in hand, or let go of it.
  case queueHands
  /// A person has taken a conversation, given it back or ended it.
  case conversations
  /// A person has planned or cancelled maintenance.
  case maintenance
  /// Nobody can answer a proposal any more.
  case proposalEnded(Proposal)
  /// From then to then the channels were not heard.
  case unheard(from: Instant, to: Instant)
  /// Notices have come into the outbox.
  case notices
}

/// That an agent runs again after a restart, by the word of its runtime.
struct ConfirmedRestart {
  /// Who asked for it: an operator, or `rule/<name>`.
  var author: String
  /// When its runtime said so.
  var at: Instant
}

/// Who goes by what transactions have written, and hears of it as soon as it stands.
protocol CommitObserver: AnyObject {
  func committed(_ fact: Committed)
}
