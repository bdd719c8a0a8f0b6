import FleetModel
import Testing

@testable import Configuration

/// Metrics that rules ask for.
@Suite struct RunbookMetricTests {
  private func error(_ when: String, _ metrics: MetricTable = .builtIn) -> String? {
    let text = "[[rules]]\nid = \"r\"\non = \"agent.metrics\"\nwhen = \"\(when)\"\ndo = [{ action = \"pause\" }]\n"
    do {
      _ = try RunbookFile.read(Array(text.utf8), file: "r.toml", metrics: metrics)
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test func ruleAsksForMetricsThatThereAre() {
    #expect(error("data.tokens_per_minute > 1000 and metric.queue_size > 3 and before.tool_latency < 5") == nil)
    #expect(error("metric.depth > 3", MetricTable(declaring: [OpenMetric("depth")])) == nil)
    #expect(error("data.depth > 3") == nil, "data may hold anything")
  }

  @Test func metricThatThereIsNotIsAnErrorWithItsLine() {
    let found = error("metric.depth > 3")
    #expect(found?.hasPrefix("r.toml:4: rules[0].when: asks for metric.depth, which is no metric; there are") == true)
    #expect(found?.contains("error_rate") == true && found?.contains("waiting_for_person") == true)
    #expect(error("before.Depth > 3")?.contains("at character 1 \"before.Depth\" names no metric") == true)
  }
}
