import FleetModel
import Loop
import Wire

/// Reading the streams: history first, in large bites, then live, with a pause between reads.
extension EventFeed {
  /// Entries a read, while there is history to catch up with.
  private static let bite = 2000
  /// A pause after a read that emptied the streams: at 20,000 events a second it takes the client from a fifth of a
  /// core to a sixtieth, and costs half of it in delay.
  private static let pauseMilliseconds: Int64 = 5

  func readingChanged(_ notice: Link.Notice) {
    switch notice {
    case .up:
      tellLinkState()
      if clock.isSet { read() }
    case .down: tellLinkState()
    }
  }

  /// Asks for what comes after the last entry of each stream; waits on the server where there is nothing.
  func read() {
    guard let connection = reading.connection, connection.pendingCount == 0 else { return }
    let beginning = StreamID(milliseconds: UInt64(clamping: (clock.now - options.history).milliseconds))
    let ids = positions.map { $0 ?? beginning }
    var request = Request("XREAD", "COUNT", Self.bite)
    // Without history to read yet, the first answer must come at once, to say so.
    if isCaughtUp { request.append("BLOCK", 0) }
    request.append("STREAMS")
    for stream in streams { request.append(stream) }
    for id in ids { request.append(id) }
    connection.send(request, expecting: .entries(assembler)) { [weak self] in self?.finishRead($0) }
    connection.flush()
  }

  private func finishRead(_ result: Result<Reply, ConnectionFailure>) {
    guard case .success(let reply) = result else { return }
    if let error = reply.error {
      reading.restart(.refused(error))
    } else if assembler.count >= Self.bite {
      // More is waiting; but let the keyboard have its turn.
      loop.later { [weak self] in self?.read() }
    } else {
      finishHistory()
      loop.schedule(inMilliseconds: Self.pauseMilliseconds) { [weak self] in self?.read() }
    }
  }

  private func finishHistory() {
    guard !isCaughtUp else { return }
    isCaughtUp = true
    // A stream that is still empty must not be read from a moment that moves.
    let beginning = StreamID(milliseconds: UInt64(clamping: (clock.now - options.history).milliseconds))
    for index in positions.indices where positions[index] == nil { positions[index] = beginning }
    notify(.caughtUp)
  }

  func receive(_ entry: Entry) {
    defer { positions[entry.stream] = entry.id }
    if options.followsHandler, entry.stream == streams.count - 1 { return receiveAudit(entry) }
    if !entry.channel.isEmpty {
      if entry.channel.elementsEqual(options.keys.recorderChannel) {
        if let marker = entry.payload.flatMap({ RecorderMarker.decode($0) }) { handover.read(marker) }
        return
      }
      guard handover.readRecorded() else { return }
    }
    decode(entry)
  }

  private func decode(_ entry: Entry) {
    let origin = Origin.entry(entry.id)
    do throws(Unreadable) {
      if let payload = entry.payload {
        notify(.event(try decoder.decode(payload, channel: entry.channel, receivedAt: entry.id.instant), origin))
      } else {
        notify(.event(try decoder.decode(fields: entry.fields, receivedAt: entry.id.instant), origin))
      }
    } catch {
      notify(.unreadable(error, origin))
    }
  }

  private func receiveAudit(_ entry: Entry) {
    guard let line = entry.payload.flatMap({ AuditCoding.decode($0) }) else { return }
    notify(.audit(line))
  }
}
