import FleetModel
import Redis
import Wire

/// What a handler keeps of the fleet for the one that takes over, and takes up from the one before: what agents say of
/// themselves, in `agentos:profiles`, their records, and when they sent metrics last. All of it stands in events and
/// steps that nobody acts on again.
final class FleetMemory {
  private let term: Term
  private let judge: EventJudge

  /// What has been read back, newest first.
  private struct Past {
    var bite = Bite()
    var reports: [(agent: AgentID, at: Instant)] = []
    var entries = 0
    var bytes = 0

    /// - Returns: whether there is likely more.
    mutating func take(_ replies: [Reply]) -> Bool {
      var size = 0
      for reply in replies {
        let fields = reply.elements?.last?.pairs ?? []
        size += fields.reduce(0) { $0 + $1.name.count + $1.value.count }
        guard let id = reply.elements?.first?.bytes.flatMap({ StreamID($0) }),
          let event = fields.first(where: { $0.name == Keys.dataField })?.value
        else { continue }
        let channel = fields.first { $0.name == Keys.channelField }?.value
        if let agent = EventJudge.reporter(event, channel: channel) { reports.append((agent, id.instant)) }
      }
      (entries, bytes) = (entries + replies.count, bytes + size)
      return bite.took(replies.count, bytes: size)
    }
  }

  /// Records that are read at once.
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
        judge.fleet.setRecord(AgentRecordCoding.decode(fields: reply.pairs).noLater(than: term.now), of: agent)
      }
      restoreRecords(of: agents.dropFirst(some.count), completion)
    }
  }

  /// Takes from the last entries up to a place when agents that are known sent metrics: nobody could tell else who has
  /// stopped to. What these said is past, and opens no alert.
  func recall(upTo last: StreamID, _ completion: @escaping () -> Void) {
    recall(before: "\(last)", since: last.instant - Self.recalled.span, Past(), completion)
  }

  private func recall(before end: String, since start: Instant, _ past: Past, _ completion: @escaping () -> Void) {
    var past = past
    let request = Request("XREVRANGE", term.keys.events, end, max(0, start.milliseconds), "COUNT", past.bite.count)
    term.read([request]) { [self] replies in
      let entries = replies[0].elements ?? []
      guard past.take(entries), past.entries < Self.recalled.entries, past.bytes < Self.recalled.bytes,
        let first = entries.last?.elements?.first?.text
      else {
        for (agent, instant) in past.reports.reversed() {
          judge.fleet.recallReport(of: agent, at: instant.noLater(than: term.now))
        }
        return completion()
      }
      recall(before: "(\(first)", since: start, past, completion)
    }
  }

  /// Puts what agents have said of themselves into a step, which does without where Redis refuses it.
  func write(_ agents: Set<AgentID>, to step: inout Step) {
    for agent in agents {
      let profile = judge.fleet.position(of: agent).flatMap { judge.fleet.agents.profiles[$0] }
      if let profile, profile.deletedAt == nil {
        let since = judge.health.isSettled(agent) ? profile.firstEventAt : nil
        step.attempt(
          "HSET", term.keys.profiles, agent.bytes, AgentProfileCoding.encode(profile, heardSince: since))
      } else {
        step.attempt("HDEL", term.keys.profiles, agent.bytes)
        // Nobody stands in for who is gone.
        if let backup = profile?.record.backup {
          for key in term.keys.standIns(of: backup).spellings { step.attempt("SREM", key, agent.bytes) }
          step.attempt("HDEL", term.keys.agent(agent), "backup")
        }
      }
    }
  }
}
