import FleetModel
import Redis
import Wire

/// `vigia status --tmux`: one connection a shard, one round trip, one line.
///
/// A class, since the links' and the loop's handlers share it.
final class SegmentQuery {
  private let session: Session
  private let installation: Installation
  private var parts: [Part] = []
  /// What each shard has said; those that cannot be reached say nothing.
  private var segments: [StatusSegment] = []
  private var answers = 0

  /// tmux asks again in a few seconds.
  private static let patience: Int64 = 3000

  /// A shard's link and its answers.
  private final class Part {
    let installation: Installation
    var link: Link?
    var replies: [Reply] = []
    var isOver = false

    init(_ installation: Installation) { self.installation = installation }
  }

  static func run(_ installation: Installation) throws {
    let session = try Session()
    let query = SegmentQuery(session, installation)
    try session.onInterrupt { session.end(.failed) }
    session.loop.schedule(inMilliseconds: patience) { [unowned query] in query.giveUp(.noAnswer) }
    for part in query.parts { part.link?.start() }
    try withExtendedLifetime(query) { try session.run() }
  }

  private init(_ session: Session, _ installation: Installation) {
    (self.session, self.installation) = (session, installation)
    parts = installation.parts.map { Part($0) }
    for part in parts {
      part.link = Link(loop: session.loop, endpoint: part.installation.endpoint) { [unowned self, unowned part] in
        changed($0, part)
      }
    }
  }

  private func changed(_ notice: Link.Update, _ part: Part) {
    guard case .up(let connection) = notice else { return answered(part, nil) }
    let requests = StatusSegment.requests(part.installation.keys)
    for request in requests {
      connection.send(request) { [unowned self, unowned part] result in
        guard case .success(let reply) = result else { return }
        part.replies.append(reply)
        guard part.replies.count == requests.count else { return }
        var clock = ServerClock()
        clock.set(part.replies[0], asked: .now)
        answered(part, StatusSegment(part.replies, now: clock.now))
      }
    }
  }

  private func answered(_ part: Part, _ segment: StatusSegment?) {
    guard !part.isOver else { return }
    part.isOver = true
    answers += 1
    if let segment { segments.append(segment) }
    if answers == parts.count { finish(.redisUnreachable) }
  }

  private func finish(_ outcome: Exit) {
    guard var segment = StatusSegment(segments) else { return tellUnreachable(outcome) }
    segment.isUnverified = installation.endpoint.isUnverified
    segment.shardsDown = parts.count - segments.count
    Output.line(segment.text)
    session.end(segment.shardsDown > 0 ? .partial : .done)
  }

  private func tellUnreachable(_ outcome: Exit) {
    Output.line(StatusSegment.unreachable)
    session.end(outcome)
  }

  private func giveUp(_ outcome: Exit) { finish(outcome) }
}
