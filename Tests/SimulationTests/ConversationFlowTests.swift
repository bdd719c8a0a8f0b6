import FleetModel
import Testing
import Wire

@testable import Simulation

/// What the counters of conversations show.
@Suite struct ConversationFlowTests {
  private struct Stage {
    var flow = ConversationFlow(agent: "a", backup: "b", seed: 3, at: Self.start)
    var now = Self.start
    static let start = Instant(milliseconds: 1_795_334_400_000)

    @discardableResult
    mutating func run(seconds: Int64) -> [String] {
      var said: [String] = []
      for _ in 0..<seconds * 10 {
        now = now + .milliseconds(100)
        said += flow.advance(to: now).compactMap { $0.data["command_id"]?.text }
      }
      return said
    }

    @discardableResult
    mutating func order(_ action: Action, until: Instant? = nil) -> [SimulatedEvent] {
      flow.obey(ControlMessage(agent: "a", action: action, commandID: CommandID(action.rawValue), until: until))
    }

    mutating func end() -> ConversationFlow.Counts {
      flow.close()
      run(seconds: 120)
      return flow.counts
    }
  }

  @Test func eachMessageIsAnsweredOnce() {
    var stage = Stage()
    stage.run(seconds: 60)
    let counts = stage.end()
    #expect(counts.sent > 60 && counts.answered == counts.sent && stage.flow.isQuiet)
    #expect(counts.lost == 0 && counts.answeredTwice == 0 && counts.moved == 0)
  }

  @Test func agentThatIsEmptyIsRestartedWithoutLoss() {
    var stage = Stage()
    stage.run(seconds: 30)
    #expect(stage.order(.activateBackup).count == 1)
    #expect(stage.order(.drain, until: stage.now + .minutes(2)).isEmpty)
    #expect(stage.run(seconds: 30) == ["drain"])
    stage.order(.restart)
    #expect(stage.run(seconds: 5) == ["restart"])
    stage.order(.deactivateBackup)
    stage.run(seconds: 30)
    let counts = stage.end()
    #expect(counts.lost == 0 && counts.answered == counts.sent && counts.moved > 0 && stage.flow.isQuiet)
  }

  /// So that a counter of nothing says something.
  @Test func restartThatComesTooEarlyLosesMessages() {
    var stage = Stage()
    stage.run(seconds: 30)
    stage.order(.restart)
    stage.run(seconds: 30)
    let counts = stage.end()
    #expect(counts.lost > 0 && counts.answered == counts.sent - counts.lost)
  }

  @Test func withoutABackupConversationsWaitAndNoneIsLost() {
    var stage = Stage()
    stage.run(seconds: 30)
    stage.order(.drain, until: stage.now + .minutes(2))
    stage.run(seconds: 60)
    #expect(stage.flow.openCount > 20)
    #expect(stage.order(.resume).first?.data["state"] == "running")
    let counts = stage.end()
    #expect(counts.lost == 0 && counts.answered == counts.sent && stage.flow.isQuiet)
  }

  @Test func crashTakesNothingAndADrainEndsByItself() {
    var stage = Stage()
    stage.order(.activateBackup)
    stage.run(seconds: 20)
    stage.flow.crash("b", for: .seconds(20))
    stage.order(.drain, until: stage.now + .seconds(15))
    #expect(stage.flow.isGone("b") && stage.flow.state == .draining)
    stage.run(seconds: 16)
    #expect(stage.flow.state == .running)
    stage.flow.crash("a", for: .seconds(10))
    #expect(stage.order(.resume).isEmpty, "it is gone")
    #expect(stage.run(seconds: 12) == ["resume"])
    let counts = stage.end()
    #expect(counts.lost == 0 && counts.answeredTwice == 0 && counts.answered == counts.sent && stage.flow.isQuiet)
  }
}
