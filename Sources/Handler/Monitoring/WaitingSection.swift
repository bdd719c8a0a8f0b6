import Exposition
import FleetModel

/// How many conversations wait for a person at one moment, and for how long.
struct WaitingCounts: Equatable {
  /// Those that nobody has taken.
  private(set) var byLevel: [ServiceLevel: Int] = [:]
  private(set) var taken = 0
  /// The longest wait of those that nobody has taken; zero if there is none.
  private(set) var longest = TimeSpan.zero
  let leftOut: Int

  init(_ book: WaitingBook, at now: Instant) {
    leftOut = book.leftOut
    for conversation in book.conversations.values {
      guard let level = book.serviceLevel(of: conversation, at: now) else {
        taken += 1
        continue
      }
      byLevel[level, default: 0] += 1
      longest = max(longest, conversation.wait(at: now) ?? .zero)
    }
  }
}

/// What a page tells of conversations that wait for a person. Nothing of it grows with their number.
enum WaitingSection {
  private static let conversations = MetricFamily(
    "vigia_waiting_conversations", .gauge, labels: ["state"],
    "Conversations that wait for a person, by their level of waiting, and those that a person has taken")
  private static let longest = MetricFamily(
    "vigia_waiting_oldest_seconds", .gauge, unit: .seconds,
    "How long the conversation has waited that has waited longest and that nobody has taken, or 0")
  private static let leftOut = MetricFamily(
    "vigia_waiting_left_out", .gauge, "Conversations that found no room in the list of those that wait")
  private static let outcomes = MetricFamily(
    "vigia_waiting_outcomes", .counter, labels: ["outcome"], "What became of conversations that waited for a person")

  /// - Parameter counts: nil if it does not lead, or does not know yet.
  static func write(_ counts: WaitingCounts?, _ ended: [WaitingOutcome: Int], to writer: inout ExpositionWriter) {
    if let counts { write(counts, to: &writer) }
    writer.begin(outcomes)
    // Each from its beginning, so that the first is seen as a step.
    for outcome in WaitingOutcome.allCases {
      writer.sample(LabelSet(("outcome", outcome.rawValue)), ended[outcome] ?? 0)
    }
  }

  private static func write(_ counts: WaitingCounts, to writer: inout ExpositionWriter) {
    writer.begin(conversations)
    for level in ServiceLevel.allCases {
      writer.sample(LabelSet(("state", level.rawValue)), counts.byLevel[level] ?? 0)
    }
    writer.sample(LabelSet(("state", "taken")), counts.taken)
    writer.begin(longest)
    writer.sample(LabelSet(), Int(counts.longest.seconds))
    writer.begin(leftOut)
    writer.sample(LabelSet(), counts.leftOut)
  }
}
