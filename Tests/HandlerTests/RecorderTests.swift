import Automation
import FleetModel
import Loop
import Redis
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

@Suite(.threaded) struct RecorderTests {
  @Test func whatIsHeardIsRecordedWithItsChannelFirst() throws {
    let scene = try HandlerScene()
    try scene.waitForRecording()
    _ = try scene.server.call("PUBLISH", "agent.metrics", "one")
    _ = try scene.server.call("PUBLISH", "agents.status", "two")
    _ = try scene.server.call("PUBLISH", "other", "three")
    try scene.server.wait { ((try? scene.recorded().count) ?? 0) == 2 }
    #expect(try scene.recorded() == ["agent.metrics one", "agents.status two"])
    let entries = try scene.server.call("XRANGE", scene.keys.events, "-", "+").elements ?? []
    for entry in entries {
      #expect(entry.elements?.last?.pairs.map { String(decoding: $0.name, as: UTF8.self) } == ["channel", "__data__"])
    }
  }

  @Test func leaseTellsThatItRecordsOnceTheMarkerIsInTheStream() throws {
    let scene = try HandlerScene()
    try scene.waitForRecording()
    let lease = try #require(try scene.lease())
    #expect(lease.id == "h1")
    #expect(lease.fence == 1)
    #expect(lease.patterns == ["agent.*", "agents.*"])
    let marker = try #require(try scene.entries(scene.keys.events).first.flatMap { RecorderMarker.decode($0) })
    #expect(marker.handler == "h1")
    #expect(marker.fence == 1)
  }

  /// A standby that heard the message has a marker to find it by, whenever the next one comes.
  @Test func markerComesBehindTheLastMessage() throws {
    let scene = try HandlerScene()
    try scene.waitForRecording()
    for text in ["one", "two"] {
      _ = try scene.server.call("PUBLISH", "agent.metrics", text)
      try scene.server.wait { (try? scene.recorded().last) == "agent.metrics \(text)" }
      try scene.server.wait {
        (try? scene.entries(scene.keys.events).last.flatMap { RecorderMarker.decode($0) }) != nil
      }
    }
    // And no more of them while nothing comes.
    let count = try scene.entries(scene.keys.events).count
    let later = try scene.now(.seconds(2))
    try scene.server.wait { ((try? scene.now()) ?? later) > later }
    // A machine that stands still for long subscribes anew, and marks once.
    #expect(try scene.entries(scene.keys.events).count <= count + 1)
  }

  @Test func standbyWritesWhatADeadRecorderMissed() throws {
    let scene = try HandlerScene(start: false)
    let publisher = try NumberPublisher(scene.server) { "\($0)" }
    try scene.server.wait { publisher.sent >= 20 }
    let first = try scene.startHandler("h1")
    try scene.waitForRecording()
    let second = try scene.startHandler("h2", waits: false)
    let mark = publisher.sent
    try scene.server.wait { publisher.sent >= mark + 300 }
    first.halt()
    try scene.server.wait { second.isActive }
    try scene.waitForRecording(fence: 2)
    publisher.stop()
    try scene.server.wait { publisher.isIdle }
    try scene.server.wait { ((try? scene.recorded().last) ?? "") == "agent.metrics \(publisher.sent)" }
    let numbers = try scene.recorded().compactMap { Int($0.split(separator: " ")[1]) }
    // What was published before the first handler listened is nobody's to record.
    let start = try #require(numbers.first)
    #expect(numbers == Array(start...publisher.sent))
    #expect(numbers.count >= 300)
  }

  @Test func standbyTakesOverSoonAfterAKillAndAtOnceAfterARelease() throws {
    let scene = try HandlerScene()
    let second = try scene.startHandler("h2", waits: false)
    let third = try scene.startHandler("h3", waits: false)
    scene.handlers[0].halt()
    #expect(try scene.server.wait { second.isActive || third.isActive } < 4000)
    let (active, other) = second.isActive ? (second, third) : (third, second)
    active.stop {}
    #expect(try scene.server.wait { other.isActive } < 1000)
    #expect(try scene.server.call("GET", scene.keys.fence) == .string(Array("3".utf8)))
  }

