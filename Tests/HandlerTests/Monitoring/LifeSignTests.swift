import FleetModel
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// The heartbeat: told while the leader acts and reads in time, and not otherwise.
@Suite(.threaded) struct LifeSignTests {
  private let scene: HandlerScene

  init() throws { scene = try HandlerScene(start: false) }

  private func service(_ answer: @escaping (MockService.Request) -> MockService.Answer) throws -> MockService {
    try MockService(loop: scene.server.loop, answer: answer)
  }

  private func start(
    _ id: String, _ service: MockService, every span: TimeSpan = .milliseconds(100), waits: Bool = true
  ) throws -> HandlerService {
    try scene.startHandler(id, waits: waits) {
      $0.heartbeat = HeartbeatSettings(url: service.url("/ping/\(id)"), every: span)
      $0.monitoring.address = ListenAddress("127.0.0.1:0")
    }
  }

  /// The lease is renewed each second, as often as it looks whether it has to tell.
  private func waitForRenewals(_ count: Int, of handler: HandlerService) throws {
    var seen: Set<Int64> = []
    try scene.server.wait {
      if let until = handler.session?.mayActUntil { seen.insert(until.milliseconds) }
      return seen.count > count
    }
  }

  private func paths(_ service: MockService) -> [String] { service.requests.map(\.path) }

  @Test func leaderTellsAgainAndAgainAndAStandbyDoesNot() throws {
    let service = try service { _ in .status(200, "OK") }
    let leader = try start("h1", service)
    _ = try start("h2", service, waits: false)
    try scene.server.wait { leader.counts.heartbeats[.sent] ?? 0 >= 3 }
    #expect(Set(paths(service)) == ["/ping/h1"])
    #expect(service.requests.allSatisfy { $0.method == "GET" && $0.body.isEmpty })
    // Whoever takes over tells from then on.
    leader.halt()
    try scene.server.wait { paths(service).last == "/ping/h2" }
  }

  @Test func nothingIsToldBeforeItsSpanIsOver() throws {
    let service = try service { _ in .status(204) }
    let handler = try start("h1", service, every: .hours(1))
    try scene.server.wait { handler.counts.heartbeats[.sent] == 1 }
    try waitForRenewals(3, of: handler)
    #expect(service.requests.count == 1)
  }

  /// Who holds the lease and cannot read events is as good as dead to those who rely on it.
  @Test func leaderThatDoesNotReadTellsNothing() throws {
    let service = try service { _ in .status(200) }
    _ = try scene.server.call("SET", scene.keys.events, "in the way")
    let handler = try start("h1", service)
    try scene.server.wait { handler.counts.heartbeats[.withheld] ?? 0 >= 2 }
    #expect(service.requests.isEmpty && handler.isActive)
    _ = try scene.server.call("DEL", scene.keys.events)
    try scene.server.wait { service.requests.count >= 1 }
  }

  @Test func answerThatIsNoneIsTriedAgainAndHoldsUpNothing() throws {
    var answers: [MockService.Answer] = [.status(500, "ill"), .hangUp, .status(302, "elsewhere"), .status(200)]
    let service = try service { _ in answers.count > 1 ? answers.removeFirst() : answers[0] }
    let handler = try start("h1", service)
    try scene.send(.pause, ["a-1"], ["for": "5m"])
    try scene.server.wait { handler.counts.heartbeats[.sent] ?? 0 >= 1 }
    #expect(handler.counts.heartbeats[.failed] == 3)
    #expect(service.requests.count >= 4)
  }

  @Test func serviceThatHangsHoldsUpNothing() throws {
    let service = try service { _ in .silence }
    let handler = try start("h1", service)
    try scene.server.wait { service.requests.count == 1 }
    try scene.send(.pause, ["a-1"], ["for": "5m"])
    #expect(service.requests.count == 1, "one is under way at a time")
    var hasEnded = false
    handler.stop { hasEnded = true }
    try scene.server.wait { hasEnded }
  }

  @Test func settingsThatAreReadAgainTurnItOnAndOff() throws {
    let service = try service { _ in .status(200) }
    let handler = try scene.startHandler("h1")
    var options = handler.options
    options.heartbeat = HeartbeatSettings(url: service.url("/a"), every: .milliseconds(100))
    handler.apply(options)
    try scene.server.wait { !service.requests.isEmpty }
    options.heartbeat = nil
    handler.apply(options)
    let count = service.requests.count
    try waitForRenewals(3, of: handler)
    #expect(service.requests.count <= count + 1)
  }
}
