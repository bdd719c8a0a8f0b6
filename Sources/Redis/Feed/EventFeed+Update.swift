import FleetModel
import Loop
import Wire

extension EventFeed {
  /// Takes an event as it comes; it and its bytes are valid only during the call.
  package typealias TakeEvent = (borrowing Event, Origin) -> Void

  /// What it tells its owner besides events.
  package enum Update {
    /// Counted and passed: what cannot be read, and what is too long to be.
    case unreadable(Unreadable, Origin)
    case audit(AuditLine)
    /// All records are going to be told as they stand, until `stateTold`.
    case recordsBegin
    case record(AgentID, AgentRecord)
    /// All alerts that the handler has written, when they were asked for, and how far it has read events: nil if more
    /// is read here than it reads.
    case alerts([AlertRecord], judgedUpTo: Instant?, at: Instant)
    /// How far the handler has read events, its alerts being those that were told last.
    case judged(upTo: Instant?)
    /// All that wait for an answer, and when that was told.
    case proposals([Proposal], at: Instant)
    /// When notices were given up within a day, but before the audit begins that is read.
    case undelivered([Instant], before: Instant)
    /// The fleet-wide switch of the rules, and when it was asked for. Not told while it is refused.
    case automation(AutomationSetting, at: Instant)
    /// How queues of other services stand; nil if the handler looks at none.
    case queues(QueueReport?)
    /// Which conversations wait for a person; nil if none ever did.
    case waiting(WaitingBook?)
    /// The windows of maintenance that are proposed, planned or under way.
    case maintenance([MaintenanceWindow])
    /// What the handler thinks of agents.
    case insight(InsightUpdate)
    /// By which metrics and levels the handler judges. Not told before the first handler has said so.
    case levels(LevelSettings)
    /// Nil: no handler holds the lease. Not told while the lease is refused.
    case handler(Lease?)
    /// Records, alerts and proposals have been told as they stand, all that are served.
    case stateTold
    /// The history has been read to its end.
    case caughtUp
    /// The server's clock was set anew, by so much: no time has passed by that.
    case leap(TimeSpan)
    case link(LinkState)
    case missed(Missed)
    /// The server does not let this be read; everything else goes on. Told once, until it is served.
    case refused(Subject, ServerError)
    /// What was refused is served again.
    case served(Subject)
  }

  /// Where an event came from.
  package enum Origin: Equatable, Sendable {
    case channel
    case entry(StreamID)
  }

  /// The links as one: up only when all are.
  package enum LinkState: Equatable, Sendable {
    case connecting
    case up
    /// `retryAt` is nil while attempts are under way and none waits.
    case down(since: MonotonicTime, retryAt: MonotonicTime?, reason: String)
  }

  /// What the handler thinks of agents: of all, between `begin` and `told`, and then of those of whom it thinks something
  /// new.
  package enum InsightUpdate {
    case begin
    case of(AgentID, AgentInsight)
    case told
  }

  /// Where and why something may have been missed.
  package struct Missed: Equatable, Sendable {
    package enum Cause: Equatable, Sendable {
      /// Channels were not heard while the link was down.
      case notHeard
      /// Entries were trimmed before they were read.
      case trimmed
      /// The server came back without its last writes; reading goes on from its end.
      case serverLostWrites
      /// The stream was deleted; reading goes on from its new beginning.
      case streamGone
    }

    package var cause: Cause
    /// The stream's key; nil for channels.
    package var stream: [UInt8]?
    package var gap: Gap
  }

  /// What one error can concern without concerning the rest.
  package enum Subject: Hashable, Sendable {
    case stream([UInt8])
    case channels
    /// TIME: until it is served, times go by the local clock.
    case time
    /// The lease: until it is served, nobody knows whether a handler lives.
    case lease
    case records
    case alerts
    case proposals
    /// The notices that were given up.
    case undelivered
    /// How queues of other services stand.
    case queues
    /// Conversations that wait for a person.
    case waiting
    /// Windows of maintenance.
    case maintenance
    /// The fleet-wide switch of the rules.
    case automation
    /// What the handler thinks of agents.
    case insight
    /// By which metrics and levels the handler judges.
    case levels
  }
}
