import Execution
import Loop
import Redis
import Wire

/// What it asks Redis, and what the answers mean.
extension LeaderElector {
  func ask(_ lease: Lease, _ former: Lease?) {
    guard let connection else { return }
    watchdog.expect(on: connection)
    let arguments = EncodedArguments(
      lease.fence, LeaseCoding.encode(lease), leaseSpan, former.map(LeaseCoding.encode) ?? [],
      LeaseCoding.encode(LeaderElection.unusable(lease)))
    // Answered before the script is: by then it is known whether replicas have to confirm.
    replication.look(on: connection)
    takeScript.run(on: connection, keys: [keys.lease, keys.fence], arguments: arguments) {
      [weak self, weak connection] in
      guard let self, let connection, connection === self.connection else { return }
      guard case .success(let reply) = $0, reply.elements?.first?.integer == 1, replication.isReplicated else {
        return heard($0) { .answered(Self.answer($0.elements?.compactMap(\.integer) ?? [])) }
      }
      watchdog.rest()
      confirm(lease, Self.answer(reply.elements?.compactMap(\.integer) ?? []), on: connection)
    }
  }

  /// A lease that it has taken counts once a replica has it: until then another handler may take it where that replica is
  /// promoted.
  private func confirm(_ lease: Lease, _ answer: LeaderElection.Answer, on connection: Connection) {
    replication.confirm(lease.fence, renewal(of: lease)) { [weak self, weak connection] outcome in
      guard let self, let connection, connection === self.connection else { return }
      switch outcome {
      case .confirmed: take(.answered(answer))
      case .unconfirmed(let reason): take(.answered(.unconfirmed(reason)))
      case .refused(let error): take(.refused(error.text, isDenied: error.code == "NOPERM"))
      }
    }
  }

  private func renewal(of lease: Lease) -> ReplicaConfirmation.Renewal {
    ReplicaConfirmation.Renewal(
      keys: [keys.lease, keys.fence], arguments: [lease.fence, LeaseCoding.encode(lease), leaseSpan])
  }

  /// What came of a renewal that replicas have to confirm.
  func heard(_ update: Replication.Update) {
    switch update {
    case .confirmed(let fence, let time, let asked): renewed(fence, time, asked)
    case .refused(let fence, let error): refused(fence, error)
    case .unconfirmed(let reason): say(.unconfirmed(reason))
    case .lossesFound: notify(.lossesFound)
    }
  }

  /// See ``LeaseScripts/take``.
  private static func answer(_ numbers: [Int64]) -> LeaderElection.Answer {
    guard numbers.count >= 2 else { return .unclear }
    return switch numbers[0] {
    case 1: .taken(isNewCount: numbers[1] == 1)
    case -1: .outrun(stored: Int(clamping: numbers[1]))
    case -2: .unusableFence
    default: .held(millisecondsLeft: numbers[1], fence: numbers.count > 2 ? Int(clamping: numbers[2]) : 0)
    }
  }

  /// Finds out whether Redis allows what a handler needs, and by name what it does not.
  func lookAtRights() {
    guard let connection else { return }
    watchdog.expect(on: connection)
    rights.look(on: connection) { [weak self, weak connection] result in
      guard let self, let connection, connection === self.connection else { return }
      watchdog.rest()
      switch result {
      case .success(let missing): take(.rightsFound(missing))
      case .failure(let error): take(.rightsFound(MissingRights(needed: [error.text])))
      }
    }
  }

  func lookForHolder() {
    guard let connection else { return }
    watchdog.expect(on: connection)
    connection.send(Request("PTTL", keys.lease)) { [weak self] result in
      self?.heard(result) { .holderFound(millisecondsLeft: $0.integer ?? 0) }
    }
  }

  private func heard(_ result: Result<Reply, ConnectionFailure>, _ meaning: (Reply) -> LeaderElection.Input) {
    watchdog.rest()
    // What ends with its connection is asked again on the next.
    guard case .success(let reply) = result else { return }
    if let error = reply.error { return take(.refused(error.text, isDenied: error.code == "NOPERM")) }
    take(meaning(reply))
  }

  func renew(_ lease: Lease) {
    guard let connection else { return }
    replication.look(on: connection)
    guard !replication.isReplicated else { return replication.renew(lease.fence, renewal(of: lease)) }
    let asked = (boot: BootTime.now, running: MonotonicTime.now)
    watchdog.expect(on: connection)
    let arguments = EncodedArguments(lease.fence, LeaseCoding.encode(lease), leaseSpan)
    renewScript.run(on: connection, keys: [keys.lease, keys.fence], arguments: arguments) { [weak self] result in
      guard let self else { return }
      watchdog.rest()
      guard case .success(let reply) = result else { return }
      guard let error = reply.error else { return renewed(lease.fence, reply, asked) }
      refused(lease.fence, error)
    }
  }

  private func refused(_ fence: Int, _ error: ServerError) {
    let refusal: LeaderElection.Refusal =
      error.code == "FENCED" ? .fenced : error.code == "NOPERM" ? .denied : .other
    take(.renewalRefused(fence: fence, error.text, refusal))
  }

  func release(_ fence: Int, isComplete: Bool) {
    let completion = released
    released = {}
    guard let connection else { return completion() }
    let arguments = EncodedArguments(
      fence, keys.recorderChannel, Self.releaseNotice(isComplete: isComplete, shard: shard))
    releaseScript.run(on: connection, keys: [keys.lease, keys.fence], arguments: arguments) { _ in completion() }
  }

  /// What a handler says on the recorder's channel that gives its lease back; no marker, so that nobody else minds.
  ///
  /// - Parameters:
  ///   - isComplete: whether all that was published before is written.
  ///   - shard: of which shard the lease is; nil if the fleet is not divided.
  static func releaseNotice(isComplete: Bool, shard: Int?) -> [UInt8] {
    let json: JSONValue = [
      "released": true, "complete": isComplete ? .bool(true) : nil, "shard": shard.map { .integer(Int64($0)) },
    ]
    return json.encoded
  }
}
