import Execution
import Exposition
import FleetModel
import Loop

/// What a handler has counted since monitoring was turned on, over all times in which it held the lease. Nothing of it
/// shrinks while the process lives. While monitoring is off it counts nothing.
///
/// A class, because all parts of the handler count in it.
final class HandlerCounts {
  /// How an attempt to tell people ended.
  enum Telling: String, CaseIterable {
    case delivered, retried, refused
    case channelGone = "channel_gone"
    case givenUp = "given_up"
  }

  /// What became of an occasion to tell that the leader is in time.
  enum Beat: String, CaseIterable {
    case sent, failed
    /// It was not in time.
    case withheld
  }

  /// What became of something that another program was to be told.
  enum Exported: String, CaseIterable {
    case told, refused
    /// Too much waited.
    case dropped
  }

  /// How a transaction ended.
  enum Step: String, CaseIterable {
    case done, conflict, fenced, failed
  }

  var isOn = false
  private(set) var lines: [CountedLine: Int] = [:]
  private(set) var deadLetters: [[UInt8]: Int] = [:]
  /// `<rule>/<decision>` → how often.
  private(set) var decisions: [String: Int] = [:]
  private(set) var steps: [Step: Int] = [:]
  private(set) var waiting: [WaitingOutcome: Int] = [:]
  /// From the moment a command is read to its end in the audit.
  private(set) var commandSpans: [Action: Histogram] = [:]
  /// Calls of services and programs, by the action or job.
  private(set) var callSpans: [String: Histogram] = [:]
  private(set) var calls: [Call: Int] = [:]
  private(set) var notices: [String: [Telling: Int]] = [:]
  /// Attempts to read what people did in a service, by channel and whether they went well.
  private(set) var readings: [String: [Bool: Int]] = [:]
  private(set) var heartbeats: [Beat: Int] = [:]
  /// What became of entries that were to be archived, by their stream.
  private(set) var archived: [[UInt8]: ArchiveSums] = [:]
  private(set) var exports: [String: [Exported: Int]] = [:]
  private(set) var leasesTaken = 0
  private(set) var leasesLost = 0
  private(set) var recorded = 0
  /// Events of the times in which it held the lease before.
  private(set) var events = EventSums()

  /// A call of a service or program, and how it ended.
  struct Call: Hashable {
    var action: String
    var result: String
  }

  /// - Parameter sources: keys from which something may be put aside, so that the first of each is seen as a step.
  init(sources: [[UInt8]] = []) {
    for source in sources { deadLetters[source] = 0 }
  }

  /// How many operators' streams can be told apart; what comes from more counts as the common one.
  private static let mostSources = 64

  func note(_ outcome: Step, _ transaction: TransactionCounts) {
    guard isOn else { return }
    steps[outcome, default: 0] += 1
    guard outcome == .done else { return }
    for line in transaction.lines { lines[line, default: 0] += 1 }
    for source in transaction.deadLetters where deadLetters[source] != nil || deadLetters.count < Self.mostSources {
      deadLetters[source, default: 0] += 1
    }
    for outcome in transaction.waiting { waiting[outcome, default: 0] += 1 }
    for (field, count) in transaction.decisions { decisions[field, default: 0] += count }
  }

  func noteEnd(of action: Action, since start: MonotonicTime) {
    guard isOn else { return }
    commandSpans[action, default: Histogram()].observe(Self.seconds(since: start))
  }

  func noteCall(of action: String, _ result: ActuatorResult, since start: MonotonicTime) {
    guard isOn else { return }
    callSpans[action, default: Histogram()].observe(Self.seconds(since: start))
    let word =
      switch result {
      case .done: "done"
      case .failed: "failed"
      case .unknown: "unknown"
      }
    calls[Call(action: action, result: word), default: 0] += 1
  }

  func note(_ telling: Telling, on channel: String) {
    if isOn { notices[channel, default: [:]][telling, default: 0] += 1 }
  }

  func noteReading(isWell: Bool, on channel: String) {
    if isOn { readings[channel, default: [:]][isWell, default: 0] += 1 }
  }

  func note(_ beat: Beat) {
    if isOn { heartbeats[beat, default: 0] += 1 }
  }

  /// A batch was stored.
  func noteArchived(_ stream: [UInt8], rows: Int, refused: Int) {
    guard isOn else { return }
    archived[stream, default: ArchiveSums()].rows += rows
    archived[stream, default: ArchiveSums()].refused += refused
    archived[stream, default: ArchiveSums()].batches += 1
  }

  func noteArchived(_ stream: [UInt8], lost: Int) {
    if isOn, lost > 0 { archived[stream, default: ArchiveSums()].lost += lost }
  }

  /// An attempt to store a batch failed.
  func noteArchiveFailure(_ stream: [UInt8]) {
    if isOn { archived[stream, default: ArchiveSums()].failures += 1 }
  }

  /// - Parameter service: the program, as its section in the handler's file.
  func note(_ exported: Exported, _ count: Int = 1, to service: String) {
    if isOn { exports[service, default: [:]][exported, default: 0] += count }
  }

  func noteLease(isTaken: Bool) {
    guard isOn else { return }
    if isTaken { leasesTaken += 1 } else { leasesLost += 1 }
  }

  func noteRecorded(_ messages: Int) {
    if isOn { recorded += messages }
  }

  /// A time in which it held the lease is over.
  func keep(_ sums: EventSums) {
    if isOn { events.add(sums) }
  }

  private static func seconds(since start: MonotonicTime) -> Double {
    MonotonicTime.now.milliseconds(since: start) / 1000
  }
}
