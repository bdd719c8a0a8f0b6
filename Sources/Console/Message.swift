import FleetModel
import Insight
import Screen

/// Everything that reaches the model from outside, other than facts about the fleet.
package enum Message: Sendable {
  case key(Key)
  /// Time has come on; the server's clock.
  case tick(Instant)
  case resized(Size)
  /// The link to a shard; of a fleet that is not divided, all of it.
  case link(LinkStatus, shard: Int = 0)
  /// Who leads a shard.
  case handler(HandlerStatus, shard: Int = 0)
  case caughtUp
  /// How far reading is behind the present, while more waits to be read; nil if nothing does.
  case lag(TimeSpan?)
  /// Whether events may stand unread.
  case behind(Bool)
  /// The server refuses one thing, by its name, with what that means; everything else goes on.
  case refused(String, String)
  /// What was refused is served again.
  case served(String)
  /// A draft was given an id and times, and has been sent or waits for the link.
  case sent(Command, CommandLog.Delivery = .underWay, shard: Int = 0)
  /// A command that was sent has come so far.
  case delivery(Command, CommandLog.Delivery)
  /// What was asked for with `readEvents`.
  case latestEvents(AgentID, [EventDigest])
  /// The last hours of the agent that was opened, as handlers have stored them.
  case history(AgentID, [RollupSeries])
  /// What is used of the budgets that touch an agent.
  case budgets(AgentID, BudgetReading)
  /// What is tried with the parameters of an agent's role; nil for nothing.
  case tuning(AgentID, TuningReport?)
  /// How far a comparison is that was asked for with `compareSpan`, by its span.
  case compared(from: Instant, to: Instant, SpanProgress)
  /// What was asked for with `traceEvent`.
  case traced(Incident, EventTrace)
  /// A command of the operator's own has ended: what it printed, whether something before that is left out, how it ended
  /// in words, and whether well.
  case commandEnded([UInt8], isCut: Bool, String, isGood: Bool)
  /// Something to tell the operator for a few seconds.
  case note(String)

  var isTick: Bool { if case .tick = self { true } else { false } }
}

/// What the model wants done outside.
package enum Effect: Equatable, Sendable {
  case send(ActionDraft)
  /// Read an agent's latest events from the stream, and its last hours.
  case readEvents(AgentID)
  /// Compare a span with the one before it, by the history of these agents.
  case compareSpan(SpanComparison, [AgentID])
  /// Find the event of an incident in the stream.
  case traceEvent(Incident)
  /// Open an address in a browser, or copy it.
  case openLink(String)
  /// Run a program, its path first.
  case run([String], limit: TimeSpan)
  case suspend
  case redraw
  case quit
}

/// The link to Redis.
package enum LinkStatus: Equatable, Sendable {
  case connecting
  case up
  /// Times are the server's clock. Without a `retryAt`, or past it, an attempt is under way.
  case down(since: Instant, retryAt: Instant?, reason: String)
}

/// Who executes commands.
package enum HandlerStatus: Equatable, Sendable {
  /// Nobody has asked yet, or the server does not say.
  case unknown
  case absent
  /// - `fault`: why it did not take its new settings, if it did not.
  /// - `warning`: what is wrong with the server's memory, if something is.
  /// - `held`: why it holds its rules back; nil while it does not.
  case alive(id: String, isRecording: Bool, fault: String? = nil, warning: String? = nil, held: String? = nil)

  var isAlive: Bool { if case .alive = self { true } else { false } }
}

/// One event of an agent as a line to read.
package struct EventDigest: Equatable, Sendable {
  package var at: Instant
  package var type: String
  /// The event's `data` as JSON text, not scrubbed.
  package var data: String

  package init(at: Instant, type: String, data: String) {
    self.at = at
    self.type = type
    self.data = data
  }
}

/// Where an event stands in the stream, as far as it was looked for.
package enum EventTrace: Equatable, Sendable {
  case looking
  /// Under this id.
  case entry(String)
  /// The stream does not hold it.
  case absent
  /// The stream could not be read, or not far enough.
  case unknown
}
