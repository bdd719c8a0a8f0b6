import FleetModel
import Logging
import Redis
import Wire

/// What a handler keeps of the fleet for the one that takes over, and takes up from the one before: what agents say of
/// themselves, in `agentos:profiles`, their records, and when they sent metrics last. All of it stands in events and
/// transactions that nobody acts on again.
final class FleetCheckpoint {
  private let session: LeaseSession
  private let judge: EventProcessor
  /// Whether records of newcomers are being read.
  private var isMeeting = false

  /// What has been read back, newest first.
  private struct Past {
    /// How many entries are asked for at once: they pass by one after the other.
    static let page = 500
    var reports: [(agent: AgentID, at: Instant)] = []
    var entries = 0
    var bytes = 0
    /// One for all entries: its tables take longer to make than an entry to read.
    private let decoder = EventDecoder()

    mutating func take(_ entry: Entry) {
      entries += 1
      bytes += (entry.payload?.count ?? 0) + entry.channel.count
      guard let payload = entry.payload, !entry.isOversized else { return }
      if let agent = reporter(payload, channel: entry.channel) { reports.append((agent, entry.id.instant)) }
    }

    /// Who sent metrics by an event; nil if it is another one.
    ///
    /// - Parameter channel: the channel it came by; empty if it was published straight to the stream.
    private func reporter(_ event: UnsafeRawBufferPointer, channel: UnsafeRawBufferPointer) -> AgentID? {
      guard let event = try? decoder.decode(event, channel: channel, receivedAt: .epoch), event.kind == .metrics else {
        return nil
      }
      return event.agentID
    }
  }

  /// Records that are read at once.
  private static let most = 500
  /// An agent that is silent for longer is known no more.
  private static let stays = TimeSpan.days(7)
  private static let sweepMilliseconds: Int64 = 5000
  private static let sweepCount = 100
  /// More agents may come a second than leave at rest.
  private static let crowded = (count: 500, milliseconds: Int64(50))
  /// Of more than a fleet holds those leave that are not in it.
  private static let mostProfiles: Int64 = 40_000
  /// How far back metrics are recalled.
  private static let recalled = (span: TimeSpan.hours(1), entries: 20_000, bytes: 8 << 20)

  init(session: LeaseSession, judge: EventProcessor) {
    self.session = session
    self.judge = judge
  }

  /// Calls `completion` once the fleet stands as it was known.
  func restore(_ completion: @escaping () -> Void) {
    judge.fleet.advance(to: session.now)
    restoreProfiles(from: Array("0".utf8)) { [self] in
      restoreRecords(of: judge.fleet.agents.profiles.compactMap { $0?.id }[...], completion)
    }
  }

  /// Some at a time: there may be as many as somebody likes.
  private func restoreProfiles(from cursor: [UInt8], _ completion: @escaping () -> Void) {
    session.read([Request("HSCAN", session.keys.profiles, cursor, "COUNT", Self.most)]) { [self] replies in
      guard let parts = replies[0].elements, parts.count == 2, let next = parts[0].bytes else { return completion() }
      for (_, event) in parts[1].pairs {
        let heard = AgentProfileCoding.heard(event)?.noLater(than: session.now)
        judge.restore(profile: event, at: heard ?? session.now)
      }
      if next == Array("0".utf8) { completion() } else { restoreProfiles(from: next, completion) }
    }
  }

  private func restoreRecords(of agents: ArraySlice<AgentID>, _ completion: @escaping () -> Void) {
    guard !agents.isEmpty else { return completion() }
    readRecords(of: Array(agents.prefix(Self.most))) { [self] in
      restoreRecords(of: agents.dropFirst(Self.most), completion)
    }
  }

  private func readRecords(of agents: [AgentID], _ completion: @escaping () -> Void) {
    session.read(agents.map { Request("HGETALL", session.keys.agent($0)) }) { [self] replies in
      // One may have left meanwhile.
      for (agent, reply) in zip(agents, replies) where judge.fleet.position(of: agent) != nil {
        judge.fleet.setRecord(AgentRecordCoding.decode(fields: reply.pairs).noLater(than: session.now), of: agent)
      }
      completion()
    }
  }

  /// Reads the records of agents that are heard for the first time, some at a time.
  func meetNewcomers() {
    guard !isMeeting, !judge.newcomers.isEmpty else { return }
    isMeeting = true
    readRecords(of: takeNewcomers()) { [self] in isMeeting = false }
  }

  /// Calls `completion` once the records of all who are new by now have been read.
  func meetAllNewcomers(_ completion: @escaping () -> Void) {
    guard !isMeeting else { return }
    isMeeting = true
    meet(judge.newcomers.count) { [self] in
      isMeeting = false
      completion()
    }
  }

  private func meet(_ count: Int, _ completion: @escaping () -> Void) {
    guard count > 0 else { return completion() }
    readRecords(of: takeNewcomers()) { [self] in meet(count - Self.most, completion) }
  }

