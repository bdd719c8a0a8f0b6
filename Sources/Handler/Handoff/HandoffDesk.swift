import FleetModel
import Loop
import Redis
import Wire

/// Chooses who takes the conversations for which agents ask for another one, and has it told to them.
///
/// ```text
///   events ─▶ news ─▶ book ─▶ choice ─┬─▶ book, command, audit, place in one transaction ─▶ wait ─▶ look at the clock …
///                                     └─▶ nobody: book, event that it waits for a person, audit, place
/// ```
/// The command is one like any other: it stands in the stream of commands, and in the audit with the reasons of the choice.
/// The place is the last entry whose news stand in the book. It is written with them, and no cursor passes news that are
/// not written; so a successor takes each of them once, and goes on with what was offered.
///
/// Unless the settings say so, and nothing is in hand from before, it does nothing. A class, because the loop's timer and
/// the answers share it.
final class HandoffDesk {
  let session: LeaseSession
  /// Gives who there is, and how they are; nil if nobody knows.
  var health: () -> FleetHealth? = { nil }
  /// As it stands in Redis.
  private(set) var book = HandoffBook()
  private var trail = HandoffTrail()
  private var stored: [Handoff.ID: [UInt8]] = [:]
  /// Fields that are no conversations, or more than are kept.
  private var strays: [[UInt8]] = []
  /// What is not written yet, in the order of the stream once all is read that is read once more.
  private var pending: [(entry: StreamID, news: HandoffNews)] = []
  /// The last entry whose news are written.
  private var place: StreamID?
  private var isPlaceStored = false
  /// The commands that the transaction under way adds.
  private var added: Set<CommandID> = []
  /// Where the switch of automation stands, as it was read last.
  private var automation: [UInt8] = []
  private var isBegun = false
  private var isLoaded = false
  private var isBusy = false
  /// Whether Redis holds something else than is known here.
  private var isStale = true
  private var timer: Loop.TimerID?
  /// Whether Redis has refused something a moment ago: no event makes it ask again at once.
  private var isRefused = false

  /// No transaction takes more news, or takes out more strays.
  private static let mostAtOnce = 64
  /// More news than this do not wait to be written.
  private static let mostPending = 4096
  /// After a refusal of Redis; and between two looks at those who were asked, or at a fleet that is not known yet.
  private static let patience: Int64 = 5000
  private static let lookMilliseconds: Int64 = 500

  init(session: LeaseSession) { self.session = session }

  /// Where in the cursor's hash the place stands.
  static func placeField(_ keys: Keys) -> [UInt8] { keys.events + "#handoffs".utf8 }

  private var isOn: Bool { session.options.handoff.mode == .auto }

  /// Whether anything that events say may matter.
  var wantsNews: Bool { isOn || !isLoaded || !book.isEmpty || !pending.isEmpty }

  /// The oldest entry whose news are not written.
  var oldest: StreamID? { pending.lazy.map(\.entry).min() }

  /// Whether a command is one that it has given, or may be as long as nobody knows what is in hand.
  func hasGiven(_ command: Command) -> Bool {
    guard command.action == .transfer, command.operator.hasPrefix(HandoffPlan.sender) else { return false }
    return (isOn && !isLoaded) || added.contains(command.id)
      || book.handoffs.values.contains { $0.offers.contains { $0.command == command.id } }
  }

  func start() { step() }

  /// All that a handler before left unwritten has been taken.
  func begin() {
    guard !isBegun else { return }
    isBegun = true
    pending.sort { $0.entry < $1.entry }
    step()
  }

  /// Takes what an event says.
  func take(_ news: HandoffNews, _ entry: StreamID) {
    guard concerns(news) else { return }
    guard pending.count < Self.mostPending else {
      session.log(
        .error, "more is told of conversations that change hands than can be written: some is left out",
        ["conversation": news.id.text])
      return
    }
    pending.append((entry, news))
    if isBegun { step() }
  }

