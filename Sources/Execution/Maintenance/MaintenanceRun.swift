import FleetModel

/// Moves a window of maintenance on: it takes what is seen, and answers with the window as it is to be, the commands that
/// go out with that, and what the audit says. It sees neither Redis nor a clock.
///
/// | phase | command | goes on once | if that fails, or its time is over |
/// |---|---|---|---|
/// | stand_in | `activate_backup` | the runtime confirms | `deactivate_backup` if it is on; the agent goes on as before |
/// | drain | `drain` | no conversation is open | `resume`, the backup stays on |
/// | restart | `restart` | the agent runs again | `resume`, the backup stays on |
/// | verify | | a minute of its metrics is as usual | over; the backup stays on |
/// | release | `deactivate_backup` | the runtime confirms | over; the backup stays on |
/// | resume | `resume` | the runtime confirms | over; the drain ends by itself |
///
/// No command goes out twice in a window, so that its id follows from the window's and the action's name.
package struct MaintenanceRun {
  private let window: MaintenanceWindow
  private let sight: Sight
  private var now: Instant { sight.now }

  /// What is to be done next; nil if nothing is.
  package static func step(_ window: MaintenanceWindow, _ sight: Sight) -> Step? {
    MaintenanceRun(window: window, sight: sight).step
  }

  private var step: Step? {
    switch window.phase {
    case .proposed, .planned: ahead
    case .standIn: standIn
    case .drain: drain
    case .restart: restart
    case .verify: verify
    case .release: release
    case .resume: resume
    }
  }

  // MARK: Before it begins

  /// A forecast that is silent for so long has cleared.
  private static let clears = TimeSpan.minutes(5)

  private var ahead: Step? {
    if case .forecast = window.origin, let step = followForecast { return step }
    let isOver = now - window.at > MaintenanceWindow.lateness
    if window.phase == .proposed {
      return isOver ? over(.expired, "nobody answered before \(window.at.linkText)") : nil
    }
    guard now >= window.at else { return aheadAgain }
    if let reason = reasonToWait {
      return isOver
        ? over(.expired, "it could not begin within \(MaintenanceWindow.lateness): \(reason)") : waiting(reason)
    }
    var next = moved(to: .standIn)
    next.keepsBackup = sight.standsIn == window.backup
    let arguments = ["backup": String(decoding: window.backup.bytes, as: UTF8.self)]
    return Step(
      window: next, orders: [order(.activateBackup, arguments)], phase: .started,
      words: "\(window.cause): \(window.backup) stands in, \(window.agent) is drained and restarted")
  }

  /// Another reason is noted at most so often: words with a number may change with each look.
  private static let newReasonAfter = TimeSpan.seconds(30)

  /// Keeps why it waits, for whoever looks; nil if that stands there already, or another reason has only just been noted.
  private func waiting(_ reason: String) -> Step? {
    let why = reason.clipped(toBytes: TextBound.words)
    if let noted = window.wait {
      guard noted.why != why, (now - noted.since).magnitude >= Self.newReasonAfter else { return nil }
    }
    var next = window
    next.wait = MaintenanceWindow.Wait(why: why, since: now)
    return Step(window: next)
  }

  /// Its time has come before, and the clock was set back since: it waits for nothing but its time.
  private var aheadAgain: Step? {
    guard window.wait != nil else { return nil }
    var next = window
    next.wait = nil
    return Step(window: next)
  }

  private var reasonToWait: String? {
    if sight.mode == .off { return "maintenance is off" }
    if sight.state != .running { return "\(window.agent) is \(sight.state.rawValue)" }
    if let other = sight.standsIn, other != window.backup { return "\(other) stands in for it" }
    if let obstacle = sight.backupFault ?? sight.obstacle { return obstacle }
    if case .forecast = window.origin { return sight.guardFault }
    return nil
  }

  /// What the forecast and the mode do with it; nil if nothing.
  private var followForecast: Step? {
    var next = window
    if sight.mode == .propose { next.phase = .proposed }
    if sight.mode == .auto { next.phase = .planned }
    switch sight.threat {
    case .unknown: break
    case .stands: next.clearSince = nil
    case .come:
      next.clearSince = nil
      next.at = min(next.at, now)
    case .clear:
      let since = (window.clearSince ?? now).noLater(than: now)
      next.clearSince = since
      if now - since >= Self.clears { return over(.skipped, "cancelled: the forecast has cleared") }
    }
    guard next != window else { return nil }
    if next.phase != window.phase { (next.since, next.wait) = (now, nil) }
    return Step(window: next)
  }

  // MARK: Its phases

  private static let confirms = TimeSpan.minutes(1)
  private static let verifies = TimeSpan.minutes(10)
  /// Whoever is called does not have to be there within a minute.
  private static let calls = TimeSpan.hours(1)
  /// What is told a runtime reaches it in much less.
  private static let margin = TimeSpan.seconds(10)
  /// The drain ends by itself so much later than it is given up here.
  private static let grace = TimeSpan.minutes(1)

  /// What was reported while nobody led is known a little after events were read to their end.
  private static let settles = TimeSpan.seconds(30)
  /// A whole minute of metrics takes longer.
  private static let learns = TimeSpan.minutes(3)

  private func isLate(_ limit: TimeSpan, known span: TimeSpan = settles) -> Bool {
    now - window.since > limit && now - sight.knownSince > span
  }

  private var standIn: Step? {
    switch sight.command {
    case .done:
      guard window.cancelledBy == nil else { return ended }
      if let fault = standInFault { return failed(fault, "\(window.agent) was left as it is") }
      return Step(
        window: moved(to: .drain), orders: [order(.drain, ["for": (window.drain + Self.grace).description])])
    case .failed(let why):
      return failed("\(window.backup) does not stand in: \(why)", "\(window.agent) was left as it is")
    case .pending:
      return isLate(Self.confirms) ? unconfirmed : nil
    }
  }

  /// Its runtime may do it yet: it is told that it is not needed.
  private var unconfirmed: Step {
    let fault = "that \(window.backup) stands in was not confirmed within \(Self.confirms)"
    guard standInFault == nil, !window.keepsBackup else { return failed(fault, "\(window.agent) was left as it is") }
    // Who cancels it asks for just that.
    return releasing(window.cancelledBy == nil ? fault : nil)
  }

  /// Why the agent cannot be without work; nil if its backup does that.
  private var standInFault: String? {
    sight.standsIn == window.backup ? nil : "\(window.backup) stands in no more"
  }

  private var drain: Step? {
    // What is not carried out yet could still drain the agent once nobody looks any more.
    if sight.command == .pending, sight.state == .running, !isLate(Self.confirms) { return nil }
    if window.cancelledBy != nil { return goBack("") }
    if let fault = standInFault { return goBack(fault) }
    if let why = sight.backupFault { return goBack("its backup failed meanwhile: \(why)") }
    switch sight.command {
    case .done:
      // Whoever has paused it meanwhile has a reason.
      guard sight.state == .draining else { return goBack("it is \(sight.state.rawValue) and drains no more") }
      // A confirmation may come late: nothing is restarted that takes conversations again by then.
      let rest = sight.heldUntil.map { $0 - now } ?? Self.confirms
      guard rest > Self.margin else { return goBack("it was drained too late: its drain ends") }
      var restart = order(.restart)
      restart.expiresAt = min(restart.expiresAt, now + rest - Self.margin)
      restart.observed = Command.Observation(state: .draining, version: sight.version)
      return Step(window: moved(to: .restart), orders: [restart])
    case .failed(let why): return goBack("it was not drained: \(why)")
    case .pending:
      return isLate(window.drain) ? goBack("its conversations did not end or move within \(window.drain)") : nil
    }
  }

  private var restart: Step? {
    switch sight.command {
    case .done: return Step(window: moved(to: .verify))
    case .failed(let why): return goBack("its restart failed: \(why)")
    case .pending:
      let limit = sight.restartLimit + Self.grace
      return isLate(limit) ? goBack("its restart was not confirmed within \(limit)") : nil
    }
  }

  private var verify: Step? {
    guard sight.verdict != .well else { return ended }
    guard isLate(Self.verifies, known: Self.learns) else { return nil }
    let why =
      if case .ill(let reason) = sight.verdict { reason } else { "no whole minute of its metrics came" }
    return failed("it is not as usual within \(Self.verifies) after its restart: \(why)", left)
  }

  private var release: Step? {
    let before = window.fault.map { "\($0), and " } ?? ""
    switch sight.command {
    case .done: return released
    // Somebody may have released it before.
    case .failed where sight.standsIn != window.backup: return released
    case .failed(let why): return failed("\(before)\(window.backup) was not released: \(why)", left)
    case .pending:
      guard isLate(Self.confirms) else { return nil }
      return failed(
        "\(before)that \(window.backup) is released was not confirmed within \(Self.confirms)", "look at both")
    }
  }

  private var released: Step {
    guard let fault = window.fault else { return finished }
    return failed(fault, "\(window.agent) was left as it is, \(window.backup) is released")
  }

  private var resume: Step? {
    switch sight.command {
    case .pending where !isLate(Self.confirms): return nil
    case .done: return resumed
    // Somebody may have resumed it before, and it resumes by itself at the end of the drain.
    case .failed where sight.state == .running: return resumed
    case .failed(let why): return unresumed(why)
    case .pending: return unresumed("nobody confirmed it within \(Self.confirms)")
    }
  }

  private var resumed: Step {
    if window.cancelledBy != nil, window.fault == nil { return ended }
    return failed(window.fault ?? "", "\(window.agent) is resumed, \(left)")
  }

  private func unresumed(_ why: String) -> Step {
    let agent = "\(window.agent) could not be resumed (\(why)): it is \(sight.state.rawValue), a drain ends by itself"
    return failed(window.fault ?? "cancelled by \(window.cancelledBy ?? "")", "\(agent); \(left)")
  }

  // MARK: Ends

  /// The agent is to work again as before. One that does not drain is left as it is.
  private func goBack(_ fault: String) -> Step {
    var next = moved(to: .resume)
    next.fault = fault.isEmpty ? nil : fault.clipped(toBytes: TextBound.words)
    if sight.state == .draining { return Step(window: next, orders: [order(.resume)]) }
    if fault.isEmpty { return ended }
    return failed(fault, "\(window.agent) is \(sight.state.rawValue), \(left)")
  }

  /// All is done but that the backup is not needed any more.
  private var ended: Step {
    window.keepsBackup ? finished : releasing(nil)
  }

  private func releasing(_ fault: String?) -> Step {
    var next = moved(to: .release)
    next.fault = fault?.clipped(toBytes: TextBound.words)
    let arguments = ["backup": String(decoding: window.backup.bytes, as: UTF8.self)]
    return Step(window: next, orders: [order(.deactivateBackup, arguments)])
  }

  /// Who works for the agent once it has gone back.
  private var left: String {
    guard let other = sight.standsIn else { return "nobody stands in" }
    return other == window.backup ? "\(other) stays on" : "\(other) stands in"
  }

  private var finished: Step {
    if let person = window.cancelledBy { return over(.skipped, "cancelled by \(person)") }
    let kept = window.keepsBackup ? ", \(window.backup) stays on as before" : ""
    return over(.succeeded, "\(window.agent) was restarted and is as usual\(kept)")
  }

  private func over(_ phase: AuditLine.Phase, _ words: String) -> Step {
    Step(window: nil, phase: phase, words: words)
  }

  /// A person is called: something stays other than it was.
  private func failed(_ fault: String, _ left: String) -> Step {
    var call = order(.escalate, ["to": "on-call", "severity": "high"])
    call.expiresAt = now + Self.calls
    return Step(window: nil, orders: [call], phase: .failed, words: "\(fault); \(left)")
  }

  private func moved(to phase: MaintenanceWindow.Phase) -> MaintenanceWindow {
    var next = window
    (next.phase, next.since, next.clearSince, next.wait) = (phase, now, nil, nil)
    return next
  }

  private func order(_ action: Action, _ arguments: [String: String] = [:]) -> Order {
    Order(action: action, arguments: arguments, expiresAt: now + Self.confirms)
  }
}
