import FleetModel

/// A line of the audit, as far as it is counted.
struct CountedLine: Hashable {
  /// Whose step it tells of.
  enum Author: String {
    case command, rule
    /// A job of the schedule.
    case schedule
    /// The handler itself.
    case handler
  }

  let author: Author
  let phase: AuditLine.Phase
  /// Nil if it is none that vigia knows: what a sender calls it may be anything.
  let action: Action?
  /// Whether it tells of a target, and not of the whole.
  let isOfTarget: Bool

  init(_ line: AuditLine) {
    phase = line.phase
    action = Action(rawValue: line.action)
    isOfTarget = line.target != .none
    switch line.origin {
    case .command: author = .command
    case .run where line.rule != nil: author = .rule
    case .run(let name): author = name.hasPrefix("schedule/") ? .schedule : .handler
    }
  }
}

/// What a transaction counts for once it stands.
struct TransactionCounts {
  private(set) var lines: [CountedLine] = []
  /// The keys from which something was put aside.
  private(set) var deadLetters: [[UInt8]] = []
  /// What rules decided, as `<rule>/<decision>`, and how often.
  var decisions: [String: Int] = [:]

  /// What became of conversations that waited for a person.
  private(set) var waiting: [WaitingOutcome] = []

  mutating func note(_ outcome: WaitingOutcome) { waiting.append(outcome) }
  mutating func note(_ line: AuditLine) { lines.append(CountedLine(line)) }
  mutating func noteDeadLetter(from source: [UInt8]) { deadLetters.append(source) }
}
