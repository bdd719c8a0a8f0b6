import FleetModel
import Loop
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

/// Numbers on a channel, while handlers come, are killed, come back and take over: each console counts every one once.
@Suite(.threaded) struct HandoverTests {
  /// Follows as a console does, and counts.
  private final class Counter {
    private(set) var counts: [Int: Int] = [:]
    private(set) var gaps: [EventFeed.Missed] = []
    private(set) var isReady = false
    private var feed: EventFeed?

    init(_ server: TestServer) {
      feed = EventFeed(loop: server.loop, endpoint: server.endpoint, options: .init()) { [unowned self] event, _ in
        if let number = Int(event.agentID.description) { counts[number, default: 0] += 1 }
      } notice: { [unowned self] in
        take($0)
      }
      feed?.start()
    }

    deinit { feed?.stop() }

    var lease: Lease? { feed?.lease }

    private func take(_ notice: EventFeed.Update) {
      if case .missed(let missed) = notice { gaps.append(missed) }
      if case .handler = notice { isReady = true }
    }
  }

  private func handler(_ id: String, _ server: TestServer) throws -> Child {
    try Child(
      Program.folder + "/vigia-handler", ["--id", id, "--redis", "redis://\(server.endpoint)"],
      environment: ["PATH": "/usr/bin"], error: 2)
  }

  @Test(arguments: [1, 2, 3, 4]) func eachConsoleCountsEveryNumberOnce(_ seed: UInt64) throws {
    let server = try TestServer()
    var random = SeededRandom(seed: seed)
    let counters = [Counter(server), Counter(server)]
    try server.wait { counters.allSatisfy(\.isReady) }
    // Both listen once the server has two subscribers for the pattern.
    try server.wait { (try? server.call("PUBLISH", "agent.probe", "{}")) == .integer(2) }
    let publisher = try NumberPublisher(server) { TestServer.event("\($0)") }
    func pass(_ range: ClosedRange<Int>) throws {
      let goal = publisher.sent + Int.random(in: range, using: &random)
      try server.loop.wait(seconds: 30) { publisher.sent >= goal }
    }
    func waitForRecorder(_ id: String, fence: Int) throws {
      try server.loop.wait(seconds: 30) {
        counters.allSatisfy { $0.lease?.id == id && $0.lease?.isRecording == true && $0.lease?.fence ?? 0 >= fence }
      }
    }
    try pass(1...300)
    let first = try handler("h1", server)
    try waitForRecorder("h1", fence: 1)
    try pass(1...1500)
    first.end(9)
    // Sooner or later than the lease ends, and than consoles give the recorder up.
    try pass(1...5000)
    let again = try handler("h1", server)
    try waitForRecorder("h1", fence: 2)
    try pass(1...500)
    let standby = try handler("h2", server)
    try pass(1...2500)
    again.end(9)
    try waitForRecorder("h2", fence: 3)
    try pass(1...1500)
    standby.end(15)
    try pass(1...500)
    publisher.stop()
    try server.wait { publisher.isIdle }
    let total = publisher.sent
    for counter in counters {
      try server.wait { counter.counts.count >= total || !counter.gaps.isEmpty }
      #expect(counter.gaps.isEmpty)
      let missed = (1...total).filter { counter.counts[$0] == nil }
      #expect(missed.isEmpty, "of \(total)")
      #expect(counter.counts.filter { $0.value != 1 }.isEmpty, "of \(total)")
    }
  }
}
