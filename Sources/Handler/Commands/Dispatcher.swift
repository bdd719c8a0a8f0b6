import Execution
import FleetModel
import Loop
import Redis
import Wire

/// Takes commands one after the other, and lets each and every due job run when the lanes of its agents are free.
///
/// ```
/// entries ─▶ inbox ─▶ decoded, judged ─▶ lanes ─▶ CommandRunner
///                     └─ refused
/// ```
/// What a command needs to know before it can enter its lanes holds up the inbox, so that commands enter in the order
/// in which they came.
final class Dispatcher {
  let session: LeaseSession
  private var lanes = Lanes()
  private var waiting: [Int: () -> Void] = [:]
  private var inbox = Inbox()
  /// What this term has put aside: the group's list of what is pending may have been asked for before. Few are.
  var buried: Set<Delivery> = []
  private var isDraining = false
  /// Commands that are under way; one that came again meanwhile has a run of its own.
  private(set) var runs: [CommandID: CommandRunner] = [:]
  private var runsByDelivery: [Delivery: CommandRunner] = [:]
  /// How many of their targets are not through.
  private(set) var targetCount = 0
  /// How many of them are on each lane: one is acted on, the others wait.
  private var targetsOnLane: [Lanes.Lane: Int] = [:]
  private var isClosed = false
  private var rates = OperatorRateLimiter()
  var batches = Batches()
  /// Told when work is done, and more can be taken.
  var onProgress: () -> Void = {}
  /// Told that an entry is dealt with.
  var onSettled: (Delivery) -> Void = { _ in }

  /// How much is in hand at once: what is beyond waits in its stream.
  static let mostDeliveries = 2048
  static let mostTargets = 65_536
  /// Of these so many are on one lane, so that those for an agent whose service hangs leave room for others.
  static let mostOnLane = 128
  private static let mostBytes = 32 << 20
  /// What is decoded without a pause, in bytes.
  private static let slice = 256 * 1024

  init(session: LeaseSession) {
    self.session = session
  }

  /// Takes up what the handler before has counted, and then calls `completion`.
  func start(_ completion: @escaping () -> Void) {
    session.read([OperatorRateLimiter.request(session.keys, at: session.now)]) { [weak self] replies in
      guard let self else { return }
      rates.takeUp(replies[0].elements ?? [], at: session.now)
      completion()
    }
  }

  var isFull: Bool {
    inbox.count >= Self.mostDeliveries || targetCount >= Self.mostTargets || inbox.bytes >= Self.mostBytes
  }
  var isIdle: Bool { lanes.count == 0 && inbox.count == 0 }

  /// How many entries are in hand.
  var inHand: Int { inbox.count }

  /// Takes a command as it stands in a stream; nil if the entry holds none.
  func take(_ payload: [UInt8]?, _ delivery: Delivery) {
    guard inbox.add(payload, delivery) else { return }
    drain()
  }

  /// Whether an entry is being worked on here.
  func holds(_ delivery: Delivery) -> Bool { inbox.holds(delivery) }

  // MARK: The inbox

  /// Takes what has come, as far as nothing holds it up; a slice at a time, since the lease must be renewed between.
  private func drain() {
    guard !isDraining, !isClosed else { return }
    isDraining = true
    var bytes = 0
    while bytes < Self.slice, let next = inbox.next() {
      bytes += next.payload?.count ?? 0
      begin(next.payload, next.delivery)
    }
    isDraining = false
    if inbox.hasNext { session.later(inMilliseconds: 0) { [weak self] in self?.drain() } }
  }

  /// Holds up what comes after until `release` is called.
  func hold() { inbox.hold() }

  func release() {
    inbox.release()
    drain()
  }

  private func begin(_ payload: [UInt8]?, _ delivery: Delivery) {
    do throws(CommandRefusal) {
      guard let payload else { throw CommandRefusal(reason: "the entry has no field __data__") }
      begin(try CommandCoding.decode(payload), delivery)
    } catch {
      let letter = DeadLetter(
        source: delivery.stream, id: delivery.entry, reason: error.reason.clipped, bytes: payload ?? [])
      refuse(error, .rejected, delivery, letter: letter)
    }
  }

  private func begin(_ command: Command, _ delivery: Delivery) {
    let instruction: Instruction
    do throws(Refusal) {
      instruction = try InstructionReader.read(command)
    } catch {
      return refuse(CommandRefusal(command, error.reason), .rejected, delivery)
    }
    if let fault = ShardOwnership.fault(of: command, session.options) {
      return refuse(CommandRefusal(command, fault), .rejected, delivery)
    }
    lookUpBatch(of: command) { [self] fault in
      if let batch = command.batch, let reason = fault ?? batches.claim(batch, by: command) {
        // An earlier handler may have begun to run it, when there was nothing against it.
        return refuse(CommandRefusal(command, reason), .rejected, delivery, keepsOrder: true) { [weak self] in
          self?.start(command, instruction, delivery)
        }
      }
      judge(command, instruction, delivery)
    }
  }

