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
  private var outbox = Outbox()
  private var retry: Loop.TimerID?

  package init(
    loop: Loop, feed: EventFeed, stream: [UInt8], refused: @escaping (Command, ServerError) -> Void = { _, _ in }
  ) {
    self.loop = loop
    self.feed = feed
    self.stream = stream
    self.refused = refused
  }

  /// Whether every command was received, or has expired.
  package var isEmpty: Bool { outbox.isEmpty }

  package func send(_ command: Command) {
    outbox.add(command)
    publish(command)
  }

  /// Hands it what the feed tells: lines of the audit, and when the link is up again.
  package func take(_ notice: EventFeed.Notice) {
    if case .audit(let line) = notice { outbox.acknowledge(line) }
    if case .link(.up) = notice { sendAgain() }
  }

  private func sendAgain() {
    loop.cancel(retry)
    retry = nil
    for command in outbox.resend(at: feed.clock.now) { publish(command) }
  }

  private func publish(_ command: Command) {
    let request = Request("XADD", stream, "*", Keys.dataField, CommandCoding.encode(command))
    _ = feed.send(request) { [weak self] result in
      guard let self, case .success(.error(let error)) = result else { return }
      refused(command, error)
      guard retry == nil else { return }
      retry = loop.schedule(inMilliseconds: error.advice.pause) { [weak self] in
        self?.retry = nil
        self?.sendAgain()
      }
    }
  }
}
