import FleetModel
import Loop
import Wire

/// Asking: the server's time, the handler's lease with the switch of the rules, and once a connection the records, alerts,
/// proposals and notices that were given up.
extension EventFeed {
  func askingChanged(_ notice: Link.Update) {
    leaseIsAsked = false
    forgetState()
    if case .down(let failure) = notice, failure.isOfWrongServer {
      // There its markers have no longer the same place among the messages as in the stream.
      channels.move(to: nil)
    }
    if case .up(let connection) = notice {
      channels.move(to: connection.endpoint.ofOneNode)
      askForTime(connection) { [weak self, weak connection] in
        guard let connection else { return }
        self?.readLevels(connection) { [weak self, weak connection] in
          self?.begin()
          self?.readOn()
          if let connection { self?.askForUndelivered(connection) }
          self?.askForHandler()
        }
        connection.flush()
      }
      if options.followsHandler { askForState(connection) }
    }
    tellLinkState()
  }

  private func askForTime(_ connection: Connection, _ completion: @escaping () -> Void = {}) {
    let asked = MonotonicTime.now
    measuredAt = asked
    connection.send(Request("TIME")) { [weak self] result in
      guard let self, case .success(let reply) = result else { return }
      if clock.set(reply, asked: asked) {
        serve(.time)
        followLeap()
      } else if let error = reply.error {
        guard error.concernsOneThing else { return asking.restart(.refused(error)) }
        if !clock.isSet { clock.setByLocalClock() }
        refuse(.time, error)
      }
      completion()
    }
  }

  private func followLeap() {
    guard let leap = clock.leap else { return }
    arrivedAt = clock.latest
    notify(.leap(leap))
  }

  func askForHandler() {
    guard let connection = asking.connection, clock.isSet else { return }
    let isTimeDue = isDue(measuredAt, isCalm ? options.patience.calmInspect : options.patience.inspect)
    if isTimeDue { askForTime(connection) }
    leaseIsAsked = true
    askedAt = clock.now
    let owed = connection.pendingCount
    askForCursor(connection)
    askForInsight(connection)
    askForLease(connection)
    connection.flush()
    // The answer is taken in with the next tick: to wake for it alone would double what a quiet console costs.
    if isCalm, !isTimeDue, owed == 0 { connection.isPaused = true }
  }

  /// What a handler has just written shows that one lives: who it is need not wait for the next look.
  func askWhoWrote(_ line: AuditLine) {
    guard lease == nil, !leaseIsAsked, clock.now - line.at < Self.justNow else { return }
    askForHandler()
  }

  private static let justNow = TimeSpan.seconds(3)

  /// Lease and switch in one request; one by one where the server refuses that, so that each is refused for itself.
  private func askForLease(_ connection: Connection) {
    let keys = options.keys
    guard options.followsHandler else {
      return connection.send(Request("GET", keys.lease)) { [weak self] in self?.receiveLease($0) }
    }
    guard asksApart else {
      return connection.send(Request("MGET", keys.lease, keys.automation)) { [weak self, weak connection] in
        self?.receiveBoth($0, connection)
      }
    }
    connection.send(Request("GET", keys.automation)) { [weak self] in self?.receiveAutomation($0) }
    connection.send(Request("GET", keys.lease)) { [weak self] in self?.receiveLease($0) }
  }

  private func receiveBoth(_ result: Result<Reply, ConnectionFailure>, _ connection: Connection?) {
    if case .success(let reply) = result, reply.error?.concernsOneThing == true, let connection {
      asksApart = true
      askForLease(connection)
      return connection.flush()
    }
    if case .success(let reply) = result, let both = reply.elements, both.count == 2 {
      receiveAutomation(.success(both[1]))
      return receiveLease(.success(both[0]))
    }
    receiveLease(result)
  }

  private func receiveAutomation(_ result: Result<Reply, ConnectionFailure>) {
    guard case .success(let reply) = result else { return }
    if let error = reply.error {
      if error.concernsOneThing { refuse(.automation, error) }
      return
    }
    serve(.automation)
    notify(.automation(AutomationSetting(text: reply.text), at: askedAt))
  }

