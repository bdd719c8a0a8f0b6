import FleetModel
import Logging
import Redis
import Wire

/// What was delivered before and came to no outcome: it is claimed in the order of its stream, before anything later.
///
/// ```
/// XPENDING ─▶ ≥ 5 deliveries: put aside
///          ─▶ taken by this process before: claimed, not counted
///          ─▶ 3 or 4 deliveries: a suspect, claimed once the one before it is through
///          ─▶ else: claimed, as many at once as follow one another
/// ```
extension CommandIntake {
  /// What has been delivered so often without an outcome ends whoever takes it.
  private static let mostDeliveries: Int64 = 5
  private static let suspectDeliveries: Int64 = 3
  /// Milliseconds after which a suspect holds up nobody else: what ends a handler does so before.
  private static let suspicionSpan: Int64 = 5000

  /// Takes what was delivered and not acknowledged: all of it, or what has been idle for so many milliseconds. What has
  /// been delivered too often is put aside.
  func recover(_ stream: [UInt8], idle: Int64, _ completion: @escaping () -> Void) {
    readPending(recovery.begin(stream, idle: idle), from: "-", completion)
  }

  private func readPending(_ walk: PendingRecovery.Walk, from start: String, _ completion: @escaping () -> Void) {
    guard let connection = link.connection else { return }
    let request = Request("XPENDING", walk.stream, Keys.group, "IDLE", walk.idle, start, "+", Self.pageCount)
    connection.send(request) { [weak self] result in
      guard let self, goesOn(walk), case .success(let reply) = result else { return }
      if let error = reply.error {
        session.refused("cannot read which commands of \(text(walk.stream)) are pending", error)
        return beginAnew(walk)
      }
      let pending = reply.elements?.compactMap { Pending($0) } ?? []
      var walk = walk
      walk.seen.formUnion(pending.map(\.entry))
      let free = pending.filter { !self.dispatcher.holds(Delivery(stream: walk.stream, entry: $0.entry)) }
      deadLetter(free.filter { $0.deliveries >= Self.mostDeliveries }, in: walk.stream)
      takeUp(free.filter { $0.deliveries < Self.mostDeliveries }[...], walk) { [weak self] in
        guard let self else { return }
        if pending.count == Self.pageCount, let last = pending.last {
          return readPending(walk, from: "(\(last.entry)", completion)
        }
        recovery.end(walk)
        if walk.idle == 0 { unfinished.keep(walk.seen, of: walk.stream) }
        completion()
      }
    }
  }

  /// Redis has refused a part of it. What came later must not pass what is left out, so that the stream waits.
  private func beginAnew(_ walk: PendingRecovery.Walk) {
    recovery.end(walk)
    goOnIfCalm()
    guard walk.idle == 0 else { return }
    session.later(inMilliseconds: 1000) { [weak self] in self?.prepare(walk.stream) }
  }

  private func goesOn(_ walk: PendingRecovery.Walk) -> Bool { !session.isOver && recovery.goesOn(walk) }

  /// One line of XPENDING.
  private struct Pending {
    var entry: StreamID
    var deliveries: Int64

    init?(_ reply: Reply) {
      guard let parts = reply.elements, parts.count == 4, let entry = parts[0].bytes.flatMap({ StreamID($0) }),
        let deliveries = parts[3].integer
      else { return nil }
      self.entry = entry
      self.deliveries = deliveries
    }
  }

  /// Claims one piece after the other, each once the one before it has entered its lanes.
  private func takeUp(_ rest: ArraySlice<Pending>, _ walk: PendingRecovery.Walk, _ completion: @escaping () -> Void) {
    guard let first = rest.first else { return completion() }
    func isOwn(_ item: Pending) -> Bool { unfinished.contains(Delivery(stream: walk.stream, entry: item.entry)) }
    let piece: ArraySlice<Pending>
    if isOwn(first) {
      piece = rest.prefix { isOwn($0) && $0.deliveries == first.deliveries }
    } else if first.deliveries < Self.suspectDeliveries {
      piece = rest.prefix { !isOwn($0) && $0.deliveries < Self.suspectDeliveries }
    } else {
      return takeUpSuspect(first, rest.dropFirst(), walk, completion)
    }
    claim(piece.map(\.entry), walk, count: isOwn(first) ? first.deliveries : nil) { [weak self] in
      self?.takeUp(rest.dropFirst(piece.count), walk, completion)
    }
  }

