import FleetModel
import Redis
import Wire

/// Takes commands and due jobs, and runs each when the lanes of its agents are free.
final class Dispatcher {
  private let term: Term
  private var lanes = Lanes()
  private var waiting: [Int: () -> Void] = [:]
  /// What is being worked on, so that one that comes again meanwhile is not begun twice.
  private var deliveries: Set<Delivery> = []
  /// How much is at work, and what waits for its turn, by the place of its first.
  private var working = 0
  private var queue: [() -> Void] = []
  private var queueStart = 0
  private var isClosed = false
  private var rates = OperatorRates()
  /// Told when work is done, and more can be taken.
  var onProgress: () -> Void = {}

  init(term: Term) {
    self.term = term
  }

  /// Takes up what the handler before has counted, and then calls `completion`.
  func start(_ completion: @escaping () -> Void) {
    term.read([OperatorRates.request(term.keys, at: term.now)]) { [weak self] replies in
      guard let self else { return }
      rates.takeUp(replies[0].elements ?? [], at: term.now)
      completion()
    }
  }

  var isFull: Bool { deliveries.count >= 512 }
  var isIdle: Bool { lanes.count == 0 && deliveries.isEmpty }

  /// Takes a command as it stands in a stream; nil where the entry holds none.
  func take(_ payload: [UInt8]?, _ delivery: Delivery) {
    guard deliveries.insert(delivery).inserted else { return }
    do throws(CommandRefusal) {
      guard let payload else { throw CommandRefusal(reason: "the entry has no field __data__") }
      take(try CommandCoding.decode(payload), delivery)
    } catch {
      let letter = DeadLetter(
        source: delivery.stream, id: delivery.entry, reason: error.reason, bytes: payload ?? [])
      refuse(error, .rejected, delivery, letter: letter)
    }
  }

  /// Whether an entry is being worked on here.
  func holds(_ delivery: Delivery) -> Bool { deliveries.contains(delivery) }

  /// Puts aside a command that has been delivered again and again and never came to an outcome.
  func bury(_ payload: [UInt8]?, _ delivery: Delivery, reason: String) {
    guard deliveries.insert(delivery).inserted else { return }
    var step = Step()
    DeadLetter(source: delivery.stream, id: delivery.entry, reason: reason, bytes: payload ?? [])
      .add(to: &step, keys: term.keys)
    let command = payload.flatMap { try? CommandCoding.decode($0) }
    let origin: AuditLine.Origin = command.map { .command($0.id) } ?? .run("\(delivery.source)/\(delivery.entry)")
    let line = AuditLine(
      origin: origin, phase: .failed, action: command?.action.rawValue ?? "", operator: command?.operator ?? "",
      reason: command?.reason ?? "", detail: "put aside: \(reason); see vigia dead", handler: term.options.id,
      at: term.now, source: delivery.source)
    step.add(to: term.keys.audit, AuditCoding.encode(line))
    delivery.acknowledge(in: &step)
    term.log(.error, "a command was put aside", ["stream": delivery.source, "entry": "\(delivery.entry)"])
    term.run(step) { [self] outcome in
      if case .failed(let error) = outcome { term.log(.error, "cannot put aside", ["error": error.text]) }
      settled(delivery)
    }
  }

  private func take(_ command: Command, _ delivery: Delivery) {
    let instruction: Instruction
    do throws(Refusal) {
      instruction = try InstructionReader.read(command)
    } catch {
      return refuse(CommandRefusal(command, error.reason), .rejected, delivery)
    }
    let most = term.options.runbook.guards.commandsPerMinute
    if let reason = rates.take(command.operator, most: most, at: term.now) {
      return refuse(CommandRefusal(command, reason), .rejected, delivery) { [weak self] in
        // It was taken before, by this handler or another.
        self?.start(command, instruction, delivery)
      }
    }
    guard term.now > command.expiresAt else { return start(command, instruction, delivery) }
    // The server's clock may have been stepped since it was last asked.
    term.measureTime { [weak self] in self?.judgeAge(command, instruction, delivery) }
  }

  private func judgeAge(_ command: Command, _ instruction: Instruction, _ delivery: Delivery) {
    let late = term.now - command.expiresAt
    if late > .zero {
      let refusal = CommandRefusal(command, "it expired \(late) before it was read")
      return refuse(refusal, .expired, delivery) { [weak self] in self?.start(command, instruction, delivery) }
    }
    start(command, instruction, delivery)
  }

