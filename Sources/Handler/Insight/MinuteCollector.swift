import FleetModel
import Insight

/// Adds up what events report, minute by minute: all of foresight that an event touches.
///
/// ```text
///   minutes    | agent 0: one for each metric | agent 1: … |     80 bytes each, by the agent's position
///   closed     minutes that have ended and nobody has taken yet
/// ```
final class MinuteCollector {
  /// A minute that has ended.
  struct Closed {
    var position: Int
    var metric: MetricID
    var begin: Instant
    var rollup: Rollup
  }

  /// The metrics that have a history, the most important first: those at the end are given up first.
  static let metrics: [Metric] = [.errorRate, .responseTime, .queueSize, .averageRating, .messagesPerMinute]

  private var minutes: [OpenMinute] = []
  private var closed: [Closed] = []
  /// Where the sweep stands.
  private var swept = 0
  /// By the metric's number: its place among an agent's minutes; negative if it has no history.
  private let places: [Int]

  /// Samples may come so late.
  private static let grace = TimeSpan.seconds(5)
  /// More are not kept: nobody takes them.
  private static let mostClosed = 500_000
  private static let width = metrics.count
  private static let vigia = Array("vigia".utf8)

  init() {
    places = Metric.allCases.map { Self.metrics.firstIndex(of: $0) ?? -1 }
  }

  /// Adds what an event reports. What the handler itself has published is left out.
  func note(_ event: borrowing Event, at position: Int) {
    var rest = event.metrics.present
    guard !rest.isEmpty else { return }
    if event.source.isPresent, let source = event.raw(event.source), source.elementsEqual(Self.vigia) { return }
    let start = position * Self.width
    if start + Self.width > minutes.count { makeRoom(start + Self.width) }
    while let metric = rest.popFirst() {
      let place = places[metric.rawValue]
      guard place >= 0, let value = event.metrics[metric], metric.isPlausible(value) else { continue }
      if let (begin, rollup) = minutes[start + place].add(Sample(value, at: event.receivedAt)) {
        close(position, metric, begin, rollup)
      }
    }
  }

  private func makeRoom(_ count: Int) {
    minutes.append(contentsOf: repeatElement(OpenMinute(), count: max(count, minutes.count * 5 / 4) - minutes.count))
  }

  /// Closes the minutes that have ended of some agents: of one that reports no more nothing else does.
  ///
  /// - Parameters:
  ///   - present: up to when all events are known.
  ///   - count: of how many agents.
  func sweep(upTo present: Instant, count: Int) {
    let agents = minutes.count / Self.width
    for _ in 0..<min(count, agents) {
      swept = swept + 1 < agents ? swept + 1 : 0
      for place in 0..<Self.width {
        let index = swept * Self.width + place
        guard let begin = minutes[index].begin, begin + .minutes(1) + Self.grace <= present else { continue }
        if let ended = minutes[index].close() { close(swept, Self.metrics[place], ended.begin, ended.rollup) }
      }
    }
  }

  /// The minutes that have ended since the last call.
  func takeClosed() -> [Closed] {
    defer { closed = [] }
    return closed
  }

  private func close(_ position: Int, _ metric: Metric, _ begin: Instant, _ rollup: Rollup) {
    guard closed.count < Self.mostClosed else { return }
    let id = MetricID(rawValue: UInt8(metric.rawValue))
    closed.append(Closed(position: position, metric: id, begin: begin, rollup: rollup))
  }
}
