import Loop
import Redis
import Wire

/// How far an intake has come with what was delivered before: one walk through each stream, and at most one suspect at work.
struct PendingRecovery {
  /// One walk through what is pending of a stream, in its order.
  struct Walk {
    let number: Int
    let stream: [UInt8]
    /// Milliseconds for which entries must have been idle; 0 for all.
    let idle: Int64
    /// What has been found so far.
    var seen: Set<StreamID> = []
  }

  /// An entry that may have ended the handlers before.
  private struct Suspect: Equatable {
    let delivery: Delivery
    var isTaken = false
  }

  private var walks: [[UInt8]: Int] = [:]
  private var lastNumber = 0
  private var suspect: Suspect?
  private var waiting: [() -> Void] = []

  /// A walk of the same stream that is under way ends.
  mutating func begin(_ stream: [UInt8], idle: Int64) -> Walk {
    dropClaim(of: stream)
    lastNumber += 1
    walks[stream] = lastNumber
    return Walk(number: lastNumber, stream: stream, idle: idle)
  }

  func isUnderWay(_ stream: [UInt8]) -> Bool { walks[stream] != nil }

  func goesOn(_ walk: Walk) -> Bool { walks[walk.stream] == walk.number }

  mutating func end(_ walk: Walk) {
    dropClaim(of: walk.stream)
    walks[walk.stream] = nil
  }

  /// What the answer to a claim would go on with is no more.
  private mutating func dropClaim(of stream: [UInt8]) {
    if let suspect, !suspect.isTaken, suspect.delivery.stream == stream { self.suspect = nil }
  }

  mutating func reset() { (walks, suspect, waiting) = ([:], nil, []) }

  // MARK: Suspects

  /// Whether no suspect is being claimed or worked on.
  mutating func isCalm(_ holds: (Delivery) -> Bool) -> Bool {
    guard let current = suspect else { return true }
    guard current.isTaken, !holds(current.delivery) else { return false }
    suspect = nil
    return true
  }

  mutating func wait(_ work: @escaping () -> Void) { waiting.append(work) }

  mutating func nextWaiting() -> (() -> Void)? { waiting.isEmpty ? nil : waiting.removeFirst() }

  mutating func claims(_ delivery: Delivery) { suspect = Suspect(delivery: delivery) }

  mutating func hasClaimed(_ delivery: Delivery) {
    if suspect?.delivery == delivery { suspect?.isTaken = true }
  }

  /// It has been worked on for so long that nobody need wait for its end.
  mutating func acquit(_ delivery: Delivery) {
    if suspect?.delivery == delivery { suspect = nil }
  }
}
