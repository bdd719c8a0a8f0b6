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
  let session: LeaseSession
  private let client: any HTTPSender
  private(set) var outbox = Outbox()
  private(set) var grouping: Grouping
  var book = MessageBook()
  private var calls: [OutboxEntry.ID: HTTPCall] = [:]
  private var timer: Loop.TimerID?
  private var isReading = false
  private var isStale = false
  /// Whether it knows what earlier handlers had to tell.
  private(set) var hasLooked = false
  /// Fields of the hash that it has here.
  var known: Set<[UInt8]> = []
  /// Fields that were taken out, which a reply on its way may still hold.
  var removed: Set<[UInt8]> = []
  /// Changes of the hash, audit and dead letters go one after another: of two changes of a field the later one counts.
  var pending = Transaction()
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

  /// Queues in trouble; nil if that is not known yet.
  var troubledQueues: () -> [QueueStanding]? = { [] }

  /// Brings back what people do in services.
  private(set) lazy var back = AlertsBack(session: session, client: client) { [weak self] in
    self?.standing(on: $0)
  } queues: { [weak self] in
    self?.troubledQueues() ?? []
  }

  /// Whether nobody is being told at the moment.
  var isIdle: Bool { calls.isEmpty && !isWriting }

  func start() {
    session.addObserver(self)
    session.addObserver(back)
    sayLinks()
    look()
    back.start()
  }

  func stop() {
    session.loop.cancel(timer)
    back.stop()
    for call in calls.values { call.cancel() }
    calls = [:]
  }

  /// Goes on by other options: a channel that was disabled may have another address.
  func optionsChanged() {
    grouping.spans = table.grouping
    sayLinks()
    outbox.enableAll()
    back.optionsChanged()
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
    (isReading, hasLooked) = (false, true)
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
      } else if let message = ChatMessageCoding.decode(value), field == ChatMessageCoding.field(message.id) {
        keep(message)
      } else {
        deadLetter(field, value)
      }
    }
    var changed: Set<Grouping.ID> = []
    for var entry in entries.sorted(by: { $0.id < $1.id }) {
      // What becomes of a call goes into the group that was told of it, if there is one.
      if !entry.isCollected, entry.notice.rule == nil, entry.notice.status != .firing, entry.notice.status != .info,
        grouping.knows(entry.notice.key, of: Notice.escalations, on: entry.channel)
      {
        entry.notice.rule = Notice.escalations
        if entry.notice.status == .updated { entry.notice.status = .unacknowledged }
      }
      guard entry.isForGroup else {
        outbox.add(entry)
        continue
      }
      let isOne = table[entry.channel]?.descriptor.editsMessages ?? false
      changed.formUnion(
        grouping.take(entry.notice, for: entry.channel, ofAllSeverities: isOne, at: session.now))
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
      if let notice = turn.notice { tell(notice, turn.id.channel) }
      write(turn.id)
    }
    for task in book.advance(at: now, table, isBusy: { [outbox] in outbox.holds($0.key, on: $0.channel) }) {
      perform(task)
    }
    for task in outbox.advance(at: now, table, sends: !session.isFinishing) { perform(task) }
    flush()
    arm()
  }

  private func arm() {
    session.loop.cancel(timer)
    timer = nil
    guard let next = [outbox.next, grouping.next, book.next(table)].compactMap(\.self).min() else { return }
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
    let message = book.message(of: entry.notice, on: entry.channel, channel)
    let delivery = NoticeDelivery(entry, channel, message: message, at: session.now)
    // What people are told must not be gone with the server.
    session.whenConfirmed { [weak self] in self?.go(on: delivery) }
  }

  private func go(on delivery: NoticeDelivery) {
    let id = delivery.entry.id
    calls[id] = client.send(delivery.request(at: session.now)) { [weak self] result in
      guard let self, !session.isOver, calls.removeValue(forKey: id) != nil else { return }
      var delivery = delivery
      switch delivery.take(result, redacted: session.log.redaction.apply(to: result), at: session.now) {
      case .goesOn: go(on: delivery)
      case .over(let outcome, let message): end(delivery, outcome, message)
      }
    }
  }

  private func end(_ delivery: NoticeDelivery, _ outcome: DeliveryResult, _ message: ChatMessage?) {
    let entry = delivery.entry
    note(outcome, entry)
    if let message {
      keep(message)
      write(message)
    }
    let tasks = outbox.take(
      outcome, of: entry.id, on: entry.channel, channel: delivery.channel, at: session.now,
      chance: MachineRandom.number(in: 0..<1))
    for task in tasks { perform(task) }
    turn()
  }

  // MARK: Writing

  /// Adds what a group has to say, if its channel has a use for it.
  private func tell(_ notice: Notice, _ name: String) {
    // One that is no longer configured is given up by name.
    guard let channel = table[name] else { return add(notice, name) }
    guard channel.wants(notice, as: name) else { return }
    // As for a call: to an incident that somebody has acknowledged PagerDuty adds a line, and wakes nobody.
    if notice.reopensAcknowledged, channel.descriptor.keepsAcknowledgement {
      var over = notice
      over.status = .resolved
      add(over, name)
    }
    add(notice, name)
  }

  func add(_ notice: Notice, _ channel: String, isReminder: Bool = false) {
    var entry = session.entry(notice, channel)
    (entry.isCollected, entry.isReminder) = (true, isReminder)
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

  func remove(_ field: [UInt8]) {
    removed.insert(field)
    known.remove(field)
    pending.change("HDEL", session.keys.notices, field)
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
    case .alert, .alertsSaved, .record, .schedule, .automation, .unheard, .proposalEnded, .queueHands, .conversations,
      .maintenance:
      break
    }
  }
}
