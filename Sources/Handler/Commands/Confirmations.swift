import Execution
import FleetModel
import Logging
import Redis
import Wire

/// Writes that runtimes have obeyed: once a command and target, and with a closing line when all have.
final class Confirmations {
  /// A command whose runtimes were told something.
  private struct Awaited {
    var mark: CommandRecord
    var obeyed: Set<AgentID>
    var isClosed = false
  }

  let session: LeaseSession
  private let dispatcher: Dispatcher
  /// Entries whose reports are not settled, and how many times each is under way.
  private var open: [StreamID: Int] = [:]
  /// Reports that wait for one of the same command to be through.
  private var queues: [CommandID: [() -> Void]] = [:]
  /// What has been looked up lately; nil for an id that nobody knows.
  private var known: [CommandID: Awaited?] = [:]

  /// What `known` takes, about, in bytes.
  private var knownBytes = 0
  /// Reports under way, and whose; those that were let go since somebody was told.
  private var pending = 0
  private var pendingOf: [AgentID: Int] = [:]
  private var letGo = 0

  private static let mostKnownBytes = 8 << 20
  private static let mostPending = 30_000
  private static let mostPendingOfAgent = 64
  private static let tellsMilliseconds: Int64 = 10_000

  init(session: LeaseSession, dispatcher: Dispatcher) {
    self.session = session
    self.dispatcher = dispatcher
  }

  func take(_ report: EventProcessor.Report) {
    guard isNeeded(report) else { return }
    // No runtime has so much to say: whoever floods takes neither memory nor the turn of others.
    guard pending < Self.mostPending, pendingOf[report.agent, default: 0] < Self.mostPendingOfAgent else {
      return letGo(report)
    }
    lookUp(report)
  }

  private func letGo(_ report: EventProcessor.Report) {
    letGo += 1
    guard letGo == 1 else { return }
    let agent = report.agent
    session.later(inMilliseconds: Self.tellsMilliseconds) { [weak self] in
      guard let self else { return }
      session.log(
        .warning, "more reports of commands came than can be looked up; they were let go",
        ["reports": "\(letGo)", "first": "\(agent)"])
      letGo = 0
    }
  }

  private func remember(_ id: CommandID, _ awaited: Awaited?) {
    // Of one that is known already one more agent has obeyed.
    let size = known[id] == nil ? Self.size(id, awaited) : AgentID.mostBytes
    if knownBytes + size > Self.mostKnownBytes {
      known.removeAll()
      knownBytes = 0
    }
    knownBytes += size
    known[id] = .some(awaited)
  }

  private static func size(_ id: CommandID, _ awaited: Awaited?) -> Int {
    let agents = awaited.map { Array($0.obeyed) + $0.mark.targets } ?? []
    return 300 + id.text.utf8.count + agents.reduce(0) { $0 + 64 + $1.bytes.count }
  }

  /// The oldest entry whose report is not settled: the next handler begins with it.
  var oldest: StreamID? { open.keys.min() }

  private func close(_ entry: StreamID) {
    open[entry, default: 1] -= 1
    if open[entry] == 0 { open[entry] = nil }
  }

  /// Whether a report may still tell something.
  private func isNeeded(_ report: EventProcessor.Report) -> Bool {
    guard let found = known[report.command] else { return true }
    // Nobody's command: its mark would have been there before its control message.
    guard let awaited = found else { return false }
    return !awaited.isClosed && !awaited.obeyed.contains(report.agent)
  }

  /// Runs in the lane of its agent, so that a transaction of the command that is under way is done before; and one of a
  /// command's reports after the other, so that the last of them knows that it is.
  private func lookUp(_ report: EventProcessor.Report) {
    open[report.entry, default: 0] += 1
    pending += 1
    pendingOf[report.agent, default: 0] += 1
    dispatcher.enter([.agent(report.agent)]) { [weak self] leave in
      let done = {
        self?.close(report.entry)
        self?.landed(report.agent)
        leave()
      }
      self?.enter(report.command) { self?.look(report, $0, leave: done) }
    }
  }

  private func landed(_ agent: AgentID) {
    pending -= 1
    let rest = pendingOf[agent, default: 1] - 1
    pendingOf[agent] = rest <= 0 ? nil : rest
  }

  /// One report of a command after the other, whatever their agents' lanes wait for.
  private func enter(_ command: CommandID, _ work: @escaping (_ leave: @escaping () -> Void) -> Void) {
    let begin = { [weak self] in work { self?.leave(command) } }
    if queues[command] == nil {
      queues[command] = []
      begin()
    } else {
      queues[command]?.append(begin)
    }
  }

  private func leave(_ command: CommandID) {
    guard let next = queues[command]?.first else {
      queues[command] = nil
      return
    }
    queues[command]?.removeFirst()
    next()
  }

  private func look(_ report: EventProcessor.Report, _ leaveQueue: @escaping () -> Void, leave: @escaping () -> Void) {
    let done = {
      leaveQueue()
      leave()
    }
    // A whole fleet may have reported the same command at once.
    guard isNeeded(report) else { return session.loop.later(done) }
    let requests = [
      session.keys.mark(report.command, report.agent).get, Request("HGETALL", session.keys.agent(report.agent)),
    ]
    // Of a command that is closed nothing changes but here: one of many targets is read once, not with each report.
    if let found = known[report.command], let awaited = found, awaited.mark.closed != nil {
      return session.read(requests) { [weak self] in self?.judge(report, awaited, $0, done) }
    }
    session.read(
      requests + [
        Request("GET", session.keys.mark(report.command.text)), Request("SMEMBERS", obeyedKey(report.command)),
      ]
    ) { [weak self] in self?.learn(report, $0, done) }
  }

