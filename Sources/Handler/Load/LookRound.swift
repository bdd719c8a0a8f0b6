import FleetModel
import Loop

/// Whose turn it is to be looked at: each role once a span, and all of them spread over it.
struct LookRound {
  private var roles: [ExactText] = []
  private var done = 0
  private var begunAt: MonotonicTime?
  /// The first role of the round for which nothing was left of what all roles share.
  private var missed: ExactText?

  /// How often a role is looked at.
  ///
  /// - Parameters:
  ///   - settle: about how long a conversation lasts: four times as often, its balancer sees what a move has come to.
  ///   - longest: more seldom no role is looked at, however long conversations last.
  static func span(settle: TimeSpan, longest: TimeSpan) -> TimeSpan {
    min(longest, max(shortest, .milliseconds(settle.milliseconds / 4)))
  }

  private static let shortest = TimeSpan.seconds(2)
  /// No timer is shorter.
  private static let least: Int64 = 20

  /// The next role whose turn has come; nil if none has.
  ///
  /// - Parameters:
  ///   - span: how long a round takes.
  ///   - all: all roles at present, asked for when a round begins.
  mutating func next(at now: MonotonicTime, every span: TimeSpan, _ all: () -> [ExactText]) -> ExactText? {
    let passed = begunAt.map { now.milliseconds(since: $0) }
    if passed == nil || (done >= roles.count && passed ?? 0 >= Double(span.milliseconds)) {
      (roles, done, begunAt) = (all(), 0, now)
      if let missed, let place = roles.firstIndex(of: missed) { roles = Array(roles[place...] + roles[..<place]) }
      missed = nil
    }
    guard done < roles.count, done <= due(at: now, span) else { return nil }
    done += 1
    return roles[done - 1]
  }

  /// Takes note that nothing was left for a role: the next round begins with the first of those.
  mutating func miss(_ role: ExactText) {
    if missed == nil { missed = role }
  }

  /// How many turns of the round have come, the first apart.
  private func due(at now: MonotonicTime, _ span: TimeSpan) -> Int {
    let part = begunAt.map { now.milliseconds(since: $0) / Double(max(1, span.milliseconds)) } ?? 0
    return Int(min(1, max(0, part)) * Double(roles.count))
  }

  /// Milliseconds until the next turn.
  func rest(at now: MonotonicTime, every span: TimeSpan) -> Int64 {
    let passed = begunAt.map { now.milliseconds(since: $0) } ?? 0
    let part = done < roles.count ? Double(done) / Double(roles.count) : 1
    return max(Self.least, Int64((part * Double(span.milliseconds) - passed).rounded(.up)))
  }
}
