import Loop
import Redis

/// Publishes 1, 2, 3 … on `agent.metrics`, steadily and pipelined, on a connection of its own.
package final class NumberPublisher {
  private let link: Link
  private let loop: Loop
  private let message: (Int) -> String
  package private(set) var sent = 0
  private var answered = 0
  private var isRunning = true

  /// - Parameter message: what is published for a number.
  package init(_ server: TestServer, _ message: @escaping (Int) -> String) throws {
    self.message = message
    loop = server.loop
    link = Link(loop: loop, endpoint: server.endpoint) { _ in }
    link.start()
    try server.wait { link.connection != nil }
    publish()
  }

  deinit { link.stop() }

  package func stop() { isRunning = false }

  /// Whether the server has taken all of them.
  package var isIdle: Bool { answered == sent }

  private func publish() {
    guard isRunning else { return }
    for _ in 0..<5 {
      sent += 1
      link.connection?.send(Request("PUBLISH", "agent.metrics", message(sent))) { [weak self] _ in
        self?.answered += 1
      }
    }
    loop.schedule(inMilliseconds: 5) { [weak self] in self?.publish() }
  }
}
