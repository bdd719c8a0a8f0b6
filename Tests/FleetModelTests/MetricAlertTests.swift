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
