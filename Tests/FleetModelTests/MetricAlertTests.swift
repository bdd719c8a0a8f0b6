import TestSupport
import Testing

@testable import FleetModel

/// The alert of metrics of the fleet's table.
@Suite struct MetricAlertTests {
  private var fleet: Fleet = {
    var fleet = Fleet(tracksAlertChanges: true)
    fleet.setMetrics(
      MetricTable(declaring: [
        OpenMetric("cost_per_hour", unit: .currency, levels: .init(medium: 10, high: 20, critical: 40)),
        OpenMetric("depth", bad: .low, levels: .init(medium: 10, high: 5, critical: 5)),
      ]))
    return fleet
  }()

  private var alert: Alert? { fleet.position(of: "a").flatMap { fleet.alert(.metric, ofAgentAt: $0) } }

  private mutating func report(_ data: String, at second: Int64) throws {
    try fleet.apply("metrics", "a", data, at: .at(second))
  }

  @Test mutating func valuePastItsLevelOpensTheAlertAndMakesItWorse() throws {
    try report(#"{"cost_per_hour":9.9,"depth":11,"tokens_in":1e9}"#, at: 0)
    #expect(alert == nil)
    try report(#"{"cost_per_hour":10}"#, at: 1)
    let first = try #require(alert)
    #expect(first.record.id.bytes == Array("agent.metric/a".utf8))
    #expect(first.record.severity == .medium && first.record.openMetric == "cost_per_hour")
    #expect(first.record.metric == nil && first.value == 10)
    try report(#"{"depth":4}"#, at: 2)
    #expect(alert?.record.severity == .critical && alert?.record.openMetric == "depth" && alert?.record.count == 1)
    #expect(fleet.grade(of: try #require(alert)) == AlertGrade(standing: .present, severity: .critical))
    #expect(fleet.takeAlertChanges() == [AlertID(.metric, "a")])
  }

  @Test mutating func alertClosesOnceAllItsMetricsHaveBeenWellForFiveMinutes() throws {
    try report(#"{"cost_per_hour":50,"depth":1}"#, at: 0)
    for second in stride(from: 10, through: 320, by: 10) {
      try report(#"{"cost_per_hour":7.9,"depth":\#(second == 10 ? 1 : 13)}"#, at: Int64(second))
      if second == 20 { #expect(fleet.grade(of: try #require(alert)).standing == .past) }
      if second == 310 { #expect(alert != nil) }
    }
    #expect(alert == nil)
    #expect(fleet.takeAlertEnds() == [AlertID(.metric, "a"): .recovered])
  }

  @Test mutating func valueNearItsLevelKeepsTheAlert() throws {
    try report(#"{"cost_per_hour":11}"#, at: 0)
    for second in stride(from: 10, through: 900, by: 10) { try report(#"{"cost_per_hour":8}"#, at: Int64(second)) }
    #expect(alert?.isQuiet == false)
    fleet.advance(to: .at(1300))
    #expect(alert?.isQuiet == true)
  }

  @Test mutating func recordOfAHandlerKeepsItsMetricByName() throws {
    var record = AlertRecord(id: AlertID(.metric, "a"), severity: .high, since: .at(0), last: .at(0))
    record.openMetric = "cost_per_hour"
    fleet.setAlert(record)
    #expect(alert?.record.openMetric == "cost_per_hour")
    try report(#"{"depth":20}"#, at: 1)
    for second in stride(from: 10, through: 320, by: 10) { try report(#"{"cost_per_hour":1}"#, at: Int64(second)) }
    #expect(alert == nil)
  }

  @Test mutating func otherTableKeepsTheAlert() throws {
    try report(#"{"cost_per_hour":50}"#, at: 0)
    fleet.setMetrics(MetricTable(declaring: [OpenMetric("another"), OpenMetric("depth")]))
    #expect(alert?.record.openMetric == "cost_per_hour")
    fleet.setMetrics(.builtIn)
    #expect(alert?.record.openMetric == "cost_per_hour" && alert?.record.severity == .critical)
  }

  @Test mutating func metricThatIsDeclaredNoMoreDoesNotHoldItsAlertForEver() throws {
    try report(#"{"depth":1}"#, at: 0)
    fleet.setMetrics(.builtIn)
    #expect(alert?.record.openMetric == "depth")
    fleet.advance(to: .at(400))
    #expect(alert?.isQuiet == true)
  }
}

/// Several metrics in one event: the order of the fleet's table must not matter.
@Suite struct MetricOrderTests {
  private static let levels = Limits.Levels(medium: 10, high: 20, critical: 40)

  /// The agent `a` after an event in which one metric is past its level, and one near it; then only the first reports on.
  private func fleet(_ names: [String], past: String, near: String) throws -> Fleet {
    var fleet = Fleet()
    fleet.setMetrics(MetricTable(declaring: names.map { OpenMetric($0, levels: Self.levels) }))
    try fleet.apply("metrics", "a", #"{"\#(past)":15,"\#(near)":9}"#, at: .at(0))
    for second in stride(from: 30 as Int64, through: 600, by: 30) {
      try fleet.apply("metrics", "a", #"{"\#(past)":1}"#, at: .at(second))
    }
    return fleet
  }

  @Test(arguments: [["one", "two"], ["two", "one"]]) func whatIsNearItsLevelHoldsTheAlertThatItsEventOpened(
    names: [String]
  ) throws {
    let fleet = try fleet(names, past: "one", near: "two")
    #expect(fleet.alerts.open.map(\.id) == [AlertID(.metric, "a")])
  }

  @Test(arguments: [["one", "two"], ["two", "one"]]) func noMetricEndsTheAlertInTheEventInWhichAnotherIsBad(
    names: [String]
  ) throws {
    var fleet = Fleet()
    fleet.setMetrics(MetricTable(declaring: names.map { OpenMetric($0, levels: Self.levels) }))
    for second in stride(from: 0 as Int64, through: 300, by: 30) {
      try fleet.apply("metrics", "a", #"{"one":\#(second == 0 ? 15 : 1)}"#, at: .at(second))
    }
    let since = try #require(Array(fleet.alerts.open).first?.record.since)
    try fleet.apply("metrics", "a", #"{"one":1,"two":15}"#, at: .at(330))
    #expect(Array(fleet.alerts.open).map(\.record.since) == [since])
  }

  @Test func metricsOfVigiasOwnDoTheSame() throws {
    var fleet = Fleet()
    try fleet.apply("something_new", "a", #"{"error_rate":0.045,"response_time":2500}"#, at: .at(0))
    for second in stride(from: 30 as Int64, through: 600, by: 30) {
      try fleet.apply("metrics", "a", #"{"response_time":100}"#, at: .at(second))
    }
    #expect(fleet.alerts.open.map(\.id) == [AlertID(.performanceDegraded, "a")])
  }
}
