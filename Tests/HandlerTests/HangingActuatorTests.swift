import Automation
import FleetModel
import TestSupport
import TestThreads
import Testing

@testable import Handler

/// What acts outside may hang for as long as it is allowed to: nobody else waits for it.
@Suite(.threaded) struct HangingActuatorTests {
  private let scene: HandlerScene
  private let service: MockService
  private let agents = (1...80).map { AgentID("agent-\($0)") }

  init() throws {
    scene = try HandlerScene(start: false)
    service = try MockService(loop: scene.server.loop) { $0.path.hasPrefix("/well") ? .status(200) : .silence }
  }

  private func http(_ path: String) throws -> Actuator {
    .http(
      HTTPActuator(
        method: "PUT", url: try Template(service.url(path)), headers: [], body: nil, timeout: .minutes(10), attempts: 1)
    )
  }

  private func start(_ actions: [Action: Actuator], parallel: Int = 64) throws {
    try scene.startHandler("h1") {
      $0.actuators = ActuatorTable(actions: actions)
      $0.parallel = parallel
    }
  }

  /// More than there are places, all of which hang.
  private func hang() throws -> Command {
    let command = try scene.command(.restart, agents)
    try scene.publish(command)
    try scene.server.wait { service.requests.count == 64 }
    return command
  }

  /// The closing lines of restarts that were refused, once there are so many: the last of them are written beside what
  /// comes behind them.
  private func refused(_ count: Int) throws -> [AuditLine] {
    var lines: [AuditLine] = []
    try scene.server.wait {
      lines = ((try? scene.audit()) ?? []).filter {
        $0.action == "restart" && $0.target == .none && $0.phase == .failed
      }
      return lines.count >= count
    }
    #expect(lines.count == count)
    return lines
  }

  @Test func pauseByRedisGoesAheadWhileAServiceHangsForManyAgents() throws {
    try start([.restart: try http("/hangs/{agent}")])
    _ = try hang()
    #expect(try scene.send(.pause, ["agent-100"]).last?.short == "succeeded: paused for 15m")
    #expect(try scene.send(.pause, (100..<200).map { AgentID("agent-\($0)") }).last?.phase == .succeeded)
    #expect(service.requests.count == 64)
  }