  private func receiveLease(_ result: Result<Reply, ConnectionFailure>) {
    leaseIsAsked = false
    defer { askAgain() }
    guard case .success(let reply) = result else { return }
    if let error = reply.error {
      guard error.concernsOneThing else { return asking.restart(.refused(error)) }
      lease = nil
      judgeLoss()
      return refuse(.lease, error)
    }
    serve(.lease)
    if refusals[.automation] == nil { asksApart = false }
    let wasUnknown = lease == nil
    lease = reply.bytes.flatMap { LeaseCoding.decode($0) }
    // Another handler, or the same one anew: the server may have lost what stood there before. And what a handler wrote
    // while its lease was not seen has not counted.
    if let lease {
      if let lastLease, wasUnknown || (lastLease.id, lastLease.fence) != (lease.id, lease.fence) { readStateAnew() }
      lastLease = lease
    }
    judgeLoss()
    followLevels(of: lease)
    notify(.handler(lease))
  }

  /// Asks on, where the answer had waited for a tick.
  private func askAgain() {
    guard asksAgain else { return }
    asksAgain = false
    askForHandler()
  }

  // MARK: Records and alerts

  func readStateAnew() {
    guard options.followsHandler, let connection = asking.connection else { return }
    forgetState()
    askForCursor(connection)
    askForState(connection)
    connection.flush()
  }

  /// Asks for what stands whether or not a handler lives. Alerts are asked for with the lease: what the handler wrote does
  /// not count before it is known that one lives.
  private func askForState(_ connection: Connection) {
    askForProposals(connection)
    notify(.recordsBegin)
    scan(connection, cursor: Array("0".utf8))
  }

  private func askForProposals(_ connection: Connection) {
    connection.send(Request("HGETALL", options.keys.proposals)) { [weak self] result in
      guard let self, case .success(let reply) = result, isServed(.proposals, reply) else { return }
      var proposals: [Proposal] = []
      for (field, value) in reply.pairs {
        do throws(ProposalCoding.Fault) {
          proposals.append(try ProposalCoding.decode(value, field: field))
        } catch {
          notify(.unreadable(error.isMalformed ? .noProposal : .alteredProposal, .channel))
        }
      }
      notify(.proposals(proposals, at: clock.now))
    }
  }

  /// The notices that were given up before the audit that is read begins: what is later it tells itself.
  private func askForUndelivered(_ connection: Connection) {
    guard options.followsHandler, let beginning else { return }
    let oldest = clock.now - UndeliveredNotices.stays
    let request = Request(
      "ZRANGEBYSCORE", options.keys.undelivered, oldest, "(\(beginning.milliseconds)", "WITHSCORES")
    connection.send(request) { [weak self] result in
      guard let self, case .success(let reply) = result, isServed(.undelivered, reply) else { return }
      let moments = reply.pairs.compactMap { Double(String(decoding: $0.value, as: UTF8.self)) }
        .map { Instant(milliseconds: Int64(Bounded.int(rounding: $0))) }
      notify(.undelivered(moments, before: beginning))
    }
    connection.flush()
  }

  func isServed(_ subject: Subject, _ reply: Reply) -> Bool {
    if let error = reply.error { refuse(subject, error) } else { serve(subject) }
    return reply.error == nil
  }

  /// Finds the agents that have a record, a page at a time.
  private func scan(_ connection: Connection, cursor: [UInt8]) {
    let prefix = options.keys.agent(.none)
    let request = Request("SCAN", cursor, "MATCH", Glob.escape(prefix) + [UInt8(ascii: "*")], "COUNT", 1000)
    connection.send(request) { [weak self, weak connection] result in
      guard let self, let connection, case .success(let reply) = result else { return }
      if let error = reply.error { return refuse(.records, error) }
      guard let parts = reply.elements, parts.count == 2 else { return }
      if cursor == Array("0".utf8) { recordDenial = nil }
      for key in parts[1].elements ?? [] {
        guard let key = key.bytes, let id = AgentID(outside: Array(key.dropFirst(prefix.count))) else { continue }
        askForRecord(connection, id, key)
      }
      if let next = parts[0].bytes, next != Array("0".utf8) { return scan(connection, cursor: next) }
      // Answers come in the order of requests: this one after the last record.
      connection.send(Request("PING")) { [weak self] result in
        guard let self, case .success = result else { return }
        if let recordDenial { refuse(.records, recordDenial) } else { serve(.records) }
        notify(.stateTold)
      }
    }
  }

  private func askForRecord(_ connection: Connection, _ id: AgentID, _ key: [UInt8]) {
    connection.send(Request("HGETALL", key)) { [weak self] result in
      guard let self, case .success(let reply) = result else { return }
      if let error = reply.error, error.code == "NOPERM" { recordDenial = error }
      guard !reply.pairs.isEmpty else { return }
      notify(.record(id, AgentRecordCoding.decode(fields: reply.pairs).noLater(than: clock.latest)))
    }
  }
}
