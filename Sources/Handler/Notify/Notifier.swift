import Automation
import FleetModel
import HTTP
import Logging
import Loop
import Redis
import Wire

/// Tells people, from the hash `agentos:notices`: what a transaction has put there is collected in its group or sent,
/// and taken out once it has arrived. A notice may arrive twice, if a handler ends between the two, and is never lost.
///
/// A class, since the loop's and the client's handlers share it.
final class Notifier {
  private let session: LeaseSession
  private let client: any HTTPSender
  private var outbox = Outbox()
  private var grouping: Grouping
  private var calls: [OutboxEntry.ID: HTTPCall] = [:]
  private var timer: Loop.TimerID?
  private var isReading = false
  private var isStale = false
  /// Fields of the hash that it has here.
  private var known: Set<[UInt8]> = []
  /// Fields that were taken out, which a reply on its way may still hold.
  private var removed: Set<[UInt8]> = []
  /// Changes of the hash, audit and dead letters go one after another: of two changes of a field the later one counts.
  private var pending = Transaction()
  private var isWriting = false

  /// What is due further off is looked at again after this long: the server's clock and this machine's may part.
  private static let longestWait: Int64 = 60_000
  /// How long it waits after the server has refused a transaction.
  private static let retrySpan: Int64 = 1000

  init(session: LeaseSession, client: any HTTPSender) {
    self.session = session
    self.client = client
    grouping = Grouping(spans: session.options.notify.grouping)
  }

  private var table: NotifyTable { session.options.notify }

  /// How many notices each channel has still to be told.
  var waiting: [String: Int] { outbox.counts }

  /// Whether nobody is being told at the moment.
  var isIdle: Bool { calls.isEmpty && !isWriting }

  func start() {
    session.addObserver(self)
    look()
  }

  func stop() {
    session.loop.cancel(timer)
    for call in calls.values { call.cancel() }
    calls = [:]
  }

  /// Goes on by other options: a channel that was disabled may have another address.
  func optionsChanged() {
    grouping.spans = table.grouping
    outbox.enableAll()
    turn()
  }

  // MARK: Reading

  /// Takes what is new in the hash; one read at a time, and another after it for what came meanwhile.
  private func look() {
    guard !isReading else {
      isStale = true
      return
    }
    (isReading, isStale) = (true, false)
    // Once nothing is being written, a reply to what is asked from here on holds none of these.
    let over = isWriting || !pending.isEmpty ? [] : removed
    // What is known already may be a great deal, if a service is away: only what is new is read whole.
    session.read([Request("HKEYS", session.keys.notices)]) { [weak self] replies in
      guard let self else { return }
      let fields = (replies[0].elements ?? []).compactMap(\.bytes)
      let new = fields.filter { !self.known.contains($0) && !self.removed.contains($0) }
      removed.subtract(over)
      guard !new.isEmpty else { return looked() }
      session.read([Request(["HMGET", session.keys.notices] + new)]) { [weak self] replies in
        self?.take(zip(new, (replies[0].elements ?? []).map(\.bytes)))
        self?.looked()
      }
    }
  }

  private func looked() {
    isReading = false
    turn()
    if isStale { look() }
  }

  private func take(_ pairs: some Sequence<([UInt8], [UInt8]?)>) {
    var entries: [OutboxEntry] = []
    for case (let field, let value?) in pairs {
      known.insert(field)
      if let entry = OutboxEntry(field: field, value: value) {
        entries.append(entry)
      } else if let (id, group) = GroupCoding.decode(value), field == GroupCoding.field(id) {
        grouping.restore(id, group)
      } else {
        deadLetter(field, value)
      }
    }
    var changed: Set<Grouping.ID> = []
    for var entry in entries.sorted(by: { $0.id < $1.id }) {
      // The end of a call goes into the group that was told of it, if there is one.
      if !entry.isCollected, entry.notice.rule == nil, entry.notice.status == .resolved,
        grouping.knows(entry.notice.key, of: Notice.escalations, on: entry.channel)
      {
        entry.notice.rule = Notice.escalations
      }
      guard entry.isForGroup else {
        outbox.add(entry)
        continue
      }
      changed.formUnion(grouping.take(entry.notice, for: entry.channel, at: session.now))
      remove(entry.field)
    }
    for id in changed { write(id) }
  }

  // MARK: Acting

  /// Does what is due, and waits for what is next.
  func turn() {
    guard !session.isOver else { return }
    let now = session.now
    let runbook = session.options.runbook
    let turns = grouping.advance(
      at: now, title: { runbook.rule($0)?.title ?? $0 }, causes: { [session] in session.fleet?.sharedCauses() ?? [] })
    for turn in turns {
      if let notice = turn.notice { add(notice, turn.id.channel) }
      write(turn.id)
    }
    for task in outbox.advance(at: now, table, sends: !session.isFinishing) { perform(task) }
    flush()
    arm()
  }

  private func arm() {
    session.loop.cancel(timer)
    timer = nil
    guard let next = [outbox.next, grouping.next].compactMap(\.self).min() else { return }
    // Whoever ends begins nothing more.
    guard !session.isFinishing else { return }
    let span = min(max(1, (next - session.now).milliseconds), Self.longestWait)
    timer = session.later(inMilliseconds: span) { [weak self] in self?.turn() }
  }

