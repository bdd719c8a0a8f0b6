import FleetModel
import Wire

/// What must hold once a world has come to rest.
struct Judgement {
  let world: SimulatedWorld
  let ledger: Ledger
  let sent: [Operators.Sent]
  /// How often each message of a channel may be recorded.
  let recordable: [[UInt8]: Int]
  let agents: [AgentID]

  func judge() throws(Violation) {
    try world.judgeRemains()
    let putAside = world.putAside
    for sent in sent where !putAside.contains(sent.entry) {
      guard ledger.commands[sent.command.id.text]?.closing != nil else {
        throw Violation("lost: \(sent.command.id) \(sent.command.action.rawValue)")
      }
    }
    guard world.unacknowledged.isEmpty else { throw Violation("not acknowledged: \(world.unacknowledged)") }
    guard world.scheduled.isEmpty else { throw Violation("still scheduled: \(world.scheduled)") }
    try judgeRecords()
    try judgeServices()
    try judgePages()
    try judgeOrder()
    try judgeAgreement()
    try judgeRuns()
    try judgeCounts()
    try judgeRecording()
  }

  /// No message of a channel is recorded twice. If nobody listened, it is not recorded.
  private func judgeRecording() throws(Violation) {
    for (message, times) in world.recorded where times > recordable[message, default: 0] {
      throw Violation("recorded \(times) times, at most \(recordable[message, default: 0]) times: \(message.text)")
    }
  }

  /// Whatever restricts has ended, and the record is as the audit told it last.
  private func judgeRecords() throws(Violation) {
    for agent in agents {
      let record = world.record(agent)
      guard record.state == .running || record.state == .stopped else {
        throw Violation("\(agent) is \(record.state.rawValue) at the end")
      }
      guard (record.rateLimit ?? 0) == 0 else { throw Violation("\(agent) is limited at the end") }
      let told = ledger.records[agent] ?? AgentRecord()
      guard record.version == told.version, record.state == told.state, record.replicas == told.replicas,
        record.rateLimit == told.rateLimit, record.pausedUntil == told.pausedUntil
      else { throw Violation("\(agent) is \(record), the audit told \(told)") }
    }
    guard world.blocked.isEmpty else { throw Violation("still blocked: \(world.blocked)") }
  }

  /// What a service was to do once it did once at most; what is said to be done it did, what is said to have failed it did
  /// not.
  private func judgeServices() throws(Violation) {
    for (id, entry) in ledger.commands.sorted(by: { $0.key < $1.key }) {
      guard let command = sent.first(where: { $0.command.id.text == id })?.command else { continue }
      for (agent, target) in entry.targets.sorted(by: { $0.key.bytes.precedes($1.key.bytes) }) {
        guard target.started > 0, let outcome = target.outcome else { continue }
        let times = world.service.carried[IdempotencyKey.make(command.id, agent), default: 0]
        switch outcome.phase {
        case .succeeded where times == 0 && command.action != .undo:
          throw Violation("\(id) [\(agent)] succeeded, and the service never did it")
        case .failed where times > 0 && !outcome.detail.contains("it was done"):
          throw Violation("\(id) [\(agent)] failed, and the service did it: \(outcome.detail)")
        default: break
        }
      }
    }
    for key in world.service.unrepeatable.sorted() {
      guard let times = world.service.carried[key], times > 1 else { continue }
      throw Violation("\(key) was done \(times) times")
    }
  }

  /// Whoever was told that a call for help is over was told the truth, and whoever needs to be told was, or it is put aside
  /// that a service refused to take it.
  private func judgePages() throws(Violation) {
    let untold = world.untoldEnds
    for agent in agents {
      let id = AlertID(.escalation, agent)
      let isOpen = world.alert(id) != nil
      switch world.service.told["\(id)"] {
      case "resolved"? where isOpen: throw Violation("people were told that \(id) is over, and it is open")
      case "firing"?, "updated"?, "acknowledged"?:
        if !isOpen, !untold.contains("\(id)") { throw Violation("nobody was told that \(id) is over") }
      default: break
      }
    }
  }

  /// Commands of one stream end for an agent in the order in which they were sent.
  private func judgeOrder() throws(Violation) {
    for (agent, names) in ledger.order.sorted(by: { $0.key.bytes.precedes($1.key.bytes) }) {
      let ended = names.compactMap { name in
        sent.first { $0.command.id.text == name && $0.command.action != .undo }
      }
      for (first, second) in zip(ended, ended.dropFirst())
      where first.stream == second.stream && second.entry < first.entry {
        throw Violation("\(agent): \(second.command.id) was sent before \(first.command.id), and ended after it")
      }
    }
  }
}