  /// Whether it can change anything: most conversations end where they began.
  private func concerns(_ news: HandoffNews) -> Bool {
    if case .requested = news { return isOn }
    return !isLoaded || book[news.id] != nil || pending.contains { $0.news.id == news.id }
  }

  /// What came before it was known what is in hand.
  private func leaveOutWhatConcernsNone() {
    guard !pending.isEmpty else { return }
    var ids: Set<Handoff.ID> = []
    for case (_, .requested(let handoff)) in pending { ids.insert(handoff.id) }
    pending.removeAll { book[$0.news.id] == nil && !ids.contains($0.news.id) }
  }

  func optionsChanged() {
    guard isBegun else { return }
    // What came while it was off was the rules'.
    if isOn, !isPlaceStored { (isLoaded, isStale) = (false, true) }
    step()
  }

  /// Does what there is to do next.
  private func step() {
    guard !isBusy, !isRefused, !session.isOver, !session.isFinishing else { return }
    session.loop.cancel(timer)
    timer = nil
    if isStale {
      load()
    } else if isBegun {
      strays.isEmpty ? write() : clean()
    }
  }

  private func load() {
    (isBusy, isStale) = (true, false)
    let keys = session.keys
    session.read([
      Request("HGETALL", keys.handoffs), Request("GET", keys.automation),
      Request("HMGET", keys.cursor, Self.placeField(keys), keys.events),
    ]) { [weak self] replies in
      guard let self else { return }
      isBusy = false
      guard !replies.contains(where: { $0.error != nil }) else { return refused() }
      take(replies[0].pairs)
      automation = replies[1].bytes ?? []
      if !isLoaded { takePlace(replies[2].elements?.map { $0.bytes.flatMap { StreamID($0) } } ?? []) }
      isLoaded = true
      leaveOutWhatConcernsNone()
      step()
    }
  }

  /// Where nothing was ever in hand, rules had what came before; what waits here already was never theirs.
  private func takePlace(_ found: [StreamID?]) {
    isPlaceStored = found.first.flatMap(\.self) != nil
    place = found.first.flatMap(\.self) ?? found.last.flatMap(\.self)
    guard !isPlaceStored, isBegun, let oldest, let reached = place, oldest <= reached else { return }
    place = oldest.milliseconds == 0 ? nil : StreamID(milliseconds: oldest.milliseconds - 1, sequence: .max)
  }

  private func take(_ pairs: [(name: [UInt8], value: [UInt8])]) {
    strays = []
    book = HandoffCoding.decode(pairs) { [session] field, value in
      session.passOver("a conversation that is to change hands", session.keys.handoffs, value)
      strays.append(field)
    }
    stored = [:]
    for (field, value) in pairs {
      if let id = String(validating: field, as: UTF8.self).flatMap(Handoff.ID.init), book[id] != nil {
        stored[id] = value
      }
    }
  }

  private func write() {
    let taken = Array(pending.prefix(Self.mostAtOnce))
    let new = taken.filter { isNew($0.entry) }
    var plan = HandoffPlan(book, trail, session, automation: automation)
    for (_, news) in new { plan.take(news) }
    if session.hasReadEvents, let health = health() { plan.decide(by: health, atMost: Self.mostAtOnce) }
    var transaction = plan.transaction
    let changed = add(plan, to: &transaction)
    let isRequest = new.contains { if case .requested = $0.news { true } else { false } }
    // What changes nothing and never will is worth no transaction.
    let last = changed.isEmpty && !isRequest ? nil : new.last?.entry
    let stores = note(last, isIdle: plan.next.isEmpty && taken.count == pending.count, in: &transaction)
    guard !transaction.isEmpty else { return rest(after: taken.count) }
    added = plan.commands
    run(transaction) { [self] in
      (book, trail) = (plan.next, plan.trail)
      stored.merge(changed) { $1 }
      for id in changed.keys where book[id] == nil { stored[id] = nil }
      place = last ?? place
      isPlaceStored = stores
      rest(after: taken.count)
    }
  }