  /// More commands than may be in hand.
  @Test func pauseByRedisGoesAheadWhileThousandsOfCommandsWaitForOneService() throws {
    try start([.restart: try http("/hangs/{agent}")], parallel: 1)
    for number in 0...Dispatcher.mostDeliveries {
      try scene.publish(try scene.command(.restart, [AgentID("a-\(number)")]))
    }
    try scene.publish(try scene.command(.pause, ["agent-100"]))
    try scene.server.wait { (try? scene.record("agent-100").state) == .paused }
    let refused = try refused(Dispatcher.mostDeliveries - Places.mostDeliveries)
    #expect(
      refused.allSatisfy {
        $0.detail == "\(Places.mostDeliveries) other commands wait for what carries it out; send it again later"
      })
  }

  /// More commands than may be in hand, all for the agent whose service hangs.
  @Test func pauseByRedisGoesAheadWhileThousandsOfCommandsWaitForOneAgent() throws {
    try start([.restart: try http("/hangs/{agent}")])
    for _ in 0...Dispatcher.mostDeliveries { try scene.publish(try scene.command(.restart, ["agent-1"])) }
    try scene.publish(try scene.command(.pause, ["agent-100"]))
    try scene.server.wait { (try? scene.record("agent-100").state) == .paused }
    let refused = try refused(Dispatcher.mostDeliveries + 1 - Dispatcher.mostOnLane)
    #expect(
      refused.allSatisfy {
        $0.detail == "\(Dispatcher.mostOnLane) other commands for agent-1 wait; send it again later"
      })
    #expect(service.requests.count == 1)
  }

  @Test func programThatHangsTakesNoPlaceOfAnother() throws {
    let exec = ExecActuator(
      arguments: [Template(text: "/bin/sleep"), Template(text: "60")], environment: [:], timeout: .seconds(60))
    try start([.restart: .exec(exec), .pause: try http("/well/{agent}")], parallel: 2)
    let restart = try scene.command(.restart, Array(agents.prefix(6)))
    try scene.publish(restart)
    try scene.server.wait {
      (try? scene.audit().count { $0.origin == .command(restart.id) && $0.phase == .started }) == 2
    }
    #expect(try scene.send(.pause, ["agent-100"]).last?.phase == .succeeded)
  }

  @Test func undoGoesAheadWhileAnotherAgentsServiceHangs() throws {
    try start([.restart: try http("/hangs/{agent}")])
    let pause = try scene.command(.pause, ["agent-100"])
    try scene.publish(pause)
    _ = try scene.outcome(of: pause.id)
    _ = try hang()
    let lines = try scene.send(.undo, [], ["command_id": pause.id.text])
    #expect(lines.last?.short == "succeeded: resumed")
  }

  @Test func commandsForOtherAgentsDoNotWaitForAnUndo() throws {
    try start([.restart: try http("/hangs/{agent}"), .scale: try http("/well/{agent}")])
    let scaled = try scene.command(.scale, ["agent-1"], ["replicas": "3"])
    try scene.publish(scaled)
    #expect(try scene.outcome(of: scaled.id).last?.phase == .succeeded)
    let restart = try scene.command(.restart, ["agent-1"])
    try scene.publish(restart)
    try scene.server.wait { service.requests.contains { $0.path.hasPrefix("/hangs") } }
    // It waits for its agent, as whatever comes after it for that agent does.
    let undo = try scene.command(.undo, [], ["command_id": scaled.id.text])
    try scene.publish(undo)
    let late = try scene.command(.pause, ["agent-1"])
    try scene.publish(late)
    #expect(try scene.send(.pause, ["agent-2"]).last?.phase == .succeeded)
    let phases = try scene.audit().filter { [undo.id, late.id].map { .command($0) }.contains($0.origin) }.map(\.phase)
    #expect(phases == [.received, .received])
  }

  @Test func undoWaitsForTheEndOfWhatItTakesBackAndIsFollowedInOrder() throws {
    var isHeld = true
    let slow = try MockService(loop: scene.server.loop) { _ in
      isHeld ? .status(503, headers: [("Retry-After", "0.01")]) : .status(200)
    }
    let actuator = HTTPActuator(
      method: "PUT", url: try Template(slow.url("/{agent}")), headers: [], body: nil, timeout: .seconds(10),
      attempts: 10_000)
    try start([.pause: .http(actuator)])
    let pause = try scene.command(.pause, ["agent-1", "agent-2"])
    let undo = try scene.command(.undo, [], ["command_id": pause.id.text])
    let second = try scene.command(.undo, [], ["command_id": pause.id.text])
    let scale = try scene.command(.scale, ["agent-1"], ["replicas": "3"])
    for command in [pause, undo, second, scale] { try scene.publish(command) }
    try scene.server.wait { slow.requests.count > 4 }
    isHeld = false
    #expect(try scene.outcome(of: undo.id).last?.phase == .succeeded)
    #expect(
      try scene.outcome(of: second.id).last?.short
        == "rejected: that pause was already undone")
    #expect(try scene.outcome(of: scale.id).last?.phase == .succeeded)
    let order = try scene.audit().filter { $0.target == "agent-1" && $0.phase == .succeeded }.map(\.action)
    #expect(order == ["pause", "undo", "scale"])
  }

  @Test func switchTurnsWhileABlockForTheFleetHangs() throws {
    try start([.blockIP: try http("/hangs/{args.ip}")])
    let block = try scene.command(.blockIP, [], ["ip": "192.0.2.1"])
    try scene.publish(block)
    try scene.server.wait { service.requests.count == 1 }
    #expect(try scene.send(.automation, [], ["mode": "off"]).last?.phase == .succeeded)
  }

  @Test func commandThatWaitsForAPlaceIsSaidToBeReceived() throws {
    try start([.restart: try http("/hangs/{agent}")], parallel: 1)
    try scene.publish(try scene.command(.restart, ["agent-1"]))
    try scene.server.wait { service.requests.count == 1 }
    let second = try scene.command(.restart, ["agent-2"])
    try scene.publish(second)
    try scene.server.wait { (try? scene.audit().contains { $0.origin == .command(second.id) }) == true }
    #expect(try scene.audit().filter { $0.origin == .command(second.id) }.map(\.phase) == [.received])
    // Nothing is said to have begun that has not.
    #expect(service.requests.count == 1)
  }
}
