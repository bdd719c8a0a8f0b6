import Automation
import FleetModel
import HTTP
import Loop
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// The real Alertmanager takes what it is sent.
@Suite(.threaded) struct AlertmanagerTests {
  private let alertmanager: Alertmanager
  private let scene: HandlerScene
  private let client: HTTPClient

  init() throws {
    alertmanager = try Alertmanager()
    scene = try HandlerScene(start: false)
    client = try HTTPClient(loop: scene.server.loop)
  }

  private func answer(_ request: HTTPRequest) throws -> HTTPResponse {
    var found: HTTPResult?
    client.send(request) { found = $0 }
    try scene.server.wait { found != nil }
    guard case .response(let response) = found else { throw Alertmanager.Failure.notServing(alertmanager.port) }
    return response
  }

  /// The alerts that are active.
  private func alerts() throws -> [JSONValue] {
    try answer(HTTPRequest(url: alertmanager.url + "/api/v2/alerts")).json?.list ?? []
  }

  @Test func alertIsActiveUntilItIsResolved() throws {
    let table = NotifyTable(
      channels: ["alerts": Channel(.alertmanager, url: alertmanager.url + "/")], defaultRoute: ["alerts"])
    try scene.startHandler("h1") { $0.notify = table }
    try scene.send(.escalate, ["agent-1"], ["to": "oncall", "severity": "critical"])
    try scene.server.wait { (try? alerts().count) == 1 }
    let alert = try #require(try alerts().first)
    #expect(alert["labels"]?["key"]?.text == "escalation/agent-1")
    #expect(alert["labels"]?["severity"]?.text == "critical")
    #expect(alert["annotations"]?["summary"]?.text == "agent-1 needs a person from oncall: test")
    #expect(alert["status"]?["state"]?.text == "active")
    let stored = try scene.server.call("HVALS", scene.keys.notices).elements?.first?.bytes ?? []
    #expect(try JSONValue.parse(stored)["stands"]?.bool == true, "it is posted again before it ends")
    try resolve()
    try scene.server.wait { (try? alerts().isEmpty) == true }
    try scene.server.wait { (try? scene.server.call("HLEN", scene.keys.notices)) == .integer(0) }
  }

  /// An end that has not come yet by its clock would end nothing.
  @Test func alertIsResolvedAlsoIfAlertmanagersClockIsBehind() throws {
    let channel = Channel(.alertmanager, url: alertmanager.url)
    let ahead = try scene.now() + .seconds(30)
    for (status, isActive) in [(Notice.Status.firing, true), (.resolved, false)] {
      let notice = Notice(key: "k", status: status, severity: .high, title: "t", at: ahead)
      _ = try answer(ServiceRequest(notice: notice, channel: channel, now: ahead).request)
      try scene.server.wait { (try? !alerts().isEmpty) == isActive }
    }
  }

  private func resolve() throws {
    let alert = try #require(try scene.alert(.escalation, "agent-1"))
    let session = try #require(scene.handlers.first?.session)
    var step = Transaction()
    session.notify(Notice(escalation: alert, .resolved, at: session.now), in: &step)
    session.run(step) { _ in session.tell(.notices) }
  }

  @Test func everyNoticeIsTaken() throws {
    let channel = Channel(.alertmanager, url: alertmanager.url)
    let long = String(repeating: "👨‍👩‍👧‍👦e\u{301}\"\\\u{1B}", count: 2000)
    let now = try scene.now()
    for status in Notice.Status.allCases {
      let notice = Notice(
        key: long, status: status, severity: .low, title: long, text: long,
        fields: [Notice.Field("95 %", long), Notice.Field("", long), Notice.Field("é", "")],
        agents: [AgentID(bytes: [0xFF, 0x00])], rule: "r", at: now + .minutes(1))
      let message = ServiceRequest(notice: notice, channel: channel, now: now)
      let response = try answer(message.request)
      #expect(
        message.result(of: .response(response), at: now) == .delivered(pause: nil), "\(status): \(response.words)")
    }
  }

  @Test func alertWithoutLabelsIsRefusedForGood() throws {
    let message = ServiceRequest(
      notice: Notice(key: "k", severity: .low, title: "t", at: .epoch),
      channel: Channel(.alertmanager, url: alertmanager.url),
      now: .epoch)
    var request = message.request
    request.body = Array(#"[{"labels":{}}]"#.utf8)
    guard case .refused(let reason) = message.result(of: .response(try answer(request)), at: .epoch) else {
      Issue.record("not refused")
      return
    }
    #expect(reason.hasPrefix("HTTP 4"))
  }
}
