import FleetModel
import Loop
import Wire

/// Sends commands, and keeps each until the audit shows that it was received or until it has expired: over every new
/// connection, and after every refusal, it goes out again with the same id.
///
/// A class, since the answers to requests find their way back to it.
package final class CommandSender {
  private let loop: Loop
  private let feed: EventFeed
  private let stream: [UInt8]
  /// Told of each refusal; the command is still kept.
  private let refused: (Command, ServerError) -> Void
  /// Told how far a command has come, each time that is heard.
  private let reached: (Command, CommandLog.Delivery) -> Void
  private var unreceived = UnreceivedCommands()
  /// Those that went out over a connection that broke before the answer.
  private var doubtful: Set<CommandID> = []
  private var retry: Loop.TimerID?
  /// Counts the servers that have served, as the feed does.
  private var generation = 0

  package init(
    loop: Loop, feed: EventFeed, stream: [UInt8], refused: @escaping (Command, ServerError) -> Void = { _, _ in },
    reached: @escaping (Command, CommandLog.Delivery) -> Void = { _, _ in }
  ) {
    self.loop = loop
    self.feed = feed
    self.stream = stream
    self.refused = refused
    self.reached = reached
  }

  /// Whether every command was received, or has expired.
  package var isEmpty: Bool { unreceived.isEmpty }

  /// Sends a command now, or as soon as that is possible.
  ///
  /// - Returns: how far it has come.
  @discardableResult
  package func send(_ command: Command) -> CommandLog.Delivery {
    unreceived.add(command)
    return publish(command)
  }

  /// Hands it what the feed tells: lines of the audit, and when the link is up again.
  package func take(_ notice: EventFeed.Update) {
    if case .audit(let line) = notice { unreceived.acknowledge(line) }
    if case .link(.up) = notice { sendAgain() }
  }

  private func sendAgain() {
    loop.cancel(retry)
    retry = nil
    let commands = unreceived.resend(at: feed.clock.now)
    doubtful.formIntersection(commands.map(\.id))
    for command in commands { reached(command, publish(command)) }
    guard generation != feed.serverGeneration else { return }
    generation = feed.serverGeneration
    // What replication had not brought to this server is told again; on the screen it stays what it was.
    for command in unreceived.resendReceived(at: feed.clock.now) { _ = publish(command, isKnown: true) }
  }

  private func publish(_ command: Command, isKnown: Bool = false) -> CommandLog.Delivery {
    let request = Request("XADD", stream, "*", Keys.dataField, CommandCoding.encode(command))
    let isUnderWay = feed.send(request) { [weak self] in if !isKnown { self?.take($0, of: command) } }
    return isUnderWay || doubtful.contains(command.id) ? .underWay : .waiting
  }

  private func take(_ result: Result<Reply, ConnectionFailure>, of command: Command) {
    switch result {
    case .failure: doubtful.insert(command.id)
    case .success(.error(let error)):
      reached(command, doubtful.contains(command.id) ? .underWay : .waiting)
      refused(command, error)
      guard retry == nil else { return }
      retry = loop.schedule(inMilliseconds: error.advice.pause) { [weak self] in
        self?.retry = nil
        self?.sendAgain()
      }
    case .success: reached(command, .delivered)
    }
  }
}
