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
/// If the settings say that it only proposes, whoever it chooses is not asked: the conversation waits for a person, and the
/// event says who is proposed.
///
/// The command is one like any other: it stands in the stream of commands, and in the audit with the reasons of the choice.
/// The place is the last entry whose news stand in the book. It is written with them, and no cursor passes news that are
/// not written; so a successor takes each of them once, and goes on with what was offered.
///
/// Unless the settings say so, and nothing is in hand from before, it does nothing. A class, because the loop's timer and
/// the answers share it.
final class HandoffDesk: SteppingDesk {
  let session: LeaseSession
  /// Gives who there is and how they are, and up to when all that was said is known; nil if nobody knows.
  var known: () -> (health: FleetHealth, present: Instant)? = { nil }
  /// Gives how a conversation stands in the list of those that wait for a person; nil if it is not there, or the list is not
  /// read.
  var listed: (Handoff.ID) -> ListedConversation? = { _ in nil }
  /// Called after a conflict: the list may hold something else than was thought.
  var listIsUnsure: () -> Void = {}
  private var stored = StoredHandoffs()
  private var trail = HandoffTrail()
  /// What is not written yet.
  private var pending = HandoffNewsQueue()
  /// The last entry whose news are written.
  private var place: StreamID?
  private var isPlaceStored = false
  /// The commands that the transaction under way adds.
  private var added: Set<CommandID> = []
  /// Where the switch of automation stands, as it was read last.
  private var automation: [UInt8] = []
  private var isBegun = false
  private var isLoaded = false
  var steps = StepState()
  /// Whether Redis will not say what is in hand until somebody changes rights or the key: of a fleet that does not use
  /// hand-overs, nothing is.
  private var isUnknown = false
  /// News that were left out since somebody was told.
  private var leftOut = 0

  /// No transaction takes more news, or takes out more strays.
  private static let mostAtOnce = 64
  /// Between two looks at those who were asked, or at a fleet that is not known yet.
  private static let lookMilliseconds: Int64 = 500
  /// After a refusal while it is off.
  private static let longPatience: Int64 = 60_000
  private static let tellsMilliseconds: Int64 = 10_000

  static let written = "which conversations change hands"

  init(session: LeaseSession) { self.session = session }

  /// Where in the cursor's hash the place stands.
  static func placeField(_ keys: Keys) -> [UInt8] { keys.events + "#handoffs".utf8 }

  /// As it stands in Redis.
  private var book: HandoffBook { stored.book }

  private var isOn: Bool { session.options.handoff.isOn }

  /// Whether anything that events say may matter.
  var wantsNews: Bool { isOn || !(isLoaded || isUnknown) || !book.isEmpty || !pending.isEmpty }

  /// The oldest entry whose news are not written.
  var oldest: StreamID? { pending.oldest }

  /// Whether a command is one that it has given, or may be as long as nobody knows what is in hand.
  func hasGiven(_ command: Command) -> Bool {
    guard command.action == .transfer, command.operator.hasPrefix(HandoffPlan.sender) else { return false }
    return (isOn && !isLoaded && !isUnknown) || added.contains(command.id)
      || book.handoffs.values.contains { $0.offers.contains { $0.command == command.id } }
  }

  func start() { step() }

  /// All that a handler before left unwritten has been taken.
  func begin() {
    guard !isBegun else { return }
    isBegun = true
    pending.sort()
    step()
  }

  /// Takes what an event says.
  func take(_ news: HandoffNews, _ entry: StreamID) {
    guard concerns(news) else { return }
    guard !pending.isFull else { return leaveOut(news) }
    pending.append(news, entry)
    if isBegun { step() }
  }

  private func leaveOut(_ news: HandoffNews) {
    leftOut += 1
    guard leftOut == 1 else { return }
    session.later(inMilliseconds: Self.tellsMilliseconds) { [weak self] in
      guard let self else { return }
      session.log(
        .error, "more is told of conversations that change hands than can be written: some is left out",
        ["events": "\(leftOut)", "first": news.id.text])
      leftOut = 0
    }
  }

  /// Whether it can change anything: most conversations end where they began.
  private func concerns(_ news: HandoffNews) -> Bool {
    if case .requested = news { return isOn }
    return !isLoaded || book[news.id] != nil || pending.contains(news.id) || trail.concerns(news.id)
  }

  func optionsChanged() {
    if isOn, isUnknown, steps.isRefused {
      isUnknown = false
      steps.forgetRefusal()
    }
    guard isBegun else { return }
    // What came while it was off was the rules'.
    if isOn, !isPlaceStored { (isLoaded, steps.isStale) = (false, true) }
    step()
  }

  func step() {
    guard beginStep() else { return }
    if steps.isStale {
      load()
    } else if isBegun {
      stored.strays.isEmpty ? write() : clean()
    }
  }

