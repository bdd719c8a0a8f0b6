import Glibc
import Redis
import TestSupport
import TestThreads
import Testing

/// `x` on an alert, from the channel on which it was heard to the entry under which it stands.
@Suite(.threaded) struct WhyTests {
  private let server: TestServer

  init() throws { server = try TestServer() }

  private static func alert(_ kind: String) -> String {
    #"{"entity_id":"a1","event_type":"agent.security_alert","data":{"alert_type":"\#(kind)","risk_level":"high","attempts_count":90}}"#
  }

  private func publish(_ kind: String) throws {
    try server.publish("agent.security_alert", Self.alert(kind))
  }

  /// The id of the recorded alert of a kind.
  private func entry(of kind: String) throws -> String? {
    try server.call("XRANGE", "agentos:events", "-", "+").elements?.first { entry in
      entry.elements?.last?.pairs.contains { String(decoding: $0.value, as: UTF8.self).contains(kind) } == true
    }?.elements?.first?.text
  }

  @Test func alertThatWasHeardLeadsToItsEntryAndToWhatRulesMadeOfIt() throws {
    let handler = try Program(["--id", "h1"], on: server.endpoint, name: "vigia-handler")
    defer { handler.child.end(SIGTERM) }
    try server.wait { (try? server.call("GET", "agentos:handler").text?.contains(#""recording":true"#)) == true }
    let console = try TmuxConsole("", on: server.endpoint, columns: 80, rows: 24)
    try console.wait(for: "live  automation dry")
    for kind in ["first_kind", "second_kind", "third_kind"] { try publish(kind) }
    try server.wait { (try? entry(of: "third_kind")) != nil }
    let ids = try ["third_kind", "second_kind"].map { try #require(try entry(of: $0)) }
    try console.press("5")
    try console.wait { screen in
      ["first", "second", "third"].allSatisfy { kind in screen.contains { $0.contains(kind) } }
    }
    try console.press("x")
    try console.wait(for: "vigia runbook explain \(ids[0])")
    try console.press("Escape")
    try console.wait(for: "Age Risk")
    try console.pressApart("Down", "x")
    try console.wait(for: "vigia runbook explain \(ids[1])")
  }

  @Test func alertThatNobodyRecordedIsSaidToStandNowhere() throws {
    let console = try TmuxConsole("", on: server.endpoint, columns: 80, rows: 24)
    try console.wait(for: "NO HANDLER")
    try publish("lonely")
    try console.press("5")
    try console.wait(for: "lonely")
    try console.press("x")
    try console.wait(for: "The stream of events does not hold it")
  }

  /// What was published straight to the stream is one of many of the same words.
  @Test func alertOfTheStreamIsToldFromOthersBesideIt() throws {
    let start = try #require(try server.call("TIME").elements?[0].integer) * 1000
    for number in 0..<700 { try add("\(start - 3000 + Int64(number))-7", number == 500 ? "a1" : "a2") }
    let console = try TmuxConsole("", on: server.endpoint, columns: 80, rows: 24)
    try console.wait(for: "2 alerts")
    try console.press("/")
    try console.wait(for: "show agents with:")
    try console.press("a", "1")
    try console.wait(for: "show agents with: a1")
    try console.press("Enter")
    try console.wait(for: "? help")
    try console.press("5")
    try console.wait(for: "same words")
    try console.press("x")
    try console.wait(for: "vigia runbook explain \(start - 2500)-7")
  }

  private func add(_ id: String, _ agent: String) throws {
    let alert = Self.alert("same_words").replacing("a1", with: agent, maxReplacements: 1)
    _ = try server.call("XADD", "agentos:events", id, "__data__", alert)
  }
}
