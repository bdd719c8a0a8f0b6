import FleetModel
import Redis
import Simulation
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// Conversations of a simulated fleet go on through a real handler, and through its end: no message is lost, and none is
/// answered twice.
@Suite(.threaded) struct HandoffFleetTests {
  private let scene: HandoffScene

  init() throws { scene = try HandoffScene() }

  /// The fleet, whose time runs faster than the server's, and how far it has read what it is told.
  private struct Runtime {
    let scene: HandoffScene
    var fleet: SimulatedFleet
    var now: Instant
    var read = "0-0"

    init(_ scene: HandoffScene, seed: UInt64) throws {
      self.scene = scene
      now = try scene.handlers.now()
      fleet = SimulatedFleet(agents: 12, rate: 20, seed: seed, incidents: .none, at: now, handsOver: true)
    }

    mutating func step() throws {
      now = now + .milliseconds(200)
      try publish(fleet.advance(to: now))
      let request = try scene.server.call("XRANGE", scene.keys.control, "(\(read)", "+")
      for entry in request.elements ?? [] {
        guard let parts = entry.elements, let id = parts.first?.text else { continue }
        read = id
        let payload = parts.last?.pairs.first { $0.name == Keys.dataField }?.value
        if let message = payload.flatMap({ ControlCoding.decode($0) }) { try publish(fleet.obey(message)) }
      }
    }

    private func publish(_ events: [SimulatedEvent]) throws {
      for event in events {
        let body = event.body(at: now, isDotted: true).encoded
        _ = try scene.server.call("XADD", scene.keys.events, "*", Keys.dataField, body)
      }
    }
  }

  @Test(arguments: [1, 2] as [UInt64])
  func conversationsGoOnThroughHandlersThatEnd(_ seed: UInt64) throws {
    var handler = try scene.start("h0")
    var runtime = try Runtime(scene, seed: seed)
    var counts = ConversationCounts()
    for step in 1...5000 where counts.moved < 12 {
      try runtime.step()
      counts = try #require(runtime.fleet.conversationCounts)
      try #require(counts.lost == 0 && counts.answeredTwice == 0, "\(counts)")
      try #require(counts.written == counts.answered + counts.left + runtime.fleet.unansweredCount, "\(counts)")
      if step % 120 == 60 {
        try scene.kill(handler)
        handler = try scene.start("h\(step)")
      }
    }
    #expect(counts.moved >= 12, "\(counts)")
    let lines = try scene.handlers.audit().filter { $0.action == "handoff" }
    for (run, lines) in Dictionary(grouping: lines, by: { $0.origin.key }) {
      #expect(lines.count { $0.phase == .started } <= 1 && lines.count { $0.phase != .started } <= 1, "\(run)")
    }
  }
}