  private func load() {
    (steps.isBusy, steps.isStale) = (true, false)
    // Asked for before its own reading: unless Redis refuses, the list is read by the next step, too.
    if isLoaded { listIsUnsure() }
    let keys = session.keys
    session.read([
      Request("HGETALL", keys.handoffs), Request("GET", keys.automation),
      Request("HMGET", keys.cursor, Self.placeField(keys), keys.events),
    ]) { [weak self] replies in
      guard let self else { return }
      steps.isBusy = false
      if let error = replies.lazy.compactMap(\.error).first { return cannotLoad(error) }
      isUnknown = false
      stored = StoredHandoffs(replies[0].pairs) { [session] in
        session.passOver("a conversation that is to change hands", session.keys.handoffs, $0)
      }
      automation = replies[1].bytes ?? []
      if !isLoaded { takePlace(replies[2].elements?.map { $0.bytes.flatMap { StreamID($0) } } ?? []) }
      isLoaded = true
      // What came before it was known what is in hand.
      pending.leaveOut(besides: book, trail)
      step()
    }
  }

  private func cannotLoad(_ error: ServerError) {
    // Any other refusal passes by itself: what is told meanwhile may concern what is in hand.
    isUnknown = ["NOPERM", "WRONGTYPE"].contains(error.code)
    guard isUnknown, !isOn, !isLoaded else { return refused() }
    pending = HandoffNewsQueue()
    refused(for: Self.longPatience)
  }

  /// Where nothing was ever in hand, rules had what came before; what waits here already was never theirs.
  private func takePlace(_ found: [StreamID?]) {
    isPlaceStored = found.first.flatMap(\.self) != nil
    place = found.first.flatMap(\.self) ?? found.last.flatMap(\.self)
    guard !isPlaceStored, isBegun, let oldest, let reached = place, oldest <= reached else { return }
    place = oldest.milliseconds == 0 ? nil : StreamID(milliseconds: oldest.milliseconds - 1, sequence: .max)
  }

  private func write() {
    let taken = pending.prefix(Self.mostAtOnce)
    let new = taken.filter { isNew($0.entry, after: place) }
    var plan = HandoffPlan(book, trail, session, automation: automation)
    for item in new { plan.take(item.news, item.entry, listed: listed) }
    if session.hasReadEvents, let (health, present) = known() {
      // Of these more is known than the book says.
      let left = pending.ids(behind: taken.count)
      plan.decide(by: health, at: present, atMost: Self.mostAtOnce, besides: left, listed: listed)
    }
    var transaction = plan.transaction
    let changed = stored.add(plan, session.keys, to: &transaction)
    let isRequest = new.contains { if case .requested = $0.news { true } else { false } }
    // What changes nothing and never will is worth no transaction.
    let last = changed.isEmpty && !isRequest ? nil : new.last?.entry
    let stores = note(last, isIdle: plan.next.isEmpty && taken.count == pending.count, in: &transaction)
    guard !transaction.isEmpty else {
      trail = plan.trail
      tell(plan.takers)
      return rest(after: taken.count, isCut: plan.isCut)
    }
    added = plan.commands
    run(transaction) { [self] in
      stored.take(plan.next, changed)
      trail = plan.trail
      place = last ?? place
      isPlaceStored = stores
      tell(plan.takers)
      rest(after: taken.count, isCut: plan.isCut)
    }
  }

  /// Has it counted who was asked, and who has taken a conversation and not said so yet.
  private func tell(_ takers: [(agent: AgentID, at: Instant)]) {
    guard let health = known()?.health else { return }
    health.setAsked(book.asked)
    for (agent, instant) in takers { health.take(agent, at: instant) }
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

  private func clean() {
    let taken = stored.strays.prefix(Self.mostAtOnce)
    var transaction = Transaction()
    for field in taken { transaction.change("HDEL", session.keys.handoffs, field) }
    run(transaction) { [self] in
      stored.removeStrays(taken.count)
      step()
    }
  }

  /// So many of what waited is written, or was before.
  ///
  /// - Parameter isCut: whether the step has left something that is due.
  private func rest(after count: Int, isCut: Bool) {
    pending.removeFirst(count)
    if steps.isStale || !pending.isEmpty || !stored.strays.isEmpty { return step() }
    guard !book.isEmpty else { return }
    // No step decides more than so many; before events are read it decides none.
    if isCut || (session.hasReadEvents && book.hasUndecided) { return wait(1) }
    let limit = book.nextLimit.map { ($0 - session.now).milliseconds } ?? Self.lookMilliseconds
    // One that is due already waits for answers that are not read yet.
    wait(limit > 0 ? min(limit, Self.lookMilliseconds) : Self.lookMilliseconds)
  }
}

extension HandoffDesk: CommitObserver {
  func committed(_ fact: Committed) {
    switch fact {
    // The very next choice goes by the switch.
    case .automation:
      steps.isStale = true
      if !book.isEmpty { step() }
    case .alert, .alertsSaved, .record, .schedule, .unheard, .proposalEnded, .notices, .queueHands, .conversations,
      .maintenance:
      break
    }
  }
}