  /// Writes the place if it is another one. While it is off, and nothing is in hand, there is none: what comes then is for
  /// rules.
  ///
  /// - Returns: whether one stands in Redis then.
  private func note(_ last: StreamID?, isIdle: Bool, in transaction: inout Transaction) -> Bool {
    let (cursor, field) = (session.keys.cursor, Self.placeField(session.keys))
    if !isOn, isIdle {
      if isPlaceStored || last != nil { transaction.change("HDEL", cursor, field) }
      return false
    }
    if let last = last ?? (isOn && !isPlaceStored ? place : nil) {
      transaction.change("HSET", cursor, field, last)
      return true
    }
    return isPlaceStored
  }

  /// Adds what has changed of conversations.
  ///
  /// - Returns: what then stands of each; empty for one that is taken out.
  private func add(_ plan: HandoffPlan, to transaction: inout Transaction) -> [Handoff.ID: [UInt8]] {
    var changed: [Handoff.ID: [UInt8]] = [:]
    for id in plan.touched where plan.next[id] != book[id] {
      transaction.require("HGET", session.keys.handoffs, id.text, is: stored[id] ?? [])
      let encoded = plan.next[id].map(HandoffCoding.encode) ?? []
      if encoded.isEmpty {
        transaction.change("HDEL", session.keys.handoffs, id.text)
      } else {
        transaction.change("HSET", session.keys.handoffs, id.text, encoded)
      }
      changed[id] = encoded
    }
    return changed
  }

  private func clean() {
    let taken = strays.prefix(Self.mostAtOnce)
    var transaction = Transaction()
    for field in taken { transaction.change("HDEL", session.keys.handoffs, field) }
    run(transaction) { [self] in
      strays.removeFirst(taken.count)
      step()
    }
  }

  private func run(_ transaction: Transaction, done: @escaping () -> Void) {
    isBusy = true
    session.run(transaction) { [weak self] outcome in
      guard let self else { return }
      isBusy = false
      switch outcome {
      case .done: done()
      case .conflict:
        isStale = true
        step()
      case .failed(let error):
        session.log(.error, "cannot write which conversations change hands", ["error": error.text])
        refused()
      case .fenced: break
      }
    }
  }

  /// Whether an entry's news are not in the book. A place of the future is of a stream that was begun anew.
  private func isNew(_ entry: StreamID) -> Bool {
    guard let place, entry <= place else { return true }
    return place.instant > session.now + .minutes(1)
  }

  /// So many of what waited is written, or was before.
  private func rest(after count: Int) {
    pending.removeFirst(count)
    if isStale || !pending.isEmpty || !strays.isEmpty { return step() }
    guard !book.isEmpty else { return }
    // No step decides more than so many; before events are read it decides none.
    if session.hasReadEvents, book.hasUndecided { return wait(1) }
    let limit = book.nextLimit.map { max(1, ($0 - session.now).milliseconds) } ?? Self.lookMilliseconds
    wait(min(limit, Self.lookMilliseconds))
  }

  private func refused() {
    (isStale, isRefused) = (true, true)
    wait(Self.patience)
  }

  private func wait(_ span: Int64) {
    timer = session.later(inMilliseconds: span) { [weak self] in
      guard let self else { return }
      (timer, isRefused) = (nil, false)
      step()
    }
  }
}

extension HandoffDesk: CommitObserver {
  func committed(_ fact: Committed) {
    switch fact {
    // The very next choice goes by the switch.
    case .automation:
      isStale = true
      if !book.isEmpty { step() }
    case .alert, .alertsSaved, .record, .schedule, .unheard, .proposalEnded, .notices, .queueHands, .conversations,
      .maintenance:
      break
    }
  }
}