  /// Takes some of those who are new, and still present.
  private func takeNewcomers() -> [AgentID] {
    let judge = judge
    let some = judge.newcomers.take(atMost: Self.most) { judge.fleet.agents.profiles.compactMap { $0?.id } }
    return some.filter { judge.fleet.position(of: $0) != nil }
  }

  /// Takes from the last entries up to a place when agents that are known sent metrics: nobody could tell else who has
  /// stopped to. What these said is past, and opens no alert.
  func recall(upTo last: StreamID, _ completion: @escaping () -> Void) {
    recall(before: "\(last)", since: last.instant - Self.recalled.span, Past(), completion)
  }

  private func recall(before end: String, since start: Instant, _ past: Past, _ completion: @escaping () -> Void) {
    var past = past
    var first: StreamID?
    let before = past.entries
    let assembler = EntryAssembler(.range) { entry in
      first = entry.id
      past.take(entry)
    }
    let request = Request("XREVRANGE", session.keys.events, end, max(0, start.milliseconds), "COUNT", Past.page)
    session.connection.send(request, expecting: .entries(assembler)) { [self] result in
      guard !session.isOver, case .success = result else { return }
      let isLast = past.entries - before < Past.page || past.entries >= Self.recalled.entries
      guard !isLast, past.bytes < Self.recalled.bytes, let first else { return recalled(past, completion) }
      recall(before: "(\(first)", since: start, past, completion)
    }
  }

  private func recalled(_ past: Past, _ completion: @escaping () -> Void) {
    for (agent, instant) in past.reports.reversed() {
      judge.fleet.recallReport(of: agent, at: instant.noLater(than: session.now))
    }
    completion()
  }

  // MARK: Those who are gone

  /// Lets agents leave that have been silent for long, some at a time, and keeps note of who has not.
  func sweep(from cursor: [UInt8] = Array("0".utf8), isCrowded: Bool = false) {
    let usual = min(session.options.retention.every.milliseconds, Self.sweepMilliseconds)
    let span = isCrowded ? Self.crowded.milliseconds : usual
    let count = isCrowded ? Self.crowded.count : Self.sweepCount
    session.later(inMilliseconds: span) { [weak self] in
      guard let self else { return }
      let requests = [
        Request("HSCAN", session.keys.profiles, cursor, "COUNT", count), Request("HLEN", session.keys.profiles),
      ]
      session.read(requests) { [weak self] replies in
        guard let self else { return }
        let parts = replies[0].elements ?? []
        let isCrowded = (replies[1].integer ?? 0) > Self.mostProfiles
        sweep(parts.last?.pairs ?? [], isCrowded: isCrowded)
        sweep(from: parts.count == 2 ? parts[0].bytes ?? Array("0".utf8) : Array("0".utf8), isCrowded: isCrowded)
      }
    }
  }

  private func sweep(_ profiles: [(name: [UInt8], value: [UInt8])], isCrowded: Bool) {
    var transaction = Transaction()
    for (field, profile) in profiles {
      let agent = AgentID(outside: field)
      let known = agent.flatMap { judge.fleet[$0] }
      let heard = AgentProfileCoding.heard(profile)
      let last = known?.lastEventAt ?? heard ?? (isCrowded ? .epoch : session.now)
      if session.now - last > Self.stays || agent == nil || (isCrowded && known == nil) {
        transaction.change("HDEL", session.keys.profiles, field)
        forget(field, &transaction)
      } else if let agent, known != nil, heard.map({ last - $0 > .days(1) }) ?? true {
        judge.note(agent)
      }
    }
    guard !transaction.isEmpty else { return }
    session.run(transaction) { [weak self] outcome in
      if case .failed(let error) = outcome {
        self?.session.log(.error, "cannot let silent agents leave", ["error": error.text])
      }
    }
  }

  /// Puts what agents have said of themselves into a transaction, which does without if Redis refuses it.
  func write(_ agents: Set<AgentID>, to transaction: inout Transaction) {
    for agent in agents {
      let profile = judge.fleet.position(of: agent).flatMap { judge.fleet.agents.profiles[$0] }
      if let profile, profile.deletedAt == nil {
        let since = judge.health.isSettled(agent) ? profile.firstEventAt : nil
        let last = judge.fleet[agent]?.lastEventAt
        transaction.attempt(
          "HSET", session.keys.profiles, agent.bytes, AgentProfileCoding.encode(profile, heardSince: since, last: last))
      } else {
        transaction.attempt("HDEL", session.keys.profiles, agent.bytes)
        forget(agent.bytes, &transaction)
        // Nobody stands in for who is gone.
        if let backup = profile?.record.backup {
          for key in session.keys.standIns(of: backup).spellings { transaction.attempt("SREM", key, agent.bytes) }
          transaction.attempt("HDEL", session.keys.agent(agent), "backup")
        }
      }
    }
  }

  /// Nobody asks any more how an agent is that has left.
  private func forget(_ agent: [UInt8], _ transaction: inout Transaction) {
    transaction.attempt("HDEL", session.keys.insight, agent)
    transaction.attempt("ZREM", session.keys.insightChanged, agent)
  }
}
