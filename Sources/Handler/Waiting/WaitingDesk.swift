import FleetModel
import Loop
import Redis
import Wire

/// Keeps the book of conversations that wait for a person, as events tell of them, and pages people if one waits for too
/// long.
///
/// ```text
///   events ─▶ news ─▶ book, page, place in one transaction ─▶ wait ─▶ look at the clock …
///   command ─▶ committed ─▶ read anew
/// ```
/// The place is the last entry whose news stand in the book. It is written with them, and no cursor passes news that are
/// not written; so a successor takes each of them once. A command changes one conversation in its own transaction: what
/// was known of it is checked here, and read anew if it is another. If Redis refuses for so long that too much is to be
/// written, what comes then is left out, and said.
///
/// Where no conversation waits it does nothing. A class, because the loop's timer and the answers share it.
final class WaitingDesk: SteppingDesk {
  let session: LeaseSession
  /// As it stands in Redis.
  private(set) var book = WaitingBook()
  private var stored: [WaitingConversation.ID: [UInt8]] = [:]
  private var storedState: [UInt8]?
  /// Fields that are no conversations, or more than are kept.
  private var strays: [[UInt8]] = []
  /// What is not written yet, in the order of the stream once all is read that is read once more.
  private var pending: [(entry: StreamID, news: WaitingNews)] = []
  /// The last entry whose news are written.
  private var place: StreamID?
  private var isBegun = false
  private var isLoaded = false
  var steps = StepState()

  /// No transaction takes more news, or takes out more strays.
  private static let mostAtOnce = 64
  /// More news than this do not wait to be written.
  private static let mostPending = 4096

  static let written = "which conversations wait for a person"

  init(session: LeaseSession) { self.session = session }

  /// Where in the cursor's hash the place stands.
  static func placeField(_ keys: Keys) -> [UInt8] { keys.events + "#waiting".utf8 }

  /// The book; nil before it is read.
  var known: WaitingBook? { isLoaded ? book : nil }

  /// How a conversation stands, as Redis has it, and whether nothing more is told of it; nil if it does not wait, or the
  /// list is to be read anew.
  func standing(
    of id: WaitingConversation.ID
  ) -> (conversation: WaitingConversation, stored: [UInt8], isSettled: Bool)? {
    guard isLoaded, !steps.isStale, let conversation = book[id], let value = stored[id] else { return nil }
    return (conversation, value, !steps.isBusy && !pending.contains { $0.news.id == id })
  }

  /// The oldest entry whose news are not written.
  var oldest: StreamID? { pending.lazy.map(\.entry).min() }

  /// Reads what stands: most of what events tell concerns none of it.
  func start() { step() }

  /// All that a handler before left unwritten has been taken.
  func begin() {
    guard !isBegun else { return }
    isBegun = true
    pending.sort { $0.entry < $1.entry }
    step()
  }

  /// Takes what an event says.
  func take(_ news: WaitingNews, _ entry: StreamID) {
    guard concerns(news) else { return }
    guard pending.count < Self.mostPending else {
      session.log(
        .error, "more is told of waiting conversations than can be written: some is left out",
        ["conversation": news.id.text])
      return
    }
    pending.append((entry, news))
    if isBegun { step() }
  }

  /// Whether it can change anything: most conversations end without a person.
  private func concerns(_ news: WaitingNews) -> Bool {
    if case .waits = news { return true }
    return !isLoaded || book[news.id] != nil || pending.contains { $0.news.id == news.id }
  }

  /// What came before it was known who waits.
  private func leaveOutWhatConcernsNone() {
    guard !pending.isEmpty else { return }
    var ids: Set<WaitingConversation.ID> = []
    for case (_, .waits(let conversation)) in pending { ids.insert(conversation.id) }
    pending.removeAll { book[$0.news.id] == nil && !ids.contains($0.news.id) }
  }

  func optionsChanged() { if isBegun { step() } }

  func step() {
    guard beginStep() else { return }
    if steps.isStale {
      load()
    } else if isBegun {
      strays.isEmpty ? write() : clean()
    }
  }

  // MARK: Reading

  private func load() {
    (steps.isBusy, steps.isStale) = (true, false)
    let keys = session.keys
    session.read([
      Request("HGETALL", keys.waiting), Request("GET", keys.waitingState),
      Request("HGET", keys.cursor, Self.placeField(keys)),
    ]) { [weak self] replies in
      guard let self else { return }
      steps.isBusy = false
      guard !replies.contains(where: { $0.error != nil }) else {
        return refused()
      }
      take(replies[0].pairs, state: replies[1].bytes)
      if !isLoaded { place = replies[2].bytes.flatMap { StreamID($0) } }
      isLoaded = true
      leaveOutWhatConcernsNone()
      step()
    }
  }