  @Test func lossOfTheChannelsIsAGapOfTheRecordingAndNothingElse() throws {
    let scene = try HandlerScene()
    try scene.waitForRecording()
    let standby = try scene.startHandler("h2", waits: false)
    try scene.server.wait { (try? scene.subscribers()) == 2 }
    _ = try scene.server.call("CLIENT", "KILL", "TYPE", "pubsub")
    try scene.server.wait { (try? scene.gaps().count) == 1 }
    try scene.waitForRecording()
    _ = try scene.server.call("PUBLISH", "agent.metrics", "after")
    try scene.server.wait { (try? scene.recorded()) == ["agent.metrics after"] }
    #expect(scene.handlers[0].isActive && !standby.isActive)
    #expect(try scene.lease()?.fence == 1)
    let gap = try #require(try scene.gaps().first)
    #expect(gap.from <= gap.to && gap.to - gap.from < .minutes(1))
  }

  @Test func burstThatCutsTheSubscriptionLeavesTheLease() throws {
    let scene = try HandlerScene(start: false)
    let folder = try TemporaryFolder()
    let program = ExecActuator(
      arguments: ["/bin/sh", "-c", "while [ ! -e $0 ]; do sleep 0.05; done", folder.file("end")].map {
        Template(text: $0)
      }, environment: [:], timeout: .seconds(60))
    try scene.startHandler("h1") {
      $0.actuators = ActuatorTable(actions: [.restart: .exec(program)])
      // Longer than a busy machine takes for the burst: else the lease could end by that.
      $0.leaseSpan = .seconds(15)
    }
    try scene.waitForRecording()
    let restart = try scene.command(.restart, ["agent-1"])
    try scene.publish(restart)
    try scene.server.wait { (try? scene.audit().contains { $0.phase == .started }) == true }
    // More than the 32 MB that the server keeps for a subscriber.
    let script = "for n = 1, 20 do redis.call('PUBLISH', 'agent.metrics', string.rep('x', 1900000)) end return 1"
    _ = try scene.server.call("EVAL", script, "0")
    try scene.server.wait { (try? scene.gaps().isEmpty) == false }
    try scene.waitForRecording()
    _ = try scene.server.call("PUBLISH", "agent.metrics", "after")
    try scene.server.wait { (try? scene.recorded().last) == "agent.metrics after" }
    #expect(scene.handlers[0].isActive)
    #expect(try scene.lease()?.fence == 1)
    // What was under way goes on, and comes to its own end.
    try folder.write("", to: "end")
    let lines = try scene.outcome(of: restart.id)
    #expect(lines.count { $0.phase == .started } == 1)
    #expect(lines.last?.phase == .succeeded, "\(lines)")
  }