  private func perform(_ task: Outbox.Task) {
    switch task {
    case .send(let entry): send(entry)
    case .keep(let entry): pending.change("HSET", session.keys.notices, entry.field, entry.encoded)
    case .remove(let entry): remove(entry.field)
    case .giveUp(let entry, let reason): giveUp(entry, reason)
    case .disable(let channel, let reason):
      session.log(.error, "a channel is disabled", ["channel": channel, "reason": reason])
      say(
        .failed, "channel \(channel) is disabled until the configuration is read again: \(reason)",
        of: "channel/\(channel)")
    }
  }

  private func send(_ entry: OutboxEntry) {
    guard let channel = table[entry.channel] else { return }
    let message = ServiceRequest(notice: entry.notice, channel: channel, now: session.now)
    calls[entry.id] = client.send(message.request) { [weak self] result in
      guard let self, !session.isOver, calls.removeValue(forKey: entry.id) != nil else { return }
      let outcome = message.result(of: session.log.redaction.apply(to: result), at: session.now)
      note(outcome, entry)
      let tasks = outbox.take(
        outcome, of: entry.id, on: entry.channel, channel: channel, at: session.now,
        chance: MachineRandom.number(in: 0..<1))
      for task in tasks { perform(task) }
      turn()
    }
  }

  private func note(_ outcome: DeliveryResult, _ entry: OutboxEntry) {
    session.counts.note(HandlerCounts.Telling(outcome), on: entry.channel)
    switch outcome {
    case .delivered: session.log(.debug, "told", ["channel": entry.channel, "notice": entry.notice.key])
    case .retry(let reason, _):
      session.log(.warning, "could not tell; trying again", ["channel": entry.channel, "reason": reason])
    case .refused, .endpointGone: break
    }
  }

  // MARK: Writing

  private func add(_ notice: Notice, _ channel: String) {
    var entry = session.entry(notice, channel)
    entry.isCollected = true
    outbox.add(entry)
    known.insert(entry.field)
    pending.change("HSET", session.keys.notices, entry.field, entry.encoded)
  }

  private func write(_ id: Grouping.ID) {
    guard let group = grouping.groups[id] else { return remove(GroupCoding.field(id)) }
    removed.remove(GroupCoding.field(id))
    known.insert(GroupCoding.field(id))
    pending.change("HSET", session.keys.notices, GroupCoding.field(id), GroupCoding.encode(id, group))
  }

  private func remove(_ field: [UInt8]) {
    removed.insert(field)
    known.remove(field)
    pending.change("HDEL", session.keys.notices, field)
  }

  /// It stays where a person finds it, and its end is said where consoles look.
  private func giveUp(_ entry: OutboxEntry, _ reason: String) {
    session.counts.note(.givenUp, on: entry.channel)
    session.log(
      .error, "a notice is given up", ["channel": entry.channel, "notice": entry.notice.key, "reason": reason])
    DeadLetter(
      source: session.keys.notices, reason: "notice for \(entry.channel) given up: \(reason)", bytes: entry.encoded
    ).add(to: &pending, keys: session.keys)
    let now = session.now
    say(.failed, "\(entry.channel): \(reason): \(PlainText.line(entry.notice.title))", of: entry.notice.key, at: now)
    count(entry, at: now)
    remove(entry.field)
  }

  /// Remembers that it was given up, and for a day: consoles that start later read less of the audit than that.
  private func count(_ entry: OutboxEntry, at now: Instant) {
    let (key, stays) = (session.keys.undelivered, UndeliveredNotices.stays)
    pending.attempt("ZADD", key, now, entry.field)
    pending.attempt("ZREMRANGEBYSCORE", key, "-inf", now - stays)
    pending.attempt("ZREMRANGEBYRANK", key, 0, -UndeliveredNotices.limit - 1)
    pending.attempt("PEXPIRE", key, stays.milliseconds)
  }

  /// What this version does not understand is put aside, if it can be found.
  private func deadLetter(_ field: [UInt8], _ value: [UInt8]) {
    session.log(.error, "a notice is not understood", ["notice": String(decoding: field, as: UTF8.self)])
    DeadLetter(source: session.keys.notices, reason: "not a notice that this handler knows", bytes: value)
      .add(to: &pending, keys: session.keys)
    remove(field)
  }

  private func say(_ phase: AuditLine.Phase, _ detail: String, of subject: String, at instant: Instant? = nil) {
    let line = AuditLine(
      origin: .run("notify/\(subject)"), phase: phase, action: Action.notify.rawValue, operator: "notifier",
      detail: detail, handler: session.options.id, at: instant ?? session.now,
      source: String(decoding: session.keys.notices, as: UTF8.self))
    pending.add(line, session.keys)
  }

  private func flush() {
    guard !isWriting, !pending.isEmpty else { return }
    isWriting = true
    let transaction = pending
    pending = Transaction()
    run(transaction)
  }

  private func run(_ transaction: Transaction) {
    session.run(transaction) { [weak self] outcome in
      guard let self, !session.isOver else { return }
      if case .failed(let error) = outcome {
        session.log(.error, "Redis refused a step; trying again", ["error": error.text])
        session.later(inMilliseconds: Self.retrySpan) { [weak self] in self?.run(transaction) }
        return
      }
      isWriting = false
      flush()
    }
  }
}

extension Notifier: CommitObserver {
  func committed(_ fact: Committed) {
    switch fact {
    case .notices: look()
    case .alert, .record, .schedule, .automation, .unheard, .proposalEnded: break
    }
  }
}

extension HandlerCounts.Telling {
  fileprivate init(_ outcome: DeliveryResult) {
    switch outcome {
    case .delivered: self = .delivered
    case .retry: self = .retried
    case .refused: self = .refused
    case .endpointGone: self = .channelGone
    }
  }
}
