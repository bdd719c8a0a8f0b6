import FleetModel
import Insight
import TestSupport
import Testing
import Wire

@testable import Handler

/// How minutes of open metrics are added up.
@Suite struct OpenMetricMinutesTests {
  private let collector = MinuteCollector(MetricTable(declaring: [OpenMetric("depth", unit: .fraction)]))

  private func note(_ data: String, at second: Int64, position: Int = 0, source: String = "a") throws {
    let body = Array(#"{"entity_id":"a","event_type":"metrics","source":"\#(source)","data":\#(data)}"#.utf8)
    let decoder = EventDecoder(metrics: collector.metrics)
    try body.withUnsafeBytes {
      collector.note(try decoder.decode($0, channel: nil, receivedAt: .at(second)), at: position)
    }
  }

  /// By the metrics' names, with what was counted and its mean.
  private func closed() -> [String: [Double]] {
    var found: [String: [Double]] = [:]
    for minute in collector.takeClosed() {
      let name = collector.metrics.place(numbered: minute.metric.rawValue).flatMap { collector.metrics[$0]?.name }
      found[name ?? "metric \(minute.metric.rawValue)", default: []] += [
        Double(minute.position), Double(minute.rollup.count), minute.rollup.mean,
      ]
    }
    return found
  }

  @Test func minuteIsClosedByTheFirstSampleOfTheNext() throws {
    try note(#"{"tokens_in":10,"depth":0.5}"#, at: 0)
    try note(#"{"tokens_in":30,"queue_size":4}"#, at: 20)
    #expect(closed().isEmpty)
    try note(#"{"tokens_in":1}"#, at: 60)
    #expect(closed() == ["tokens_in": [0, 2, 20]])
  }

  @Test func sweepClosesMinutesOfThoseThatReportNoMore() throws {
    try note(#"{"depth":0.5}"#, at: 0, position: 3)
    collector.sweep(upTo: .at(64), count: 10)
    #expect(closed().isEmpty)
    collector.sweep(upTo: .at(65), count: 10)
    #expect(closed() == ["depth": [3, 1, 0.5]])
  }

  @Test func whatCannotBeAValueOrIsTheHandlersOwnCountsForNothing() throws {
    try note(#"{"depth":7,"tokens_in":-1}"#, at: 0)
    try note(#"{"tokens_in":5}"#, at: 1, source: "vigia")
    collector.sweep(upTo: .at(600), count: 10)
    #expect(closed().isEmpty)
  }

  @Test func otherTableDropsWhatIsOpen() throws {
    try note(#"{"depth":0.5,"queue_size":4}"#, at: 0)
    collector.metrics = .builtIn
    collector.sweep(upTo: .at(600), count: 10)
    #expect(closed() == ["metric 4": [0, 1, 4]])
  }
}
