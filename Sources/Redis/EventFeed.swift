import FleetModel
import Loop
import Wire

/// Follows everything that a console shows: events live and recorded, the audit, the handler's lease, records and
/// alerts; and sends commands.
///
/// Three connections: one blocks on the streams, one is subscribed, one asks and sends. Each comes back by itself, and
/// the streams go on from the last entry read.
package final class EventFeed {
  /// What to follow.
  package struct Options: Sendable {
    package var keys = Keys()
    /// Streams of events; the recorder's own is always among them.
    package var streams: [[UInt8]] = []
    /// Channel patterns besides the recorded ones.
    package var patterns: [String] = []
    /// How far back to begin.
    package var history = TimeSpan.hours(1)
    /// Whether to follow the audit, records and alerts too.
    package var followsHandler = true

    package init() {}
  }

  /// What it tells its owner, as it comes. Bytes in an event are valid only during the call.
  package enum Notice {
    case event(Event, Origin)
    /// `channel` is empty for an entry of a stream.
    case unreadable(Unreadable, Origin)
    case audit(AuditLine)
    case record(AgentID, AgentRecord)
    case alert(AlertRecord)
    /// Nil: no handler holds the lease.
    case handler(Lease?)
    /// The history has been read to its end.
    case caughtUp
    case link(LinkState)
    /// Something was missed from the first instant to the second.
    case gap(from: Instant, to: Instant)
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
    case down(since: MonotonicTime, retryAt: MonotonicTime?, reason: String)
  }

  let loop: Loop
  let options: Options
  let notify: (Notice) -> Void
  let decoder = EventDecoder()
  package internal(set) var clock = ServerClock()
  package internal(set) var lease: Lease?
  /// When a handler was last known to record; monotonic milliseconds.
  var recorderSeenAt: Int64 = 0
  var handover = Handover()
  /// The last entry read of each stream.
  var positions: [StreamID?]
  let streams: [[UInt8]]
  var isCaughtUp = false
  var channelIsUp = false
  var channelLostAt: Instant?
  var receiverOfChannels: MessageReceiver?
  var pollTimer: Loop.TimerID?
  var silenceTimer: Loop.TimerID?
  private var lastState = LinkState.connecting
  private var downSince: MonotonicTime?

  private let endpoint: Endpoint
  private(set) lazy var reading = Link(loop: loop, endpoint: endpoint) { [unowned self] in readingChanged($0) }
  private(set) lazy var listening = Link(loop: loop, endpoint: endpoint) { [unowned self] in listeningChanged($0) }
  private(set) lazy var asking = Link(loop: loop, endpoint: endpoint) { [unowned self] in askingChanged($0) }
  private(set) lazy var assembler = EntryAssembler(.read, streams: streams) { [unowned self] in receive($0) }

  package init(loop: Loop, endpoint: Endpoint, options: Options, _ notify: @escaping (Notice) -> Void) {
    self.loop = loop
    self.endpoint = endpoint
    self.options = options
    self.notify = notify
    let events = [options.keys.events] + options.streams.filter { $0 != options.keys.events }
    streams = options.followsHandler ? events + [options.keys.audit] : events
    positions = Array(repeating: nil, count: streams.count)
  }

  package func start() {
    asking.start()
    listening.start()
    reading.start()
  }

  package func stop() {
    reading.stop()
    listening.stop()
    asking.stop()
  }

  /// Sends a request on the connection that answers at once; nil where the link is down.
  package func send(
    _ request: Request, expecting expectation: ReplyReader.Expectation = .tree,
    _ completion: @escaping Connection.Completion
  ) -> Bool {
    guard let connection = asking.connection else { return false }
    connection.send(request, expecting: expectation, completion)
    connection.flush()
    return true
  }

  /// Where the links stand together.
  package var linkState: LinkState {
    let links = [asking, listening, reading]
    if links.allSatisfy({ $0.connection != nil }) { return .up }
    guard let failure = links.compactMap(\.lastFailure).first, let downSince else { return .connecting }
    let retries = links.compactMap { link -> MonotonicTime? in
      guard case .waiting(_, _, let retryAt) = link.state else { return nil }
      return MonotonicTime(nanoseconds: retryAt * 1_000_000)
    }
    return .down(since: downSince, retryAt: retries.min(), reason: failure.description)
  }

  func tellLinkState() {
    let isUp = [asking, listening, reading].allSatisfy { $0.connection != nil }
    if isUp { downSince = nil } else if downSince == nil { downSince = .now }
    let state = linkState
    guard state != lastState else { return }
    lastState = state
    notify(.link(state))
  }
}
