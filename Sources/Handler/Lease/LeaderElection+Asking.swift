import FleetModel
import Logging
import Loop
import Redis
import Wire

/// How it asks for the lease, and for the rights without which it does not.
extension LeaderElection {
  func ask() {
    loop.cancel(timer)
    guard case .standby = state, let connection, isCandidate, !isAsking else { return }
    if yieldSpan > 0 { return look(connection) }
    guard hasRights else {
      return lookAtRights(connection) { [weak self] in
        guard let self, case .standby = state else { return }
        if hasRights { ask() } else { wait(options.attemptSpan) }
      }
    }
    isAsking = true
    hasYielded = false
    watchdog.expect(on: connection)
    let asked = BootTime.now
    let lease = Lease(
      id: options.id, fence: highestFence + 1, isRecording: false, patterns: options.recordedPatterns, since: clock(),
      fault: fault, warning: warning)
    let bytes = LeaseCoding.encode(lease)
    var excuse = lease
    (excuse.fence, excuse.fault) = (0, LeaseScripts.unusableFence)
    let fault = LeaseCoding.encode(excuse)
    let arguments = EncodedArguments(lease.fence, bytes, options.leaseSpan.milliseconds, written, fault)
    takeScript.run(on: connection, keys: [keys.lease, keys.fence], arguments: arguments) { [weak self] result in
      guard let self else { return }
      isAsking = false
      watchdog.rest()
      guard case .standby = state, case .success(let reply) = result else { return }
      answered(reply, lease, bytes, asked, fault: fault)
    }
  }

  private func answered(_ reply: Reply, _ lease: Lease, _ bytes: [UInt8], _ asked: BootTime, fault: [UInt8]) {
    if let error = reply.error { return failed(error) }
    let answer = reply.elements?.compactMap(\.integer) ?? []
    guard answer.count == 2 else { return wait(options.attemptSpan) }
    defer { wasOutrun = answer[0] == -1 }
    switch answer[0] {
    case 1:
      if answer[1] == 1 { log(.error, "the fence held no number; it begins anew", ["fence": "\(lease.fence)"]) }
      highestFence = lease.fence
      written = bytes
      takenAt = .now
      activate(lease, asked)
    case -1:
      // The fence stands higher than we knew: ask again with the next.
      highestFence = max(highestFence, Int(clamping: answer[1]))
      if wasOutrun { wait(options.attemptSpan) } else { ask() }
    case -2:
      log(.error, "cannot take the lease", ["error": LeaseScripts.unusableFence])
      written = fault
      wait(options.attemptSpan)
    default:
      mustYield = true
      waitForEnd(in: answer[1])
    }
  }

  /// The lease or the fence is of another type, say, or the server takes no writes.
  private func failed(_ error: ServerError) {
    let names = [keys.lease, keys.fence].map { String(decoding: $0, as: UTF8.self) }.joined(separator: ", ")
    log(.error, "cannot take the lease", ["keys": names, "error": error.text])
    if error.code == "NOPERM" { hasRights = false }
    wait(options.attemptSpan)
  }

  /// Finds out whether Redis allows what a handler needs, and says by name what it does not; each finding once.
  func lookAtRights(_ connection: Connection, _ completion: @escaping () -> Void) {
    guard !isAsking else { return }
    isAsking = true
    watchdog.expect(on: connection)
    rights.look(on: connection) { [weak self, weak connection] result in
      guard let self, let connection, connection === self.connection else { return }
      isAsking = false
      watchdog.rest()
      let found: Rights.Missing =
        switch result {
        case .success(let missing): missing
        case .failure(let error): Rights.Missing(needed: [error.text])
        }
      hasRights = found.needed.isEmpty
      tell(found)
      completion()
    }
  }

  private func tell(_ found: Rights.Missing) {
    guard found != missing else { return }
    if !found.needed.isEmpty {
      log(
        .error, "Redis denies rights that the handler needs: it takes no lease",
        ["missing": found.needed.joined(separator: ", ")])
    } else if !missing.needed.isEmpty {
      log(.info, "Redis allows again what a handler needs")
    }
    if !found.optional.isEmpty, found.optional != missing.optional {
      log(.warning, "Redis does not allow all: acting without", ["missing": found.optional.joined(separator: ", ")])
    }
    missing = found
  }

  /// Somebody holds it: ask again when it could end, and not much later than usual.
  private func waitForEnd(in milliseconds: Int64) {
    wait(TimeSpan(milliseconds: min(options.attemptSpan.milliseconds, max(10, milliseconds + 5))))
  }

  /// Only looks; if nobody holds the lease, those who have listened for longer get time to take it.
  private func look(_ connection: Connection) {
    isAsking = true
    watchdog.expect(on: connection)
    connection.send(Request("PTTL", keys.lease)) { [weak self] result in
      guard let self else { return }
      isAsking = false
      watchdog.rest()
      guard case .standby = state, case .success(let reply) = result else { return }
      if let error = reply.error { return failed(error) }
      if let left = reply.integer, left > 0 { return waitForEnd(in: left) }
      let span = yieldSpan
      hasYielded = true
      wait(.milliseconds(span))
    }
  }

  func wait(_ span: TimeSpan) {
    loop.cancel(timer)
    timer = loop.schedule(inMilliseconds: span.milliseconds) { [weak self] in self?.ask() }
  }
}
