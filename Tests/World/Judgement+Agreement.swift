import FleetModel
import Wire

/// Whether all that is said of one thing agrees: outcomes, closing lines, marks, what runtimes were told, and alerts.
extension Judgement {
  /// Actions that runtimes are told of, since the runbook names no service for them.
  private static let told: Set<Action> = [.pause, .resume, .restart, .blockIP, .escalate]

  func judgeAgreement() throws(Violation) {
    for sent in sent {
      let command = sent.command
      guard let entry = ledger.commands[command.id.text], let closing = entry.closing else { continue }
      try judgeClosing(command, entry, closing)
      try judgeMark(command, closing)
      guard Self.told.contains(command.action) else { continue }
      let done = entry.targets.filter { $0.value.outcome?.phase == .succeeded }.map(\.key)
      for agent in done {
        let key = "\(command.id) \(command.action.rawValue) \(agent)"
        guard ledger.controls[key] == 1 else { throw Violation("\(key) succeeded, and its runtime was not told") }
      }
    }
    try judgeCalls()
  }

  /// The closing line says what the lines of the targets say.
  private func judgeClosing(_ command: Command, _ entry: Ledger.Entry, _ closing: AuditLine) throws(Violation) {
    let phases = Set(entry.targets.values.compactMap { $0.outcome?.phase })
    guard !phases.isEmpty, closing.phase != .rejected, closing.phase != .expired else { return }
    let expected: AuditLine.Phase =
      phases.contains(.failed)
      ? .failed : phases.contains(.unknown) ? .unknown : command.isDryRun ? .skipped : .succeeded
    guard closing.phase == expected else {
      throw Violation("\(command.id) was closed as \(closing.phase), its targets are \(phases)")
    }
    guard entry.targets.values.allSatisfy({ $0.outcome != nil }) else {
      throw Violation("\(command.id) was closed before all its targets had ended")
    }
  }

  /// What is remembered of a command, for whoever sends it again, is what was said.
  private func judgeMark(_ command: Command, _ closing: AuditLine) throws(Violation) {
    guard case .string(let bytes) = world.server.model[world.keys.mark(command.id.text)] else { return }
    let phase = (try? JSONValue.parse(bytes))?["closed"]?.text
    // A restart that is not confirmed fails after it was closed.
    guard phase == closing.phase.rawValue || (command.action == .restart && phase == "failed") else {
      throw Violation("\(command.id) was closed as \(closing.phase), its mark says \(phase ?? "nothing")")
    }
  }

  /// A call for help is open as the audit said last.
  private func judgeCalls() throws(Violation) {
    for (id, told) in ledger.calls.sorted(by: { $0.key.bytes.precedes($1.key.bytes) }) {
      let found = world.alert(id).flatMap { AlertCoding.decode(id: id.bytes, payload: $0) }
      guard (found == nil) == told.isClosed else {
        throw Violation("\(id) is \(found == nil ? "over" : "open"), the audit told otherwise")
      }
    }
  }

  /// Each run that a rule began has its end; what it says of a service is true.
  func judgeRuns() throws(Violation) {
    for (id, run) in ledger.runs.sorted(by: { $0.key < $1.key }) {
      if run.decisions > 0, run.closing == nil { throw Violation("lost: the run \(id)") }
      for (place, action) in WorldOptions.serviceActions {
        let times = world.service.carried.filter { $0.key.hasPrefix("\(id)/do/\(place)/") }.values.reduce(0, +)
        switch run.outcomes[action.rawValue] {
        case .succeeded? where times == 0: throw Violation("\(action) of \(id) succeeded, and the service never did it")
        case .failed? where times > 0: throw Violation("\(action) of \(id) failed, and the service did it")
        default: break
        }
      }
    }
  }

  /// Each alert counts exactly the events of its kind.
  func judgeCounts() throws(Violation) {
    var events: [AlertID: Int] = [:]
    for (_, payload) in world.entries(world.keys.events) {
      guard let json = try? JSONValue.parse(payload), let agent = json["entity_id"]?.bytes,
        let type = json["event_type"]?.text, let kind = AlertKind.allCases.first(where: { $0.type == type })
      else { continue }
      events[AlertID(kind, AgentID(bytes: agent)), default: 0] += 1
    }
    for (id, count) in events.sorted(by: { $0.key.bytes.precedes($1.key.bytes) }) {
      let found = world.alert(id).flatMap { AlertCoding.decode(id: id.bytes, payload: $0) }?.count
      guard found == count else { throw Violation("\(id) counts \(found ?? 0) of \(count) events") }
    }
  }
}
