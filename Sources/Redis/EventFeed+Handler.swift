import FleetModel
import Loop
import Wire

/// Asking: the server's time, the handler's lease, and once a connection the records and alerts.
extension EventFeed {
  /// Between two looks at the lease.
  private static let pollMilliseconds: Int64 = 1000
  /// An answer that takes longer means a dead link.
  private static let silenceMilliseconds: Int64 = 3000

  func askingChanged(_ notice: Link.Notice) {
    switch notice {
    case .up(let connection):
      askForTime(connection)
      if options.followsHandler { askForState(connection) }
    case .down:
      loop.cancel(pollTimer)
      loop.cancel(silenceTimer)
    }
    tellLinkState()
  }

  private func askForTime(_ connection: Connection) {
    let asked = MonotonicTime.now
    connection.send(Request("TIME")) { [weak self] result in
      guard let self, case .success(let reply) = result else { return }
      clock.set(reply, asked: asked)
      read()
      askForHandler()
    }
  }

  /// Looks at the lease, now and every second from here on.
  func askForHandler() {
    loop.cancel(pollTimer)
    guard let connection = asking.connection, clock.isSet else { return }
    pollTimer = loop.schedule(inMilliseconds: Self.pollMilliseconds) { [weak self] in self?.askForHandler() }
    if silenceTimer == nil {
      silenceTimer = loop.schedule(inMilliseconds: Self.silenceMilliseconds) { [weak self] in
        self?.silenceTimer = nil
        self?.failAll(.silent(milliseconds: Self.silenceMilliseconds))
      }
    }
    connection.send(Request("GET", options.keys.lease)) { [weak self] result in
      guard let self, case .success(let reply) = result else { return }
      loop.cancel(silenceTimer)
      silenceTimer = nil
      let found = reply.bytes.flatMap { LeaseCoding.decode($0) }
      judgeRecorder(found)
      lease = found
      notify(.handler(found))
    }
  }

  /// The server does not answer: every connection to it is as dead as the one that noticed.
  private func failAll(_ failure: ConnectionFailure) {
    for link in [asking, listening, reading] { link.restart(failure) }
  }

  // MARK: Records and alerts

  private func askForState(_ connection: Connection) {
    connection.send(Request("HGETALL", options.keys.alerts)) { [weak self] result in
      guard let self, case .success(let reply) = result else { return }
      for (id, value) in reply.pairs {
        if let record = AlertCoding.decode(id: id, payload: value) { notify(.alert(record)) }
      }
    }
    scan(connection, cursor: Array("0".utf8))
  }

  /// Finds the agents that have a record, a page at a time.
  private func scan(_ connection: Connection, cursor: [UInt8]) {
    let prefix = options.keys.agent(.none)
    let request = Request("SCAN", cursor, "MATCH", Glob.escape(prefix) + [UInt8(ascii: "*")], "COUNT", 1000)
    connection.send(request) { [weak self, weak connection] result in
      guard let self, let connection, case .success(let reply) = result, let parts = reply.elements, parts.count == 2
      else { return }
      for key in parts[1].elements ?? [] {
        if let key = key.bytes { askForRecord(connection, AgentID(bytes: Array(key.dropFirst(prefix.count))), key) }
      }
      if let next = parts[0].bytes, next != Array("0".utf8) { scan(connection, cursor: next) }
    }
  }

  private func askForRecord(_ connection: Connection, _ id: AgentID, _ key: [UInt8]) {
    connection.send(Request("HGETALL", key)) { [weak self] result in
      guard let self, case .success(let reply) = result, !reply.pairs.isEmpty else { return }
      notify(.record(id, AgentRecordCoding.decode(fields: reply.pairs)))
    }
  }
}