  private func judge(_ command: Command, _ instruction: Instruction, _ delivery: Delivery) {
    let isOwn = FleetWideRelay.isPassedOn(command, session.options) || session.hasGiven(command)
    let most = isOwn ? nil : session.options.runbook.guards.commandsPerMinute
    let subject = OperatorRateLimiter.Subject(command.id, command.batch)
    let verdict = rates.take(subject, of: command.operator, most: most, at: session.now)
    if case .refused(let reason) = verdict {
      return refuse(CommandRefusal(command, reason), .rejected, delivery) { [weak self] in
        // It was taken before, by this handler or another.
        self?.start(command, instruction, delivery)
      }
    }
    let onRepeat = { [weak self] in
      if verdict == .counted { self?.rates.giveBack(subject, of: command.operator) }
    }
    guard session.now > command.expiresAt else { return start(command, instruction, delivery, onRepeat) }
    // The server's clock may have been stepped since it was last asked.
    hold()
    session.measureTime { [weak self] in
      self?.judgeAge(command, instruction, delivery, onRepeat)
      self?.release()
    }
  }

  private func judgeAge(
    _ command: Command, _ instruction: Instruction, _ delivery: Delivery, _ onRepeat: @escaping () -> Void
  ) {
    let late = session.now - command.expiresAt
    if late > .zero {
      let refusal = CommandRefusal(command, "it expired \(late) before it was read")
      return refuse(refusal, .expired, delivery, keepsOrder: true) { [weak self] in
        self?.start(command, instruction, delivery, onRepeat)
      }
    }
    start(command, instruction, delivery, onRepeat)
  }

  private func start(
    _ command: Command, _ instruction: Instruction, _ delivery: Delivery, _ onRepeat: @escaping () -> Void = {}
  ) {
    guard case .undo(let id) = instruction else { return run(command, instruction, delivery, aim: nil, onRepeat) }
    hold()
    UndoSearch(session: session, running: { [weak self] in self?.runs[$0] }).find(id) { [weak self] aim in
      if id == command.id || aim.includes(command.id) {
        self?.refuse(
          CommandRefusal(command, "an undo cannot take back itself; give it an id of its own"), .rejected, delivery)
      } else {
        self?.run(command, instruction, delivery, aim: aim, onRepeat)
      }
      self?.release()
    }
  }

  private func run(
    _ command: Command, _ instruction: Instruction, _ delivery: Delivery, aim: UndoAim?,
    _ onRepeat: @escaping () -> Void
  ) {
    guard !isClosed else { return }
    let run = CommandRunner(command, instruction, delivery, aim: aim, lanes: self, session: session) { [weak self] in
      self?.ended(command.id, delivery)
    }
    run.onRepeat = onRepeat
    // One that comes again while it is under way waits behind itself.
    if runs[command.id] == nil { runs[command.id] = run }
    runsByDelivery[delivery] = run
    run.start()
  }

  private func ended(_ id: CommandID, _ delivery: Delivery) {
    if runs[id]?.delivery == delivery { runs[id] = nil }
    runsByDelivery[delivery] = nil
    settled(delivery)
  }

  // MARK: Lanes

  /// Runs work once the lanes it needs are free.
  ///
  /// - Parameter work: gets what to call when it is done.
  /// - Returns: the same.
  @discardableResult
  func enter(_ needs: [Lanes.Lane], _ work: @escaping (_ leave: @escaping () -> Void) -> Void) -> () -> Void {
    let (number, isReady) = lanes.enter(needs)
    let leave = { [weak self] in
      guard let self else { return }
      for next in lanes.leave(number) { waiting.removeValue(forKey: next)?() }
      onProgress()
    }
    let work = { [weak self] in if self?.isClosed == false { work(leave) } }
    if isReady { work() } else { waiting[number] = work }
    return leave
  }

  /// Why nothing more may wait on a lane; nil if it may.
  func refusal(of lane: Lanes.Lane) -> String? {
    guard let count = targetsOnLane[lane], count >= Self.mostOnLane else { return nil }
    return "\(count) other commands for \(lane.words) wait; send it again later".clipped
  }

  /// - Parameter lane: on which it waits for others; nil if it waits for none.
  func targetEntered(_ lane: Lanes.Lane?) {
    targetCount += 1
    if let lane { targetsOnLane[lane, default: 0] += 1 }
  }

  func targetLeft(_ lane: Lanes.Lane?) {
    targetCount -= 1
    if let lane { targetsOnLane[lane] = targetsOnLane[lane].flatMap { $0 > 1 ? $0 - 1 : nil } }
  }

  /// Begins nothing more: what waits stays with the group, for the next handler.
  func close() {
    isClosed = true
    session.places.close()
  }

  /// Lets go of all that waits: what waits holds this.
  func drop() {
    close()
    inbox = Inbox()
    (waiting, runs, runsByDelivery) = ([:], [:], [:])
  }

  /// Takes note of an entry that is dealt with without being read.
  func note(_ payload: [UInt8]?, _ delivery: Delivery) -> Bool {
    guard !inbox.holds(delivery) else { return false }
    inbox.note(payload?.count ?? 0, of: delivery)
    return true
  }

  func settled(_ delivery: Delivery) {
    inbox.remove(delivery)
    onSettled(delivery)
    onProgress()
  }
}
