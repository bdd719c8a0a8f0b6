import FleetModel
import Loop
import Wire

/// Reading the streams: history first, in large bites, then live, with a pause between reads.
///
/// ```
/// up ─▶ inspect: XINFO of each ─▶ XREAD ─┬─▶ XREAD …         more waits
///             ▲                          ├─▶ pause ─▶ XREAD   read to the end
///             └──── every ten seconds ───┴─▶ probe each      one is refused: it is left out
/// ```
extension EventFeed {
  /// A pause after a read that emptied the streams: at 20,000 events a second it takes the client from a fifth of a
  /// core to a sixtieth, and costs half of it in delay. Where much comes it is longer, since each read costs both sides
  /// the same again whatever it brings.
  private static let shortestPause: Int64 = 5
  private static let longestPause: Int64 = 40
  /// Milliseconds of pause for each entry a millisecond.
  private static let pausePerRate = 2.0

  func readingChanged(_ notice: Link.Update) {
    tellLinkState()
    inspectedAt = nil
    switch notice {
    case .up:
      isAtEnd = false
      hasMore = false
      isHolding = true
      readOn()
    case .down:
      backlog?.stop()
      backlog = nil
      releaseHeld()
    }
  }

  /// Does what is due next on the reading connection, once the server's time is known.
  func readOn() {
    guard let connection = reading.connection, connection.pendingCount == 0, clock.isSet, backlog == nil else {
      return
    }
    begin()
    if isDue(inspectedAt, isCalm ? options.patience.calmInspect : options.patience.inspect) {
      return inspect(connection)
    }
    if places.contains(where: { $0.refusal != nil }), isDue(probedAt, LinkMachine.longestPause) {
      return probe(connection)
    }
    if !readBacklog(from: connection.endpoint) { read(connection) }
  }

  func isDue(_ last: MonotonicTime?, _ span: Int64) -> Bool {
    last.map { MonotonicTime.now.milliseconds(since: $0) >= Double(span) } ?? true
  }

  private func readLater(inMilliseconds span: Int64) {
    loop.schedule(inMilliseconds: span) { [weak self] in self?.readOn() }
  }

  /// Fixes where to begin: an empty stream must not be read from a moment that moves.
  func begin() {
    guard places.isEmpty, clock.isSet else { return }
    let beginning = clock.now - options.history
    self.beginning = beginning
    let start = StreamID(milliseconds: UInt64(clamping: beginning.milliseconds))
    places = streams.map { StreamPlace(key: $0, after: start) }
    infos = streams.map { _ in nil }
  }

  // MARK: What may have been missed

  private func inspect(_ connection: Connection) {
    inspectedAt = .now
    for (index, key) in streams.enumerated() {
      connection.send(Request("XINFO", "STREAM", key)) { [weak self] result in
        guard let self, case .success(let reply) = result else { return }
        infos[index] = StreamInfo(reply)
        if let info = infos[index] {
          tell(places[index].inspect(info), of: index)
        } else if reply.error?.text.contains("no such key") == true {
          tell(places[index].inspect(nil), of: index)
        } else if let error = reply.error, !error.concernsOneThing, error.code != "ERR" {
          return reading.restart(.refused(error))
        }
        if index == streams.count - 1 { readOn() }
      }
    }
    connection.flush()
  }

  private func tell(_ finding: StreamPlace.Finding?, of index: Int) {
    guard let finding else { return }
    let key = streams[index]
    let now = clock.now
    switch finding {
    case .missed(let count, let from, let to):
      let (start, end) = (min(from.instant, now), min(to.instant, now))
      notify(.missed(Missed(cause: .trimmed, stream: key, gap: Gap(from: start, to: end, count: count))))
    case .lostWrites(let from, let to):
      let start = min(from.instant, to.instant)
      notify(.missed(Missed(cause: .serverLostWrites, stream: key, gap: Gap(from: start, to: now, count: nil))))
    case .gone(let from):
      notify(
        .missed(Missed(cause: .streamGone, stream: key, gap: Gap(from: min(from.instant, now), to: now, count: nil))))
    }
  }

  // MARK: Reading

  /// Begins to read a stream that has much to read by ranges; false if none has.
  private func readBacklog(from server: Endpoint) -> Bool {
    for (index, info) in infos.enumerated() where places[index].refusal == nil {
      infos[index] = nil
      guard let info, let stretch = Backlog.Stretch(after: places[index].last, of: info) else { continue }
      // Called an entry, while this object holds it: a reference that is counted costs more than the rest.
      let feed = Unmanaged.passUnretained(self)
      let backlog = Backlog(stretch, of: streams[index]) { entry in
        feed._withUnsafeGuaranteedRef { $0.receive(entry, of: index) }
      } finish: { [weak self] in
        self?.backlog = nil
        // Whatever it left is read one after the other, if an error is dealt with.
        self?.readOn()
      }
      self.backlog = backlog
      backlog.start(loop, server)
      return true
    }
    return false
  }

  /// Asks for what comes after the last entry of each stream; waits on the server if there is nothing.
  private func read(_ connection: Connection) {
    let open = places.filter { $0.refusal == nil }
    guard !open.isEmpty else {
      finishHistory()
      return readLater(inMilliseconds: LinkMachine.longestPause)
    }
    var request = Request("XREAD", "COUNT", bite.count)
    // Until the end has been met the answer must come at once, to say so.
    blocksFor = isAtEnd ? (isCalm ? options.patience.calmBlock : options.patience.block) : 0
    if isAtEnd { request.append("BLOCK", blocksFor) }
    request.append("STREAMS")
    for place in open { request.append(place.key) }
    for place in open { request.append(place.last) }
    connection.send(request, expecting: .entries(assembler)) { [weak self] in self?.finishRead($0) }
    connection.flush()
  }

