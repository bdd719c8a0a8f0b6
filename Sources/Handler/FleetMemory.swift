import FleetModel
import Redis
import Wire

/// What a handler keeps of the fleet for the one that takes over, and takes up from the one before: what agents say of
/// themselves, in `agentos:profiles`, their records, and the metrics that they sent last. All of it stands in events and
/// steps that nobody acts on again.
final class FleetMemory {
  private let term: Term
  private let judge: EventJudge

  /// An event that was read before.
  private struct Past {
    var at: Instant
    var event: [UInt8]
    var channel: [UInt8]?
  }

  /// Records, or entries, that are read at once.
  private static let most = 500
  /// How far back metrics are recalled.
  private static let recalled = (span: TimeSpan.hours(1), entries: 20_000, bytes: 8 << 20)

  init(term: Term, judge: EventJudge) {
    self.term = term
    self.judge = judge
  }

  /// Calls `completion` once the fleet stands as it was known.
  func restore(_ completion: @escaping () -> Void) {
    term.read([Request("HGETALL", term.keys.profiles)]) { [self] replies in
      judge.fleet.advance(to: term.now)
      for (_, event) in replies[0].pairs { judge.restore(profile: event, at: term.now) }
      restoreRecords(of: judge.fleet.agents.profiles.compactMap { $0?.id }[...], completion)
    }
  }

  private func restoreRecords(of agents: ArraySlice<AgentID>, _ completion: @escaping () -> Void) {
    guard !agents.isEmpty else { return completion() }
    let some = Array(agents.prefix(Self.most))
    term.read(some.map { Request("HGETALL", term.keys.agent($0)) }) { [self] replies in
      for (agent, reply) in zip(some, replies) {
        judge.fleet.setRecord(AgentRecordCoding.decode(fields: reply.pairs), of: agent)
      }
      restoreRecords(of: agents.dropFirst(some.count), completion)
    }
  }

  /// Applies what agents measured by the last entries up to a place: without them nobody could tell who has stopped to send any.
  func recall(upTo last: StreamID, _ completion: @escaping () -> Void) {
    recall(before: "\(last)", since: last.instant - Self.recalled.span, [], bytes: 0, completion)
  }

  /// - Parameter later: what has been read so far, newest first.
  private func recall(
    before end: String, since start: Instant, _ later: [Past], bytes: Int,
    _ completion: @escaping () -> Void
  ) {
    let request = Request("XREVRANGE", term.keys.events, end, max(0, start.milliseconds), "COUNT", Self.most)
    term.read([request]) { [self] replies in
      let entries = replies[0].elements ?? []
      let found = later + entries.compactMap(Self.event)
      let size = found[later.count...].reduce(bytes) { $0 + $1.event.count }
      guard entries.count == Self.most, found.count < Self.recalled.entries, size < Self.recalled.bytes,
        let first = entries.last?.elements?.first?.text
      else {
        for past in found.reversed() { judge.recall(past.event, channel: past.channel, at: past.at) }
        return completion()
      }
      recall(before: "(\(first)", since: start, found, bytes: size, completion)
    }
  }

  private static func event(_ entry: Reply) -> Past? {
    guard let parts = entry.elements, let id = parts.first?.bytes.flatMap({ StreamID($0) }),
      let fields = parts.last?.pairs, let event = fields.first(where: { $0.name == Keys.dataField })?.value
    else { return nil }
    return Past(at: id.instant, event: event, channel: fields.first { $0.name == Array("channel".utf8) }?.value)
  }

  /// Puts what agents have said of themselves into a step.
  func write(_ agents: Set<AgentID>, to step: inout Step) {
    for agent in agents {
      let profile = judge.fleet.position(of: agent).flatMap { judge.fleet.agents.profiles[$0] }
      if let profile, profile.deletedAt == nil {
        step.change("HSET", term.keys.profiles, agent.bytes, AgentProfileCoding.encode(profile))
      } else {
        step.change("HDEL", term.keys.profiles, agent.bytes)
        // Nobody stands in for who is gone.
        if let backup = profile?.record.backup {
          step.change("SREM", term.keys.standIns(of: backup), agent.bytes)
          step.change("HDEL", term.keys.agent(agent), "backup")
        }
      }
    }
  }
}