  private func start(_ command: Command, _ instruction: Instruction, _ delivery: Delivery) {
    CommandRun(command, instruction, delivery, lanes: self, term: term) { [weak self] in self?.settled(delivery) }
      .start()
  }

  /// Runs work once the lanes it needs are free, and no more than the handler is to do at once are at work.
  ///
  /// - Parameter isBrief: it waits for nothing but Redis, and does not count.
  /// - Returns: what to call when it is done.
  func enter(_ needs: Lanes.Needs, isBrief: Bool = false, _ work: @escaping () -> Void) -> () -> Void {
    let (number, isReady) = lanes.enter(needs)
    let work = isBrief ? work : { [weak self] in self?.admit(work) }
    if isReady { work() } else { waiting[number] = work }
    return { [weak self] in
      guard let self else { return }
      for next in lanes.leave(number) { waiting.removeValue(forKey: next)?() }
      if !isBrief { dismiss() }
      onProgress()
    }
  }

  /// Begins nothing more: what waits stays with the group, for whoever acts next.
  func close() { isClosed = true }

  /// Lets go of all that waits: what waits holds this.
  func drop() {
    isClosed = true
    (waiting, queue, queueStart) = ([:], [], 0)
  }

  private func admit(_ work: @escaping () -> Void) {
    guard !isClosed else { return }
    guard working < term.options.parallel else { return queue.append(work) }
    working += 1
    work()
  }

  private func dismiss() {
    working -= 1
    while !isClosed, working < term.options.parallel, queueStart < queue.count {
      let next = queue[queueStart]
      queueStart += 1
      working += 1
      next()
    }
    // What is through is let go of now and then: a queue that never empties must not grow.
    if queueStart == queue.count || queueStart > 1024 {
      queue.removeFirst(min(queueStart, queue.count))
      queueStart = 0
    }
  }

  private func settled(_ delivery: Delivery) {
    deliveries.remove(delivery)
    onProgress()
  }

  // MARK: Refusing

  /// Says why a command is not run, and acknowledges it.
  ///
  /// - Parameters:
  ///   - letter: what is put aside with it, where nobody can make out what it asks for.
  ///   - resume: called in place of that where an earlier delivery has begun to run it.
  private func refuse(
    _ refusal: CommandRefusal, _ phase: AuditLine.Phase, _ delivery: Delivery, letter: DeadLetter? = nil,
    resume: (() -> Void)? = nil
  ) {
    // Whatever else a sender writes there must not become a key.
    let key = refusal.id.flatMap { Keys.isCommandID($0.text.utf8) ? term.keys.mark($0.text) : nil }
    var step = Step()
    if let key {
      var mark = CommandMark(
        action: refusal.action ?? "", targets: refusal.targets, operator: refusal.operator ?? "")
      mark.closed = phase
      step.require("GET", key, is: [])
      step.change("SET", key, mark.encoded, "PX", HandlerOptions.marksStay.milliseconds)
    }
    let origin: AuditLine.Origin = refusal.id.map { .command($0) } ?? .run("\(delivery.source)/\(delivery.entry)")
    let line = AuditLine(
      origin: origin, phase: phase, action: refusal.action ?? "", operator: refusal.operator ?? "",
      detail: refusal.reason, handler: term.options.id, at: term.now, source: delivery.source)
    step.add(to: term.keys.audit, AuditCoding.encode(line))
    letter?.add(to: &step, keys: term.keys)
    delivery.acknowledge(in: &step)
    term.run(step) { [self] outcome in
      switch outcome {
      case .done: settled(delivery)
      case .refused(_, let found):
        if let resume, CommandMark(found)?.closed == nil { resume() } else { acknowledge(delivery) }
      case .over: break
      case .failed(let error):
        term.log(.error, "Redis refused a step; trying again", ["error": error.text])
        term.later(inMilliseconds: 500) { self.refuse(refusal, phase, delivery, letter: letter, resume: resume) }
      }
    }
  }

  /// It was dealt with before: nothing is left but to say so to the group.
  private func acknowledge(_ delivery: Delivery) {
    var step = Step()
    delivery.acknowledge(in: &step)
    term.run(step) { [self] outcome in
      if case .failed(let error) = outcome { term.log(.error, "cannot acknowledge", ["error": error.text]) }
      settled(delivery)
    }
  }
}

extension CommandRefusal {
  /// A refusal of a command that could be read.
  init(_ command: Command, _ reason: String) {
    self.init(
      id: command.id, action: command.action.rawValue, targets: command.targets, operator: command.operator,
      reason: reason)
  }
}
