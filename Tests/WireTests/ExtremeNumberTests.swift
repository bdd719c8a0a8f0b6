import FleetModel
import TestSupport
import Testing
import Wire

/// Numbers at the ends of their range, in each stored form: they are read within bounds in which one may be added.
@Suite struct ExtremeNumberTests {
  private static let all = ["9223372036854775807", "-9223372036854775808", "1e308", "-1e308", "NaN", "Infinity"]

  private func json(_ text: String) throws -> JSONValue { try JSONValue.parse(Array(text.utf8)) }

  @Test(arguments: all)
  func wholeNumbersOfJSONHaveBounds(text: String) throws {
    let value = try json(#"{"n":\#(text)}"#)["n"]?.int ?? 0
    #expect(value.magnitude <= 9_007_199_254_740_991)
  }

  @Test(arguments: all)
  func recordOfAnAgentHasBounds(text: String) throws {
    let names = ["replicas", "cpu", "memory", "rate_limit", "rate_limited_until", "paused_until", "health", "version"]
    let fields = names.map { (name: Array($0.utf8), value: Array(text.utf8)) }
    let members = names.map { #""\#($0)":\#(text)"# }.joined(separator: ",")
    let stored = [
      AgentRecordCoding.decode(fields: fields), try #require(AgentRecordCoding.decode(json: try json("{\(members)}"))),
    ]
    for record in stored {
      #expect(record.version >= 0 && record.version < .max - 1)
      #expect([record.replicas, record.memory, record.rateLimit].allSatisfy { ($0 ?? 0).magnitude <= 1 << 53 })
      #expect([record.cpu, record.health].allSatisfy { ($0 ?? 0).isFinite })
      #expect(
        AgentRecordCoding.decode(fields: AgentRecordCoding.fields(record).map { (Array($0.name.utf8), $0.value) })
          == record)
    }
  }

  @Test func alertOfAnAuditLineCountsOnInAConsole() throws {
    let at = "2026-11-22T08:00:00.000Z"
    let alert =
      #"{"id":"agent.security_alert/a","severity":"high","count":9223372036854775807,"since":"\#(at)","last":"\#(at)"}"#
    let text =
      #"{"command_id":"c1","phase":"succeeded","action":"ack","target":"a","operator":"o","at":"\#(at)","alert":\#(alert)}"#
    let line = try #require(AuditCoding.decode(Array(text.utf8)))
    var fleet = Fleet()
    let now = Instant(milliseconds: 1_795_334_400_000)
    fleet.advance(to: now)
    fleet.apply(line)
    try fleet.apply("security_alert", "a", #"{"risk_level":"high"}"#, at: now)
    let slot = try #require(fleet.position(of: "a"))
    #expect(fleet.alert(.securityAlert, ofAgentAt: slot)?.record.count == 9_007_199_254_740_992)
  }
}
