import TestSupport
import TestThreads
import Testing
import Wire

/// `vigia grafana`, and `[grafana]` of the handler's file.
@Suite(.threaded) struct GrafanaTests {
  @Test func fleetsDashboardPassesGrafanasSchema() throws {
    let server = try TestServer()
    let run = try Program.run("grafana", "dashboard", "--source", "prom-1", on: server.endpoint)
    #expect(run.status == 0)
    let dashboard = try Array(run.output.utf8).withUnsafeBytes { try JSONValue.parse($0) }
    let schema = try JSONSchema(named: "grafana-dashboard")
    #expect(schema.faults(of: dashboard) == [])
    #expect(dashboard["uid"]?.text == "vigia-fleet" && (dashboard["panels"]?.list?.count ?? 0) >= 29)
    let rows = (dashboard["panels"]?.list ?? []).filter { $0["type"]?.text == "row" }
    #expect(rows.map { $0["title"]?.text } == ["Queues"] && rows.first?["gridPos"]?["w"]?.int == 24)
    // A check that cannot fail would be none.
    let broken = dashboard.adding("nonsense", true)
    #expect(schema.faults(of: broken) == ["$.nonsense: nothing may stand there"])
  }
}

extension JSONValue {
  fileprivate func adding(_ key: String, _ value: JSONValue) -> JSONValue {
    guard case .object(var object) = self else { return self }
    object[key] = value
    return .object(object)
  }
}
