import FleetModel
import Insight

/// Adds up what events report, minute by minute: all of foresight that an event touches.
///
/// ```text
///   heard      samples as they came, 24 bytes each: an event only writes at its end
///   minutes    | agent 0: one for each metric | agent 1: … |     64 bytes each, by the agent's position
///   open       the same of open metrics, only for agents that report any
///   closed     minutes that have ended and nobody has taken yet
/// ```
/// Samples are added up some thousand at a time. Each needs its agent's memory, and while one is added that of some
/// others is on its way: with 10,000 agents that makes a third of the cost.
final class MinuteCollector {
  /// A minute that has ended.
  struct Closed {
    var position: Int
    var metric: MetricID
    var begin: Instant
    var rollup: Rollup
  }

  /// The metrics that have a history, the most important first: those at the end are given up first.
  static let metrics: [Metric] = Metric.allCases.filter { $0.historyPlace >= 0 }
    .sorted { $0.historyPlace < $1.historyPlace }

  private struct Heard {
    /// Where the minute stands to which it is added.
    var index: Int
    var value: Double
    var at: Int64
  }

  /// The samples that were heard and not yet added up. There is room for 4,096; the first `heardCount` are in use.
  private let heard: UnsafeMutablePointer<Heard>
  private var heardCount = 0
  private var minutes = MinuteTable()
  /// One more than the greatest position of an agent that has reported.
  private var agentCount = 0
  private var open: OpenMetricMinutes
  private var closed: [Closed] = []
  /// Where the sweep stands.
  private var swept = 0

  private static let room = 4096
  /// Of so many samples memory is on its way at once.
  private static let fetchedAhead = 16
  /// Samples may come so late.
  private static let grace = TimeSpan.seconds(5)
  /// More are not kept: nobody takes them.
  private static let mostClosed = 500_000
  private static let width = 5

  /// - Parameter metrics: the open metrics that there are.
  init(_ metrics: MetricTable = .builtIn) {
    heard = .allocate(capacity: Self.room)
    open = OpenMetricMinutes(metrics)
  }

  deinit { heard.deallocate() }

  /// The open metrics that there are. What is still open of them is dropped with a new table.
  var metrics: MetricTable {
    get { open.metrics }
    set { if newValue != open.metrics { open = OpenMetricMinutes(newValue) } }
  }

  /// Adds what an event reports. What the handler itself has published is left out.
  func note(_ event: borrowing Event, at position: Int) {
    var rest = event.metrics.present
    let open = event.openMetrics.present
    guard !rest.isEmpty || !open.isEmpty else { return }
    if event.isOfHandler { return }
    if !open.isEmpty { self.open.note(event, at: position) { close($0) } }
    if heardCount + Self.width > Self.room { addUp() }
    if position >= agentCount { makeRoom(for: position) }
    while let metric = rest.popFirst() {
      let (place, value) = (metric.historyPlace, event.metrics.value(metric))
      guard place >= 0, metric.isPlausible(value) else { continue }
      heard[heardCount] = Heard(
        index: position &* Self.width &+ place, value: value, at: event.receivedAt.milliseconds)
      heardCount += 1
    }
  }

  private func makeRoom(for position: Int) {
    agentCount = position + 1
    minutes.grow(to: agentCount * Self.width)
  }

  private func addUp() {
    let samples = UnsafeBufferPointer(start: heard, count: heardCount)
    for sample in samples.prefix(Self.fetchedAhead) { minutes.fetch(sample.index) }
    for (place, sample) in samples.enumerated() {
      if place + Self.fetchedAhead < samples.count { minutes.fetch(samples[place + Self.fetchedAhead].index) }
      let ended = minutes[sample.index].add(Sample(sample.value, at: Instant(milliseconds: sample.at)))
      if let ended { close(sample.index, ended.begin, ended.rollup) }
    }
    heardCount = 0
  }

  /// Closes the minutes that have ended of some agents: of one that reports no more nothing else does.
  ///
  /// - Parameters:
  ///   - present: up to when all events are known.
  ///   - count: of how many agents.
  func sweep(upTo present: Instant, count: Int) {
    addUp()
    let agents = max(agentCount, open.count)
    for _ in 0..<min(count, agents) {
      swept = swept + 1 < agents ? swept + 1 : 0
      sweep(agent: swept, upTo: present)
    }
  }

  private func sweep(agent: Int, upTo present: Instant) {
    let last = present - Self.grace - .minutes(1)
    open.sweep(agent, upTo: last) { close($0) }
    for index in agent * Self.width..<(agent + 1) * Self.width where index < minutes.count {
      guard let begin = minutes[index].begin, begin <= last else { continue }
      if let ended = minutes[index].close() { close(index, ended.begin, ended.rollup) }
    }
  }

  /// The minutes that have ended since the last call.
  func takeClosed() -> [Closed] {
    defer { closed = [] }
    return closed
  }

  private func close(_ index: Int, _ begin: Instant, _ rollup: Rollup) {
    let metric = MetricID(Self.metrics[index % Self.width])
    close(Closed(position: index / Self.width, metric: metric, begin: begin, rollup: rollup))
  }

  private func close(_ ended: Closed) {
    if closed.count < Self.mostClosed { closed.append(ended) }
  }
}

extension MetricID {
  init(_ metric: Metric) { self.init(rawValue: UInt8(metric.rawValue)) }
}

extension Metric {
  /// Its place among an agent's minutes; negative if it has no history.
  var historyPlace: Int {
    switch self {
    case .errorRate: 0
    case .responseTime: 1
    case .queueSize: 2
    case .averageRating: 3
    case .messagesPerMinute: 4
    case .lastHourErrors, .negativeFeedback, .attempts, .healthScore, .confidence, .rating: -1
    }
  }
}
