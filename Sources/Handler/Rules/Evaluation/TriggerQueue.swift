import Automation
import FleetModel
import Wire

/// Events that wait to be judged: the first attack on each agent, then the first of each type and agent, then their
/// repeats; each list oldest first. Repeats of an attack pass nobody else's first event.
///
/// Nothing is ever turned away: while it is full nothing more is read, for the stream keeps the rest.
struct TriggerQueue {
  /// One list.
  private struct List {
    var waiting: [TriggerEvent?] = []
    var start = 0

    var first: TriggerEvent? { start < waiting.count ? waiting[start] : nil }
    var count: Int { waiting.count - start }

    mutating func removeFirst() {
      waiting[start] = nil
      start += 1
      // What is through is let go of now and then: moving the rest each time would cost more than it.
      guard start == waiting.count || start >= 1024 else { return }
      waiting.removeFirst(start)
      start = 0
    }
  }

  /// A type of event of one agent.
  private struct Source: Hashable {
    var kind: EventKind
    /// Of a kind that vigia does not know.
    var type: String
    var agent: AgentID

    init(_ trigger: TriggerEvent) {
      (kind, agent) = (trigger.kind, trigger.agent)
      type = trigger.kind == .other ? trigger.type : ""
    }
  }

  /// By urgency.
  private var lists = [List](repeating: List(), count: 3)
  private var bytes = 0
  /// How many events of a source wait.
  private var ofSource: [Source: Int] = [:]
  /// The list of the event that is being judged: what is more urgent comes after it.
  private var current: Int?

  private let most: Int
  private let mostBytes: Int

  init(most: Int = 4000, mostBytes: Int = 16 << 20) {
    self.most = most
    self.mostBytes = mostBytes
  }

  var count: Int { lists.reduce(0) { $0 + $1.count } }
  var isEmpty: Bool { count == 0 }

  /// Whether no more is to be read.
  var isFull: Bool { count >= most || bytes >= mostBytes }

  /// Whether there is room enough to read on.
  var isRoomy: Bool { count <= most / 2 && bytes <= mostBytes / 2 }

  private var next: Int? { current ?? lists.firstIndex { $0.count > 0 } }

  /// The event that is next. It stays until it is removed, whatever comes meanwhile.
  var first: TriggerEvent? {
    mutating get {
      current = next
      return current.flatMap { lists[$0].first }
    }
  }

  /// The oldest entry: what is read again may stand behind newer ones.
  var oldest: StreamID? {
    lists.lazy.compactMap { list in list.waiting[list.start...].lazy.compactMap { $0?.entry }.min() }.min()
  }

  /// Which rules hold for those that wait is not known any more.
  mutating func forgetMatches() {
    for place in lists.indices {
      for index in lists[place].waiting.indices { lists[place].waiting[index]?.matches = nil }
    }
  }

  /// The next so many.
  func ahead(_ count: Int) -> [TriggerEvent] {
    var some: [TriggerEvent] = []
    for list in lists where some.count < count {
      some += list.waiting[list.start...].prefix(count - some.count).compactMap(\.self)
    }
    return some
  }

  /// Takes an event behind those of its urgency.
  mutating func append(_ trigger: TriggerEvent) {
    let source = Source(trigger)
    let isFirst = ofSource[source] == nil
    ofSource[source, default: 0] += 1
    bytes += trigger.size
    let place = !isFirst ? 2 : trigger.type == EventKind.securityAlert.type ? 0 : 1
    lists[place].waiting.append(trigger)
  }

  mutating func removeFirst() {
    guard let place = next, let first = lists[place].first else { return }
    current = nil
    lists[place].removeFirst()
    bytes -= first.size
    let source = Source(first)
    let rest = ofSource[source, default: 1] - 1
    ofSource[source] = rest == 0 ? nil : rest
  }
}
