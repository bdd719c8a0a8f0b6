import Automation
import FleetModel
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// What a service or a program repeats of a secret stands nowhere in Redis.
@Suite(.threaded) struct EchoTests {
  private static let secret = "s3cr/et-token-of-the-service"
  private let scene: HandlerScene

  init() throws { scene = try HandlerScene(start: false) }

  private func template(_ text: String) -> Template {
    (try? Template(text, environment: ["TOKEN": Self.secret])) ?? Template(text: text)
  }

  /// All that Redis holds, as text.
  private func everything() throws -> String {
    let keys = try scene.server.call("KEYS", "*").elements?.compactMap(\.bytes) ?? []
    return try keys.map { key in
      let type = try scene.server.call("TYPE", key).text ?? ""
      let reply =
        switch type {
        case "string": try scene.server.call("GET", key)
        case "hash": try scene.server.call("HGETALL", key)
        case "stream": try scene.server.call("XRANGE", key, "-", "+")
        case "zset": try scene.server.call("ZRANGE", key, 0, -1)
        default: try scene.server.call("SMEMBERS", key)
        }
      return "\(String(decoding: key, as: UTF8.self)) \(Self.text(reply))"
    }.joined(separator: "\n")
  }

  private static func text(_ reply: Reply) -> String {
    reply.elements.map { $0.map(text).joined(separator: " ") } ?? reply.text ?? ""
  }

  private func start(_ actuators: ActuatorTable) throws {
    try scene.startHandler("h1") {
      $0.actuators = actuators
      $0.log.secrets = [Self.secret]
    }
  }

  @Test(arguments: [
    "s3cr/et-token-of-the-service", #"s3cr\/et-token-of-the-service"#, "s3cr%2Fet-token-of-the-service",
    #"s3cr\u002fet-token-of-the-service"#,
  ])
  func echoOfAServiceIsRedacted(_ echo: String) throws {
    let service = try MockService(loop: scene.server.loop) { _ in .status(403, "{\"error\":\"bad token \(echo)\"}") }
    let http = HTTPActuator(
      url: template(service.url("/pause?key={env.TOKEN}")),
      headers: [.init(name: "Authorization", value: template("Bearer {env.TOKEN}"))])
    try start(ActuatorTable(actions: [.pause: .http(http)]))
    #expect(try scene.send(.pause, ["agent-1"]).last?.detail == #"HTTP 403: {"error":"bad token ***"}"#)
    #expect(service.requests.first?.headers["authorization"] == ["Bearer \(Self.secret)"])
    #expect(try everything().contains("bad token ***"))
    #expect(try !everything().contains("token-of-the-service"))
  }

  @Test func echoOfAProgramIsRedacted() throws {
    let exec = ExecActuator(
      arguments: [template("/bin/sh"), template("-c"), template("echo denied: $TOKEN >&2; exit 3")],
      environment: ["TOKEN": template("{env.TOKEN}")])
    try start(ActuatorTable(actions: [.pause: .exec(exec)]))
    #expect(try scene.send(.pause, ["agent-1"]).last?.detail == "exit 3: denied: ***")
    #expect(try !everything().contains("token-of-the-service"))
  }

  @Test func echoInAJobsReportIsRedacted() throws {
    let exec = ExecActuator(
      arguments: [template("/bin/sh"), template("-c"), template("echo $TOKEN; exit 3")],
      environment: ["TOKEN": template("{env.TOKEN}")])
    try start(ActuatorTable(jobs: ["audit": .exec(exec)]))
    try scene.send(.schedule, ["agent-1"], ["job": "audit", "at": "1s"])
    try scene.server.wait { (try? !scene.entries(scene.keys.reports).isEmpty) == true }
    let reports = try scene.entries(scene.keys.reports).map { String(decoding: $0, as: UTF8.self) }
    #expect(reports.count == 1 && reports[0].contains("exit 3: ***"))
    #expect(try !everything().contains("token-of-the-service"))
  }

  @Test func settingsThatAreNotTakenAreToldWithoutSecrets() throws {
    let handler = try scene.startHandler("h1") { $0.log.secrets = [Self.secret] }
    handler.complain("settings not taken: \(Self.secret) is no number")
    try scene.server.wait { (try? everything().contains("settings not taken")) == true }
    #expect(try !everything().contains("token-of-the-service"))
  }
}
