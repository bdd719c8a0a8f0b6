import FleetModel
import Redis
import Wire

/// `vigia status --tmux`: one connection, one round trip, one line.
///
/// A class, since the link's and the loop's handlers share it.
final class SegmentQuery {
  private let session: Session
  private let installation: Installation
  private var replies: [Reply] = []
  private lazy var link = Link(loop: session.loop, endpoint: installation.endpoint) { [unowned self] in changed($0) }

  /// tmux asks again in a few seconds.
  private static let patience: Int64 = 3000

  static func run(_ installation: Installation) throws {
    let session = try Session()
    let query = SegmentQuery(session, installation)
    try session.onInterrupt { session.end(.failed) }
    session.loop.schedule(inMilliseconds: patience) { [unowned query] in query.giveUp(.noAnswer) }
    query.link.start()
    try withExtendedLifetime(query) { try session.run() }
  }

  private init(_ session: Session, _ installation: Installation) {
    (self.session, self.installation) = (session, installation)
  }

  private func changed(_ notice: Link.Update) {
    guard case .up = notice else { return giveUp(.redisUnreachable) }
    let requests = StatusSegment.requests(installation.keys)
    for request in requests {
      link.connection?.send(request) { [unowned self] result in
        guard case .success(let reply) = result else { return }
        replies.append(reply)
        if replies.count == requests.count { finish() }
      }
    }
  }

  private func finish() {
    var clock = ServerClock()
    clock.set(replies[0], asked: .now)
    var segment = StatusSegment(replies, now: clock.now)
    segment.isUnverified = installation.endpoint.isUnverified
    Output.line(segment.text)
    session.end()
  }

  private func giveUp(_ outcome: Exit) {
    Output.line(StatusSegment.unreachable)
    session.end(outcome)
  }
}