  /// Reading waits while many events are to be judged; the channels are heard all the same.
  @Test func channelsAreRecordedWhileReadingWaits() throws {
    let scene = try HandlerScene(start: false)
    _ = try scene.server.call("SET", scene.keys.automation, "on")
    let runbook = try RuleScene.read(
      """
      [[rules]]
      id = "told"
      on = "agent.custom"
      throttle = [{ once_within = "1h", per = "fleet" }]
      do = [{ action = "report", name = "x" }]
      """)
    try scene.startHandler("h1") { $0.runbook = runbook }
    try scene.waitForRecording()
    // The audit takes nothing: what rules hold back waits to be told, and events behind it wait to be read.
    _ = try scene.server.call("RENAME", scene.keys.audit, "kept")
    _ = try scene.server.call("SET", scene.keys.audit, "in the way")
    let total = 20_000
    let script = """
      for n = 1, ARGV[1] do
        redis.call('XADD', KEYS[1], '*', '__data__', '{"entity_id":"a' .. n .. '","event_type":"agent.custom","data":{}}')
      end
      """
    _ = try scene.server.call("EVAL", script, "1", scene.keys.events, total)
    func read() throws -> Int64 { try scene.server.callCount(of: "xread") + scene.server.callCount(of: "xrange") }
    let last = try scene.server.call("XREVRANGE", scene.keys.events, "+", "-", "COUNT", 1).elements?.first?.elements?[0]
    var calls: Int64 = -1
    // It reads no further: neither does its cursor reach the end.
    try scene.server.wait {
      var isDue = false
      scene.server.loop.schedule(inMilliseconds: 1500) { isDue = true }
      _ = try? scene.server.wait { isDue }
      defer { calls = (try? read()) ?? -1 }
      return (try? read()) == calls
    }
    let cursor = try scene.server.call("HGET", scene.keys.cursor, scene.keys.events)
    #expect(cursor != last)
    for number in 0..<50 { _ = try scene.server.call("PUBLISH", "agent.metrics", "heard-\(number)") }
    try scene.server.wait { (try? scene.recorded().filter { $0.hasPrefix("agent.metrics heard-") }.count) == 50 }
    #expect(scene.handlers[0].isActive)
    #expect(try scene.server.call("HGET", scene.keys.cursor, scene.keys.events) == cursor)
    // Once it may write again it reads on to the end.
    _ = try scene.server.call("DEL", scene.keys.audit)
    try scene.server.wait { (try? scene.cursorIsAtEnd()) == true }
  }

  @Test func stoppedLeaderThatWakesIsRefused() throws {
    let scene = try HandlerScene()
    // Somebody else took over while this one slept.
    _ = try scene.server.call("SET", scene.keys.fence, "7")
    _ = try scene.server.call("SET", scene.keys.lease, "other", "PX", 60_000)
    try scene.publish(try scene.command(.pause, ["agent-1"]))
    try scene.server.wait { !scene.handlers[0].isActive }
    #expect(try scene.record("agent-1") == AgentRecord())
    #expect(try scene.audit().isEmpty)
    _ = try scene.server.call("DEL", scene.keys.lease)
    try scene.server.wait { scene.handlers[0].isActive }
    #expect(try scene.server.call("GET", scene.keys.fence) == .string(Array("8".utf8)))
    try scene.server.wait { (try? scene.record("agent-1").state) == .paused }
  }
}

extension HandlerScene {
  func lease() throws -> Lease? { try server.call("GET", keys.lease).bytes.flatMap { LeaseCoding.decode($0) } }

  /// How many are subscribed to the recorded patterns.
  func subscribers() throws -> Int {
    let clients = String(decoding: try server.call("CLIENT", "LIST", "TYPE", "pubsub").bytes ?? [], as: UTF8.self)
    return clients.split(separator: "\n").count { $0.contains(" psub=2 ") }
  }

  /// What the audit tells of spans in which nothing was recorded.
  func gaps() throws -> [(from: Instant, to: Instant)] { try audit().compactMap(\.recordingGap) }

  func waitForRecording(fence: Int = 1) throws {
    try server.wait {
      guard let lease = try? self.lease() else { return false }
      return lease.isRecording && lease.fence == fence
    }
  }

  /// Channel and payload of every recorded entry but the markers.
  func recorded() throws -> [String] {
    try server.call("XRANGE", keys.events, "-", "+").elements?.compactMap { entry in
      let fields = entry.elements?.last?.pairs ?? []
      guard let channel = fields.first(where: { $0.name == Keys.channelField })?.value,
        let payload = fields.first(where: { $0.name == Keys.dataField })?.value, channel != keys.recorderChannel
      else { return nil }
      return String(decoding: channel + [32] + payload, as: UTF8.self)
    } ?? []
  }
}
