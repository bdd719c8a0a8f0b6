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
    takeScript.run(on: connection, keys: [keys.lease, keys.fence], arguments: arguments) { [weak self] result in
      self?.heard(result) { .answered(Self.answer($0.elements?.compactMap(\.integer) ?? [])) }
    }
  }

  /// See ``LeaseScripts/take``.
  private static func answer(_ numbers: [Int64]) -> LeaderElection.Answer {
    guard numbers.count == 2 else { return .unclear }
    return switch numbers[0] {
    case 1: .taken(isNewCount: numbers[1] == 1)
    case -1: .outrun(stored: Int(clamping: numbers[1]))
    case -2: .unusableFence
    default: .held(millisecondsLeft: numbers[1])
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
    let asked = (boot: BootTime.now, running: MonotonicTime.now)
    watchdog.expect(on: connection)
    let arguments = EncodedArguments(lease.fence, LeaseCoding.encode(lease), leaseSpan)
    renewScript.run(on: connection, keys: [keys.lease, keys.fence], arguments: arguments) { [weak self] result in
      guard let self else { return }
      watchdog.rest()
      guard case .success(let reply) = result else { return }
      guard let error = reply.error else { return renewed(lease.fence, reply, asked) }
      let refusal: LeaderElection.Refusal =
        error.code == "FENCED" ? .fenced : error.code == "NOPERM" ? .denied : .other
      take(.renewalRefused(fence: lease.fence, error.text, refusal))
    }
  }

  func release(_ fence: Int, isComplete: Bool) {
    let completion = released
    released = {}
    guard let connection else { return completion() }
    let arguments = EncodedArguments(
      fence, keys.recorderChannel, isComplete ? Self.handOverNotice : Self.releaseNotice)
    releaseScript.run(on: connection, keys: [keys.lease, keys.fence], arguments: arguments) { _ in completion() }
  }

  /// What a handler says on the recorder's channel that gives its lease back; no marker, so that nobody else minds.
  static let releaseNotice = Array(#"{"released":true}"#.utf8)
  static let handOverNotice = Array(#"{"released":true,"complete":true}"#.utf8)
}
