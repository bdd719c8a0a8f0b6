import Automation
import FleetModel
import Wire

/// Events that wait to be judged, oldest first.
///
/// It is bounded: a flood takes neither the handler's memory nor, where one agent causes it, the turn of the others. What
/// finds no room is counted, by its type.
struct OccasionQueue {
  /// What found no room.
  struct Overflow: Equatable {
    var counts: [String: Int] = [:]
    /// Whose event it was that found none first.
    var agent = AgentID.none

    var total: Int { counts.values.reduce(0, +) }
  }

  private var waiting: [Occasion?] = []
  private var start = 0
  private var bytes = 0
  private var ofAgent: [AgentID: Int] = [:]
  private var overflow = Overflow()

  private static let mostTypes = 20
  private static let otherTypes = "other types"

  private let most: Int
  private let mostOfAgent: Int
  private let mostBytes: Int

  init(most: Int = 20_000, mostOfAgent: Int = 1000, mostBytes: Int = 16 << 20) {
    self.most = most
    self.mostOfAgent = mostOfAgent
    self.mostBytes = mostBytes
  }

  var first: Occasion? { start < waiting.count ? waiting[start] : nil }

  var count: Int { waiting.count - start }

  /// The oldest entry: what is read again may stand behind newer ones.
  var oldest: StreamID? { waiting[start...].lazy.compactMap { $0?.entry }.min() }

  /// The next so many.
  func ahead(_ count: Int) -> [Occasion] { waiting[start...].prefix(count).compactMap(\.self) }

  /// Asked before an event is copied out of what was read: in a flood that would be most of the work.
  func hasRoom(for agent: AgentID, size: Int) -> Bool {
    count < most && bytes + size <= mostBytes && ofAgent[agent, default: 0] < mostOfAgent
  }

  /// Counts an event that found no room.
  mutating func refuse(_ agent: AgentID, type: String) {
    if overflow.counts.isEmpty { overflow.agent = agent }
    // Publishers may make up types without end.
    let isNew = overflow.counts[type] == nil
    let name = isNew && overflow.counts.count >= Self.mostTypes ? Self.otherTypes : type.clipped
    overflow.counts[name, default: 0] += 1
  }

  /// Takes an event at the end.
  mutating func append(_ occasion: Occasion) {
    waiting.append(occasion)
    bytes += occasion.size
    ofAgent[occasion.agent, default: 0] += 1
  }

  mutating func removeFirst() {
    guard let first else { return }
    bytes -= first.size
    let rest = ofAgent[first.agent, default: 1] - 1
    ofAgent[first.agent] = rest == 0 ? nil : rest
    waiting[start] = nil
    start += 1
    // What is through is let go of now and then: moving the rest each time would cost more than it.
    guard start == waiting.count || start >= 1024 else { return }
    waiting.removeFirst(start)
    start = 0
  }

  /// What has found no room since the last call; nil where all has.
  mutating func takeOverflow() -> Overflow? {
    defer { overflow = Overflow() }
    return overflow.counts.isEmpty ? nil : overflow
  }
}
