import FleetModel
import Screen
import TestSupport
import Testing

@testable import Console

/// Queues of other services on the screen.
@Suite struct QueueScreenTests {
  private static func queue(
    _ stream: String, _ group: String?, _ change: (inout QueueStanding) -> Void = { _ in }
  ) -> QueueStanding {
    var queue = QueueStanding(stream: stream, group: group, seenSince: .at(0))
    (queue.length, queue.waiting, queue.pending, queue.consumers) = (5000, .nothing, 0, 2)
    queue.lastRead = .at(3598)
    queue.readers = [.init(name: "\(group ?? "")-1", pending: 0, idle: .seconds(2))]
    change(&queue)
    return queue
  }

  private static let unread = queue("orders", "workers") {
    ($0.waiting, $0.oldestWaiting) = (.entries(1240), .at(3300))
    ($0.pending, $0.oldestPending, $0.lastRead) = (37, .at(3060), .at(3360))
    $0.readers = [
      .init(name: "worker-a", pending: 30, idle: .seconds(240)),
      .init(name: "worker-b", pending: 7, idle: .seconds(600)),
    ]
    $0.trouble = QueueTrouble(.nobodyReads, since: .at(3420))
  }

  private static func report(at seconds: Int64 = 3599) -> QueueReport {
    QueueReport(
      at: .at(seconds),
      queues: [
        queue("mail", "senders"), unread,
        queue("billing", "invoices \u{1B}[31m") {
          ($0.waiting, $0.oldestWaiting) = (.some, .at(3590))
          $0.trouble = QueueTrouble(.tooOld, since: .at(3590))
        },
        queue("audit", nil) { ($0.consumers, $0.pending, $0.readers, $0.lastRead) = (nil, nil, [], nil) },
        queue("gone", nil) { queue in
          queue = QueueStanding(stream: "gone", group: nil, seenSince: .at(0))
          queue.fault = "no such stream"
        },
      ])
  }

  private static func scene(columns: Int = 80, rows: Int = 24, _ report: QueueReport? = report()) throws -> Scene {
    var scene = Scene(columns: columns, rows: rows)
    try scene.model.fleet.apply("metrics", "agent-1", #"{"error_rate":0.01}"#, at: .at(3598))
    scene.model.fleet.watch()
    scene.model.fleet.setHandler(isAlive: true)
    scene.model.fleet.setQueues(report)
    scene.goLive(at: .at(3600))
    return scene
  }

  @Test(arguments: [(80, 24), (130, 40), (200, 50), (40, 10), (20, 5)])
  func queuesStandWorstFirst(columns: Int, rows: Int) throws {
    var scene = try Self.scene(columns: columns, rows: rows)
    scene.press(.character("7"))
    expectScreen(scene.draw(), "queues-\(columns)x\(rows)")
  }

  @Test func withoutSettingsThePaneSaysHowToHaveThem() throws {
    var scene = try Self.scene(nil)
    #expect(!scene.draw().lines()[0].contains("Queues"))
    scene.press(.character("7"))
    expectScreen(scene.draw(), "queues-none-80x24")
  }

  @Test func tabVisitsQueuesOnlyIfThereAreAny() throws {
    var scene = try Self.scene(nil)
    for _ in PaneID.allCases.dropLast(2) { scene.press(.tab) }
    #expect(scene.model.focus == .agents)
    scene.model.fleet.setQueues(Self.report())
    scene.press(.backTab)
    #expect(scene.model.focus == .queues)
    scene.press(.tab)
    #expect(scene.model.focus == .agents)
  }

  @Test func queueThatNobodyReadsIsTheFirstThingToKnow() throws {
    var scene = try Self.scene(columns: 130, rows: 40)
    let lines = scene.draw().lines()
    #expect(lines[0].hasPrefix(" ▲ orders / workers nobody reads: 1240 entries wait, the oldest for 5m"))
    #expect(lines.last?.contains("nobody reads: orders / workers and 1 more, 7") == true)
    // An agent that is as badly off comes before it.
    try scene.model.fleet.apply("performance_degraded", "agent-1", #"{"error_rate":0.5}"#, at: .at(3600))
    scene.tick(.at(3601))
    #expect(scene.draw().lines()[0].contains("agent-1"))
  }

  @Test func whatIsOldIsNotTakenForThePresent() throws {
    var scene = try Self.scene(Self.report(at: 3300))
    scene.press(.character("7"))
    let lines = scene.draw().lines()
    #expect(lines.contains { $0.contains("as of 5m ago: no handler has looked since") })
    #expect(!lines[1].contains("nobody reads"))
  }

  @Test func nothingMovesUnderTheCursorWhileHandsAreOnTheKeys() throws {
    var scene = try Self.scene()
    scene.press(.character("7"), .down)
    let selected = scene.model.selectedRow
    var next = Self.report(at: 3601)
    next.queues[0].trouble = QueueTrouble(.nobodyReads, since: .at(3000))
    next.queues[0].oldestWaiting = .at(1000)
    let before = scene.model.lists[.queues]
    scene.model.fleet.setQueues(next)
    scene.tick(.at(3602))
    #expect(scene.model.lists[.queues] == before && scene.model.selectedRow == selected)
    scene.tick(.at(3605))
    #expect(scene.model.lists[.queues].first == .queue(stream: "mail", group: "senders"))
    #expect(scene.model.selectedRow == selected)
  }

  @Test func alertOfAQueueIsAcknowledgedAndThatIsTakenBack() throws {
    var scene = try Self.scene(columns: 130, rows: 40)
    scene.press(.character("7"), .character("a"))
    #expect(scene.draw().lines().contains { $0.contains("acknowledge \"nobody reads\" of orders / workers") })
    let draft = try sent(scene.press(.character("y")))
    #expect(draft.action == .acknowledge && draft.targets.isEmpty)
    #expect(draft.queue == QueueAlertID(.nobodyReads, stream: "orders", group: "workers"))
    var report = Self.report(at: 3601)
    report.queues[1].trouble?.hand = QueueTrouble.Hand(by: "ana", at: .at(3600), note: "on it")
    scene.model.fleet.setQueues(report)
    scene.tick(.at(3606))
    // What somebody has in hand is not the first thing to know any more, and comes behind what nobody has.
    let lines = scene.draw().lines()
    #expect(!lines[0].contains("orders / workers"))
    #expect(lines.contains { $0.contains("ack, no reader") })
    #expect(lines.contains { $0.contains("acknowledged by ana") && $0.contains("on it") })
    #expect(scene.model.lists[.queues].first != .queue(stream: "orders", group: "workers"))
    scene.press(.character("a"))
    #expect(try sent(scene.press(.character("y"))).action == .unacknowledge)
  }

  @Test func queueWithoutAnAlertHasNothingToAcknowledge() throws {
    var scene = try Self.scene()
    scene.press(.character("7"), .end)
    for key in ["a", "S", "c"] as [Character] {
      #expect(scene.press(.character(key)) == [] && scene.model.prompt == nil)
    }
    scene.press(.home, .character("S"))
    #expect(scene.model.prompt == nil)
    #expect(scene.draw().lines().contains { $0.contains("a queue's alert can be acknowledged, with a") })
  }

  @Test func keysForAgentsDoNothingToQueues() throws {
    var scene = try Self.scene()
    scene.press(.character("7"))
    #expect(scene.press(.character("p"), .enter, .character("x"), .character(" ")) == [])
    #expect(scene.model.prompt == nil && scene.model.opened == nil && scene.model.explained == nil)
    #expect(scene.model.marked.isEmpty)
  }
}
