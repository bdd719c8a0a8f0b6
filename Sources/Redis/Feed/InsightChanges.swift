import FleetModel
import Wire

/// Which agents the handler thinks something new of, by when it did: `agentos:insight:changed`, a bite at a time.
///
/// A change may be written a little behind others that were read already, since handlers' clocks differ. So each look
/// begins a little before the last change that is known, and what was read there already is passed over.
struct InsightChanges {
  /// An agent, and when what is thought of it changed.
  struct Change: Equatable {
    var agent: [UInt8]
    var at: Int64
  }

  /// The most of one answer.
  static let most = 1000
  /// Clocks of two handlers differ by less, in milliseconds.
  private static let overlap: Int64 = 2000
  /// More that were read lately are not remembered: they are read again.
  private static let mostKnown = 20_000

  /// From where the present look goes on, and how many of that very millisecond it has had.
  private(set) var place: Int64 = 0
  private(set) var offset = 0
  /// Whether all that is stored has been read once.
  private(set) var isComplete = false
  private var last: Int64 = 0
  private var known: [[UInt8]: Int64] = [:]

  /// Takes an answer; those that are new come back, and whether more is to be asked for.
  ///
  /// - Parameters:
  ///   - pairs: agents with their times in milliseconds, in order of the time.
  ///   - now: no change is later, whatever is written.
  mutating func take(_ pairs: [(name: [UInt8], value: [UInt8])], at now: Instant) -> (new: [Change], isMore: Bool) {
    let changes = pairs.map { Change(agent: $0.name, at: Self.time($0.value)) }
    let new = changes.filter { known[$0.agent] != $0.at }
    if known.count > Self.mostKnown { known = [:] }
    for change in changes where change.at >= last - Self.overlap { known[change.agent] = change.at }
    guard let end = changes.last else { return (new, false) }
    let ties = changes.reversed().prefix { $0.at == end.at }.count
    (place, offset) = end.at == place ? (place, offset + changes.count) : (end.at, ties)
    last = max(last, min(end.at, now.milliseconds))
    return (new, changes.count >= Self.most)
  }

  /// Ends a look: the next one begins with what may come late.
  mutating func finish() {
    isComplete = true
    (place, offset) = (max(0, last - Self.overlap), 0)
    known = known.filter { $0.value >= place }
  }

  private static func time(_ bytes: [UInt8]) -> Int64 {
    Int64(max(0, Bounded.int(rounding: Double(String(decoding: bytes, as: UTF8.self)) ?? 0)))
  }
}