  private func take(_ pairs: [(name: [UInt8], value: [UInt8])], state: [UInt8]?) {
    strays = []
    book = WaitingCoding.decode(conversations: pairs, state: state) { [session] field, value in
      session.passOver("a conversation that waits for a person", session.keys.waiting, value)
      if let field { strays.append(field) }
    }
    stored = [:]
    for (field, value) in pairs {
      if let id = String(validating: field, as: UTF8.self).flatMap(WaitingConversation.ID.init), book[id] != nil {
        stored[id] = value
      }
    }
    storedState = state
  }

  // MARK: Writing

  private func write() {
    let taken = Array(pending.prefix(Self.mostAtOnce))
    var next = book
    next.setLevels(session.options.waiting.levels)
    var transaction = Transaction()
    for (entry, news) in taken where isNew(entry, after: place) {
      if let outcome = next.apply(news) { transaction.note(outcome) }
    }
    // A command may have taken out the last one.
    if next.isEmpty { next.leftOut = 0 }
    let changed = add(Set(taken.map(\.news.id)), next, to: &transaction)
    // What changes nothing and never will is worth no transaction.
    let isWorthIt = !changed.isEmpty || taken.contains { if case .waits = $0.news { true } else { false } }
    if let last = taken.last, isNew(last.entry, after: place), isWorthIt {
      transaction.change("HSET", session.keys.cursor, Self.placeField(session.keys), last.entry)
    }
    let isPaged = judge(&next, &transaction)
    let state = next.isEmpty && next.page == nil ? nil : WaitingCoding.encodeState(of: next)
    if let state, state != storedState { transaction.change("SET", session.keys.waitingState, state) }
    if state == nil, storedState != nil { transaction.change("DEL", session.keys.waitingState) }
    guard !transaction.isEmpty else { return rest(after: taken.count) }
    if !changed.isEmpty || state != storedState { transaction.noteWaiting(session.keys) }
    run(transaction) { [self] in
      book = next
      stored.merge(changed) { $1 }
      for id in changed.keys where next[id] == nil { stored[id] = nil }
      storedState = state
      if let last = taken.last, isNew(last.entry, after: place), isWorthIt { place = last.entry }
      if isPaged { session.tell(.notices) }
      rest(after: taken.count)
    }
  }

  /// Takes out what is no conversation: nobody could say what becomes of it.
  private func clean() {
    let taken = strays.prefix(Self.mostAtOnce)
    var transaction = Transaction()
    for field in taken { transaction.change("HDEL", session.keys.waiting, field) }
    run(transaction) { [self] in
      strays.removeFirst(taken.count)
      step()
    }
  }

  /// Adds what has changed of conversations.
  ///
  /// - Returns: what then stands of each; empty for one that is taken out.
  private func add(
    _ ids: Set<WaitingConversation.ID>, _ next: WaitingBook, to transaction: inout Transaction
  ) -> [WaitingConversation.ID: [UInt8]] {
    var changed: [WaitingConversation.ID: [UInt8]] = [:]
    for id in ids where next[id] != book[id] {
      transaction.require("HGET", session.keys.waiting, id.text, is: stored[id] ?? [])
      guard let conversation = next[id] else {
        transaction.change("HDEL", session.keys.waiting, id.text)
        changed[id] = []
        continue
      }
      let encoded = WaitingCoding.encode(conversation)
      transaction.change("HSET", session.keys.waiting, id.text, encoded)
      changed[id] = encoded
    }
    return changed
  }

  /// So many of what waited is written, or was before.
  private func rest(after count: Int) {
    pending.removeFirst(count)
    if steps.isStale || !pending.isEmpty || !strays.isEmpty { return step() }
    if !book.isEmpty || book.page != nil { wait(session.options.waitingSpan.milliseconds) }
  }

  // MARK: Paging

  /// Pages people if one begins to wait for too long, and tells them once none does any more. Before events are read to
  /// their end nobody knows who still waits.
  ///
  /// - Returns: whether there is a notice in the transaction.
  private func judge(_ next: inout WaitingBook, _ transaction: inout Transaction) -> Bool {
    let now = session.now
    let isOver = next.overCount(at: now) > 0
    guard session.hasReadEvents, isOver != (next.page != nil) else { return false }
    let notice = WaitingNotice(next, shard: session.options.shard, at: now)
    defer { transaction.add(notice.line(isOver, handler: session.options.id, session.keys), session.keys) }
    if isOver {
      let told = session.notify(notice.began, groupingChatsAs: WaitingNotice.group, in: &transaction)
      next.page = WaitingBook.Page(since: now, told: told)
      return !told.isEmpty
    }
    // A channel that is no longer configured could only be given up.
    let channels = (next.page?.told ?? []).filter { session.options.notify.names.contains($0) }
    next.page = nil
    guard !channels.isEmpty else { return false }
    session.notify(notice.ended(for: channels), groupingChatsAs: WaitingNotice.group, in: &transaction)
    return true
  }
}

extension WaitingDesk: CommitObserver {
  func committed(_ fact: Committed) {
    switch fact {
    case .conversations:
      readAnew()
    case .alert, .alertsSaved, .record, .schedule, .automation, .unheard, .proposalEnded, .notices, .queueHands,
      .maintenance:
      break
    }
  }
}