  /// What may have ended the handlers before: each is claimed, and so counted, only once the one before it is through, so
  /// that none is put aside for what another did. What came after it follows once it has its place in its lanes.
  private func takeUpSuspect(
    _ item: Pending, _ rest: ArraySlice<Pending>, _ walk: PendingRecovery.Walk, _ completion: @escaping () -> Void
  ) {
    guard goesOn(walk) else { return }
    guard recovery.isCalm(dispatcher.holds) else {
      return recovery.wait { [weak self] in self?.takeUpSuspect(item, rest, walk, completion) }
    }
    let delivery = Delivery(stream: walk.stream, entry: item.entry)
    recovery.claims(delivery)
    claim([item.entry], walk) { [weak self] in
      self?.recovery.hasClaimed(delivery)
      self?.session.later(inMilliseconds: Self.suspicionSpan) { [weak self] in
        self?.recovery.acquit(delivery)
        self?.goOnIfCalm()
      }
      self?.takeUp(rest, walk, completion)
      self?.goOnIfCalm()
    }
  }

  /// Goes on with suspects that wait, if none is at work.
  func goOnIfCalm() {
    while recovery.isCalm(dispatcher.holds), let next = recovery.nextWaiting() { next() }
  }

  /// - Parameter count: how often it is to be held to have been delivered; nil counts this time.
  private func claim(
    _ entries: [StreamID], _ walk: PendingRecovery.Walk, count: Int64? = nil, _ completion: @escaping () -> Void
  ) {
    guard goesOn(walk), let connection = link.connection else { return }
    let stream = walk.stream
    var request = Request("XCLAIM", stream, Keys.group, session.options.id, 0)
    for entry in entries {
      request.append(entry)
      unfinished.insert(Delivery(stream: stream, entry: entry))
    }
    if let count {
      request.append("RETRYCOUNT")
      request.append(count)
    }
    connection.send(request) { [weak self] result in
      guard let self, goesOn(walk), case .success(let reply) = result else { return }
      if let error = reply.error {
        session.refused("cannot take pending commands of \(text(stream))", error)
        return beginAnew(walk)
      }
      let answers = reply.elements ?? []
      // From 7.0 on the server leaves out what was trimmed, and forgets it. Before, it answers null, and keeps it pending.
      let gone = zip(entries, answers).filter { $0.1.isNull }.map(\.0)
      let taken = answers.filter { !$0.isNull }
      take(taken, from: stream)
      let claimed = Set(taken.compactMap { $0.elements?.first?.bytes.flatMap { StreamID($0) } } + gone)
      tellTrimmed(entries.filter { !claimed.contains($0) }, stillPending: gone, of: stream)
      completion()
    }
  }

  /// - Parameters:
  ///   - missing: those that the server left out. One that is there still was acknowledged meanwhile: it is no loss.
  ///   - ids: those that it answered null for.
  private func tellTrimmed(_ missing: [StreamID], stillPending ids: [StreamID], of stream: [UInt8]) {
    guard !missing.isEmpty else { return reportTrimmed(ids.count, stillPending: ids, of: stream) }
    session.read(missing.map { Request("XRANGE", stream, $0, $0) }) { [weak self] replies in
      let lost = replies.count { $0.elements?.isEmpty ?? true }
      self?.reportTrimmed(lost + ids.count, stillPending: ids, of: stream)
    }
  }

  /// - Parameter ids: those that the server does not drop from the group's list by itself.
  private func reportTrimmed(_ count: Int, stillPending ids: [StreamID], of stream: [UInt8]) {
    guard count > 0 else { return }
    let reason = "\(count) commands were trimmed before they came to an outcome"
    session.log(.error, reason, ["stream": text(stream)])
    var transaction = Transaction()
    DeadLetter(source: stream, reason: reason, bytes: []).add(to: &transaction, keys: session.keys)
    for id in ids { transaction.change("XACK", stream, Keys.group, id) }
    session.run(transaction) { _ in }
  }

  private func deadLetter(_ pending: [Pending], in stream: [UInt8]) {
    for item in pending {
      session.read([Request("XRANGE", stream, item.entry, item.entry)]) { [weak self] replies in
        let fields = replies[0].elements?.first?.elements?.last?.pairs
        let payload = fields?.first { $0.name == Keys.dataField }?.value
        self?.dispatcher.deadLetter(
          payload, Delivery(stream: stream, entry: item.entry),
          reason: "it was delivered \(item.deliveries) times and came to no outcome")
      }
    }
  }
}
