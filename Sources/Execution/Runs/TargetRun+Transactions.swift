import FleetModel

/// How it ends for the target: each outcome is one transaction, and one that does not go ahead is tried anew.
extension TargetRun {
  mutating func commit(_ write: Write) -> [Effect] {
    state = .writing(write)
    return [.commit(write)]
  }

  mutating func leave(_ phase: AuditLine.Phase, _ detail: String) -> [Effect] {
    commit(.outcome(TargetOutcome(phase: phase, detail: detail.clipped)))
  }

  mutating func committed(_ write: Write, _ isFinishing: Bool) -> [Effect] {
    switch write {
    case .intent(let begun, _):
      isJoined = false
      guard let route = begun.route else { return stop() }
      return actuate(begun, route.rule, isRepeat: false, isFinishing)
    case .change(let outcome, _), .outcome(let outcome): return settle(outcome)
    case .escalation(let reason): return settle(TargetOutcome(phase: .unknown, detail: reason))
    }
  }

  mutating func notCommitted(_ write: Write, _ failure: Failure) -> [Effect] {
    switch failure {
    case .fenced: return stop()
    case .obsolete: return settle(TargetOutcome(phase: .skipped, detail: "it was dealt with meanwhile"))
    case .restart: return beginAnew()
    case .conflict: return conflicted(write)
    case .denied(let error): return giveUp(error)
    case .passing(let error): return retry(write, error)
    case .lasting(let error):
      guard attempts == 0, write.maySettleAsFailed else { return retry(write, error) }
      attempts += 1
      return leave(.failed, "Redis refused the step: \(error)")
    }
  }

  /// Something changed between reading and acting. If that was under the idempotency key, an earlier attempt was done
  /// after all, and what it says counts.
  mutating func conflicted(_ write: Write) -> [Effect] {
    attempts += 1
    guard attempts != Self.mostAttempts else { return leave(.failed, "it kept changing; send the command again") }
    if attempts < Self.mostAttempts {
      state = .checking(write)
      return [.reread]
    }
    state = .retrying(nil)
    return [.wake(afterMilliseconds: 1000)]
  }

  mutating func retry(_ write: Write, _ error: String) -> [Effect] {
    state = .retrying(write)
    return [.log(error, isGivenUp: false), .wake(afterMilliseconds: 500)]
  }

  /// Does a transaction again that did not go ahead: what is planned is planned anew, by what stands now.
  mutating func again(_ write: Write) -> [Effect] {
    switch write {
    case .intent: return begin()
    case .change(_, let conclusion): return conclusion.map { conclude($0) } ?? begin()
    case .outcome, .escalation: return commit(write)
    }
  }

  /// Redis does not let the outcome be written, and nobody has changed that: it has failed, with the reason. If not
  /// even that may be written of the target, the end of the whole tells it.
  mutating func giveUp(_ error: String) -> [Effect] {
    let detail = (hasActed ? "it was done, but cannot be recorded: " : "") + "Redis refused the step: \(error)"
    guard hasGivenUp else {
      hasGivenUp = true
      return leave(.failed, detail)
    }
    return [.log(error, isGivenUp: true)] + settle(TargetOutcome(phase: .failed, detail: detail.clipped))
  }

  // MARK: Ends

  mutating func settle(_ outcome: TargetOutcome) -> [Effect] {
    state = .over
    return leavingPlace() + [.settle(outcome)]
  }

  mutating func beginAnew() -> [Effect] {
    state = .over
    return leavingPlace() + [.beginAnew]
  }

  /// Another handler goes on from what stands in Redis.
  mutating func stop() -> [Effect] {
    state = .over
    return []
  }

  mutating func leavingPlace() -> [Effect] {
    defer { place = nil }
    return place.map { [.leave($0)] } ?? []
  }
}
