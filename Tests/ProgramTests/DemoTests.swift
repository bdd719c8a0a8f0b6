import TestSupport
import Testing
import Wire

@Suite struct DemoTests {
  @Test func everyCommandSucceedsAndEveryEventArrives() throws {
    let result = try Program.run("demo", "--headless", "--for", "8s", "--seed", "5")
    #expect(result.status == 0)
    #expect(result.errors == "")
    let report = try JSONValue.parse(Array(result.output.utf8))
    #expect(report["commands"] == ["sent": 20, "succeeded": 20, "obeyed": 20])
    #expect(report["events"]?["unreadable"] == 0)
    #expect(report["events"]?["published"] == report["events"]?["decoded"])
    #expect(report["events"]?["published"]?.int ?? 0 > 100)
    #expect(report["agents"] == 12)
    // Every agent that came was given its thresholds, once.
    #expect(report["rules"]?["agent-created"]?["acted"]?.int ?? 0 >= 12)
    #expect(report["latency_ms"]?["p99"]?.double ?? 1000 < 500)
  }
}
