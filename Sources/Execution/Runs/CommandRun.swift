import FleetModel

/// One delivery of a command, from its reception to its closing line, as a machine: it takes what has happened and
/// answers with what to do next. Its targets are acted on side by side, each in its own lane.
///
/// ```
/// receiving ─┬──────────────────────────────────┬─▶ acting ─── the last target ─┬─▶ closing ─▶ over
///  │ ▲       └─ an undo: the original has ended,┘                               │
///  │ │          and is read; or its parts ──────────── the last part ───────────┘
///  │ └─ one target that may be acted on at once: its first transaction says that the command was received
///  └─ it was closed before ─▶ acknowledging ─▶ over
/// ```
/// A lane that comes free once nothing is left to be done is left in its turn, since whatever came after it waits for it.
package struct CommandRun {
  enum State {
    case new, receiving, recalling, waitingForOriginal, readingOriginal
    /// - Parameter isReceptionJoined: whether its next transaction says that it was received, too.
    case acting(isReceptionJoined: Bool)
    case takingBack([Int: Closing?])
    case ending(Ending)
    case over
    /// Another handler acts now.
    case stopped
  }

  enum Ending {
    case recalling(Closing)
    case writing(Write)
  }

  private enum Lane { case waiting, free, taken }

  package let targets: [AgentID]
  let isDryRun: Bool
  let aim: Aim
  /// Whether it takes back a part of an order: what was delivered is acknowledged by the run that has it.
  let isPart: Bool
  /// What is remembered of the command, but for how it ended.
  package internal(set) var record: CommandRecord
  /// How it ends: written, or about to be.
  package internal(set) var closing: Closing?
  /// How each target ended; those whose transaction is under way included.
  var outcomes: [AgentID: TargetOutcome] = [:]
  private var state = State.new
  /// The lanes that it has not left.
  private var lanes: [AgentID: Lane]
  private var hasOriginalEnded = false
  /// Whether it was received before: then the delivery that was may be closing it.
  private var isRepeated = false

  package init(_ command: Command, targets: [AgentID], aim: Aim = .nothing, isPart: Bool = false) {
    self.targets = targets.uniqued()
    self.aim = aim
    self.isPart = isPart
    isDryRun = command.isDryRun
    record = CommandRecord(command)
    record.targets = self.targets
    lanes = Dictionary(uniqueKeysWithValues: self.targets.map { ($0, .waiting) })
  }

  /// Whether the next transaction of its target says that it was received, too.
  package var isReceptionJoined: Bool {
    if case .acting(isReceptionJoined: true) = state { true } else { false }
  }

  /// Takes what has happened, and says what to do next.
  package mutating func take(_ input: Input) -> [Effect] {
    switch (state, input) {
    case (.stopped, _): return []
    case (_, .laneFree(let target)): return laneIsFree(target)
    case (.waitingForOriginal, .originalEnded): return originalEnded()
    case (_, .originalEnded):
      hasOriginalEnded = true
      return []
    case (.new, .begun): return begin()
    case (.new, .abandoned):
      state = .over
      return [.leaveCommandLanes] + leaveFreeLanes()
    case (.receiving, .committed): return goOn()
    case (.receiving, .notCommitted(let failure)): return notReceived(failure)
    case (.receiving, .woken): return receive()
    case (.recalling, .recalled(let found)): return cameBefore(found)
    case (.readingOriginal, .original(let found)):
      guard found.uniqued() == targets else { return reject("that command was still coming in; send the undo again") }
      return targets.isEmpty ? close(closingByOutcomes) : act()
    case (.readingOriginal, .originalRefused(let reason)): return reject(reason)
    case (.readingOriginal, .originalElsewhere):
      return close(Closing(.skipped, "nothing of it is known in this shard")) + leaveFreeLanes()
    case (.acting, .intentWritten):
      state = .acting(isReceptionJoined: false)
      return []
    case (.acting, .setBack(let target)):
      lanes[target] = .free
      return receive()
    case (.acting, .notSettled(let target)):
      outcomes[target] = nil
      record.told.remove(target)
      closing = nil
      return []
    case (.acting, .settled(let target, let outcome)): return settled(target, outcome)
    case (.takingBack(let ends), .partEnded(let part, let end)):
      return partEnded(ends.merging([part: end]) { $1 })
    case (.ending(.recalling(let closing)), .recalled(let found)): return close(closing, finding: found)
    case (.ending(.writing), .committed): return finish()
    case (.ending(.writing(let write)), .notCommitted(let failure)): return notEnded(write, failure)
    // What is remembered of it may have changed meanwhile.
    case (.ending(.writing(.closing(let closing))), .woken): return close(closing)
    case (.ending(.writing(let write)), .woken): return end(by: write)
    default: return []
    }
  }

  // MARK: Reception

  private mutating func begin() -> [Effect] {
    // With one target that can be acted on at once, it is said in one transaction with what is done.
    guard case .nothing = aim, targets.count == 1, lanes[targets[0]] == .free else { return receive() }
    return act(isReceptionJoined: true)
  }

  private mutating func receive() -> [Effect] {
    state = .receiving
    return [.commit(.reception)]
  }

  private mutating func notReceived(_ failure: Failure) -> [Effect] {
    switch failure {
    case .fenced: return stop()
    case .isBatch: return end(by: .refusalOfID) + leaveAll()
    case .cameBefore, .conflict:
      isRepeated = true
      state = .recalling
      return [.cameBefore, .recall]
    case .refused(let error): return retry(error)
    }
  }

  /// What was done is told by the targets' records; if the command was closed nothing is left to do.
  private mutating func cameBefore(_ found: CommandRecord?) -> [Effect] {
    if let found { record = found }
    guard let closed = record.closed else { return goOn() }
    closing = Closing(closed)
    return end(by: .acknowledgement) + leaveAll()
  }

  private mutating func goOn() -> [Effect] {
    switch aim {
    case .nothing: return act()
    case .command where hasOriginalEnded: return readOriginal()
    case .command:
      state = .waitingForOriginal
      return []
    case .batch:
      state = .takingBack([:])
      return [.beginParts]
    }
  }

  /// The delivery before may have closed it meanwhile: it was refused, say, since the original had not ended then.
  private mutating func originalEnded() -> [Effect] {
    guard isRepeated else { return readOriginal() }
    hasOriginalEnded = true
    state = .recalling
    return [.recall]
  }

  private mutating func readOriginal() -> [Effect] {
    state = .readingOriginal
    return [.readOriginal]
  }

  /// Refuses it as a whole, and leaves its lanes in their turn.
  private mutating func reject(_ reason: String) -> [Effect] {
    close(Closing(.rejected, reason.clipped)) + leaveFreeLanes()
  }

  // MARK: Targets

  private mutating func laneIsFree(_ target: AgentID) -> [Effect] {
    guard lanes[target] == .waiting else { return [] }
    lanes[target] = .free
    switch state {
    case .acting: return actOnFreeLanes()
    case .ending, .over: return leaveFreeLanes()
    case .new, .receiving, .recalling, .waitingForOriginal, .readingOriginal, .takingBack, .stopped: return []
    }
  }

  private mutating func act(isReceptionJoined: Bool = false) -> [Effect] {
    state = .acting(isReceptionJoined: isReceptionJoined)
    return actOnFreeLanes()
  }

  private mutating func actOnFreeLanes() -> [Effect] {
    let free = targets.filter { lanes[$0] == .free }
    for target in free { lanes[target] = .taken }
    return free.map { .act($0) }
  }

  private mutating func leaveFreeLanes() -> [Effect] {
    let free = targets.filter { lanes[$0] == .free }
    for target in free { lanes[target] = nil }
    return free.map { .leaveLane($0) }
  }

  private mutating func leaveAll() -> [Effect] {
    if case .batch = aim { [.abandonParts] } else { leaveFreeLanes() }
  }

  /// Notes how it ends for a target, whose outcome is about to be written.
  ///
  /// - Returns: how the command ends, to be written in the same transaction; nil if that is not known yet.
  package mutating func settling(_ target: AgentID, _ outcome: TargetOutcome) -> Closing? {
    note(target, outcome)
    // With another transaction under way nobody knows yet which of them is the last; and if the command was delivered
    // before, that delivery may be closing it.
    guard lanes.count == 1, lanes[target] != nil, !isRepeated else { return nil }
    closing = closingByOutcomes
    return closing
  }

  private mutating func settled(_ target: AgentID, _ outcome: TargetOutcome) -> [Effect] {
    note(target, outcome)
    lanes[target] = nil
    guard lanes.isEmpty else { return [.leaveLane(target)] }
    // If another delivery closed it, that one was received before, or was acted on while this one waited for its lane.
    return [.leaveLane(target)] + (closing == nil ? close(closingByOutcomes) : finish())
  }

  private mutating func note(_ target: AgentID, _ outcome: TargetOutcome) {
    outcomes[target] = outcome
    if outcome.wasNotified { record.told.insert(target) }
  }

  private mutating func partEnded(_ ends: [Int: Closing?]) -> [Effect] {
    state = .takingBack(ends)
    guard case .batch(ends.count) = aim else { return [] }
    return close(Self.closing(ofParts: ends.sorted { $0.key < $1.key }.map(\.value)))
  }

  // MARK: The end

  /// Closes it unless another delivery of it has.
  private mutating func close(_ closing: Closing) -> [Effect] {
    state = .ending(.recalling(closing))
    return [.recall]
  }

  private mutating func close(_ closing: Closing, finding found: CommandRecord?) -> [Effect] {
    guard let closed = found?.closed else {
      self.closing = closing
      return end(by: .closing(closing))
    }
    self.closing = Closing(closed)
    return end(by: .acknowledgement)
  }

  private mutating func end(by write: Write) -> [Effect] {
    if isPart, write == .acknowledgement { return finish() }
    state = .ending(.writing(write))
    return [.commit(write)]
  }

  private mutating func notEnded(_ write: Write, _ failure: Failure) -> [Effect] {
    switch (failure, write) {
    case (.fenced, _): return stop()
    case (.refused(let error), _): return retry(error)
    case (_, .closing): return end(by: .acknowledgement)
    case (_, .reception), (_, .acknowledgement), (_, .refusalOfID): return finish()
    }
  }

  private func retry(_ error: String) -> [Effect] {
    [.log(error), .wake(afterMilliseconds: 500)]
  }

  private mutating func finish() -> [Effect] {
    state = .over
    return [.leaveCommandLanes, .finish]
  }

  private mutating func stop() -> [Effect] {
    state = .stopped
    return []
  }
}