  private func obeyedKey(_ id: CommandID) -> [UInt8] { session.keys.obeyed(id) }

  private func learn(_ report: EventProcessor.Report, _ replies: [Reply], _ done: @escaping () -> Void) {
    let (command, reported) = (replies[2].bytes, replies[3].elements)
    guard let mark = command.flatMap({ CommandRecord($0) }) else {
      remember(report.command, nil)
      return done()
    }
    let obeyed = Set(reported?.compactMap { $0.bytes.map { AgentID(bytes: $0) } } ?? [])
    let awaited = Awaited(mark: mark, obeyed: obeyed)
    remember(report.command, awaited)
    judge(report, awaited, replies, done)
  }

  private func judge(
    _ report: EventProcessor.Report, _ awaited: Awaited, _ replies: [Reply], _ done: @escaping () -> Void
  ) {
    let (mark, obeyed) = (awaited.mark, awaited.obeyed)
    // A fleet-wide command is confirmed by the first who reports it.
    let target = mark.targets == [.none] ? AgentID.none : report.agent
    let (stored, agentRecord) = (replies[0].mark, replies[1].pairs)
    let targetMark = stored.flatMap { IdempotencyRecord($0) }
    let wasNotified = targetMark?.wasNotified ?? mark.told.contains(target)
    let goal = targetMark?.goal ?? mark.goal
    if obeyed.contains(target) { tellRestart(report, mark, fields: agentRecord) }
    guard wasNotified, !obeyed.contains(target), goal.isReached(by: report.state, replicas: report.replicas) else {
      return done()
    }
    write(report, target, awaited, fields: agentRecord, done)
  }

  private func write(
    _ report: EventProcessor.Report, _ target: AgentID, _ awaited: Awaited, fields: [(name: [UInt8], value: [UInt8])],
    _ done: @escaping () -> Void
  ) {
    let isRestart = awaited.mark.action == Action.restart.rawValue
    var awaited = awaited
    awaited.obeyed.insert(target)
    let isLast = awaited.mark.closed != nil && awaited.obeyed.isSuperset(of: awaited.mark.told)
    awaited.isClosed = isLast
    var transaction = Transaction()
    let key = obeyedKey(report.command)
    transaction.require("SISMEMBER", key, target.bytes, is: Array("0".utf8), else: .obsolete)
    var line = line(report, target, awaited.mark)
    let restarted = isRestart ? finishRestart(report, awaited.mark, fields, &transaction, &line) : nil
    let after = line.after
    finishJob(report, awaited.mark, &transaction)
    transaction.change("SADD", key, target.bytes)
    transaction.change("PEXPIRE", key, HandlerOptions.marksStay.milliseconds)
    if target != .none { transaction.add(line, session.keys) }
    if isLast {
      var closing = self.line(report, .none, awaited.mark)
      if target == .none { closing.detail = "by \(report.agent)" }
      transaction.add(closing, session.keys)
    }
    session.run(transaction) { [weak self] outcome in
      if case .done = outcome { self?.remember(report.command, awaited) }
      if case .done = outcome, isRestart {
        self?.session.tell(.record(report.agent, after, restarted: restarted))
        self?.session.tell(.schedule)
      }
      if case .conflict(.changed, _) = outcome { self?.lookUp(report) }
      // It was written before, and Redis's answer was lost: foresight is told by what stands.
      if case .conflict(.obsolete, _) = outcome, isRestart {
        self?.known.removeValue(forKey: report.command)
        self?.takeLater(report)
      }
      if case .failed(let error) = outcome {
        self?.session.log(.error, "cannot write that a command was obeyed; trying again", ["error": error.text])
        self?.takeLater(report)
      }
      done()
    }
  }

  private func takeLater(_ report: EventProcessor.Report) {
    open[report.entry, default: 0] += 1
    session.later(inMilliseconds: 500) { [weak self] in
      self?.take(report)
      self?.close(report.entry)
    }
  }

  /// A job's runtime has reported: that is its report, and the limit is off.
  private func finishJob(_ report: EventProcessor.Report, _ mark: CommandRecord, _ transaction: inout Transaction) {
    guard mark.action.hasPrefix("job/"), let job = mark.arguments["job"].flatMap(JobName.init(rawValue:)) else {
      return
    }
    let limit = Job(.jobLimit(job, run: report.command.text), report.agent)
    transaction.change("ZREM", session.keys.schedule, limit.encoded)
    let detail = report.state.map { "it reports \($0.rawValue)" } ?? "it reports"
    let outcome = TargetOutcome(phase: .obeyed, detail: detail)
    transaction.add(
      to: session.keys.reports, JobReport(job, report.agent, run: report.command.text, outcome, at: session.now).encoded
    )
  }

  /// Jobs of the schedule answer by the name of their run, and actions of rules by that and their place in it.
  private func origin(of id: CommandID) -> (AuditLine.Origin, rule: String?) {
    let parts = id.text.split(separator: "/", omittingEmptySubsequences: false)
    if parts.first == "schedule" { return (.run(id.text), nil) }
    guard parts.first == "rule", parts.count > 4 else { return (.command(id), nil) }
    return (.run(parts.dropLast(2).joined(separator: "/")), String(parts[1]))
  }

  private func line(_ report: EventProcessor.Report, _ target: AgentID, _ mark: CommandRecord) -> AuditLine {
    let (origin, rule) = origin(of: report.command)
    return AuditLine(
      origin: origin, batch: mark.batch, rule: rule, phase: .obeyed, action: mark.action, target: target,
      operator: mark.operator,
      reason: mark.reason,
      detail: report.state.map { "it reports \($0.rawValue)" } ?? "", handler: session.options.id, at: session.now,
      source: String(decoding: session.keys.events, as: UTF8.self))
  }
}