  private func finishRead(_ result: Result<Reply, ConnectionFailure>) {
    guard case .success(let reply) = result else { return }
    if let error = reply.error {
      guard error.concernsOneThing, let connection = reading.connection else {
        return reading.restart(.refused(error))
      }
      return probe(connection)
    }
    endurance = 1
    if assembler.count > 0 { cameAt = .now }
    hasMore = bite.took(assembler.count, bytes: assembler.bytes)
    if hasMore {
      // More is waiting; but let the keyboard have its turn.
      loop.later { [weak self] in self?.readOn() }
    } else {
      finishHistory()
      // A read that waited in vain has had its pause.
      guard assembler.count == 0, blocksFor > 0 else { return pause() }
      loop.later { [weak self] in self?.readOn() }
    }
  }

  private func pause() {
    let now = MonotonicTime.now
    let perMillisecond = Double(assembler.count) / max(1, now.milliseconds(since: pausedAt))
    pausedAt = now
    let span = Int64(perMillisecond * Self.pausePerRate)
    readLater(inMilliseconds: min(max(Self.shortestPause, span), Self.longestPause))
  }

  private func finishHistory() {
    isAtEnd = true
    hasMore = false
    readToEndAt = .now
    if isHolding { releaseHeld() }
    guard !isCaughtUp else { return }
    isCaughtUp = true
    notify(.caughtUp)
    if let connection = asking.connection {
      askForInsight(connection)
      connection.flush()
    }
  }

  // MARK: What the server refuses

  /// Finds out which streams it lets be read: an error names none.
  private func probe(_ connection: Connection) {
    probedAt = .now
    let hadRefusals = places.contains { $0.refusal != nil }
    let end = StreamID(milliseconds: .max, sequence: .max)
    for (index, key) in streams.enumerated() {
      connection.send(Request("XREAD", "COUNT", 1, "STREAMS", key, end)) { [weak self] result in
        guard let self, case .success(let reply) = result else { return }
        places[index].refusal = reply.error
        if let error = reply.error { refuse(.stream(key), error) } else { serve(.stream(key)) }
        guard index == streams.count - 1 else { return }
        // An error that no stream gives alone is not to be met again without a pause.
        let isExplained = hadRefusals || places.contains { $0.refusal != nil }
        if isExplained { readOn() } else { readLater(inMilliseconds: LinkMachine.longestPause) }
      }
    }
    connection.flush()
  }

  // MARK: Entries

  func receive(_ entry: Entry, of stream: Int) {
    var instant = entry.id.instant
    if instant > arrivedAt {
      arrivedAt = clock.latest
      instant = min(instant, arrivedAt)
    }
    deliver(entry, of: stream, at: instant)
    tell(places[stream].read(entry.id), of: stream)
  }

  /// When something came, by the server's clock. Whoever adds an entry may give it an id of the future, and every entry
  /// after it has one too: none of them came later than now.
  package func time(of origin: Origin) -> Instant {
    switch origin {
    case .channel: clock.now
    case .entry(let id): min(id.instant, clock.latest)
    }
  }

  private func deliver(_ entry: Entry, of stream: Int, at instant: Instant) {
    if options.followsHandler, stream == streams.count - 1 { return receiveAudit(entry) }
    if stream == 0, !entry.channel.isEmpty {
      lastRecordedAt = instant
      if entry.channel.isEqual(to: options.keys.recorderChannel) {
        if let marker = entry.payload.flatMap({ RecorderMarker.decode($0) }) {
          handover.read(marker, at: MonotonicTime.now.milliseconds)
          terms.read(marker, at: instant)
        }
        return
      }
      guard isFirst(entry) else { return }
    }
    decode(entry, at: instant)
  }

  /// Whether the recorded entry was not heard before.
  private func isFirst(_ entry: Entry) -> Bool {
    let payload = entry.payload ?? UnsafeRawBufferPointer(start: nil, count: 0)
    // A second of doubt, for the server's time is known to some milliseconds only.
    let mayBeHeard = heardSince.map { entry.id.instant >= clock.instant(at: $0) - .seconds(1) } ?? false
    return handover.read(
      Handover.digest(entry.channel, payload, isOversized: entry.isOversized), mayBeHeard: mayBeHeard)
  }

  private func decode(_ entry: Entry, at instant: Instant) {
    let origin = Origin.entry(entry.id)
    do throws(Unreadable) {
      try reader.read(entry, receivedAt: instant) { takeEvent($0, origin) }
    } catch {
      notify(.unreadable(error, origin))
    }
  }

  private func receiveAudit(_ entry: Entry) {
    do throws(Unreadable) {
      if entry.isOversized { throw .tooLong }
      guard let payload = entry.payload else { throw .empty }
      let line = try AuditCoding.read(payload)
      if line.at > arrivedAt { arrivedAt = clock.latest }
      notify(.audit(line.noLater(than: arrivedAt)))
      askWhoWrote(line)
    } catch {
      notify(.unreadable(error, .entry(entry.id)))
    }
  }
}
