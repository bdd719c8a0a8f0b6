import FleetModel
import TestThreads
import Testing

@testable import vigia

@Suite(.threaded) struct DemoScriptTests {
  @Test func everyActionOfTheHandlerIsGivenAndTwentyInAll() {
    #expect(DemoScript.steps.count == 20)
    let actions = DemoScript.steps.map { step -> Action in
      switch step {
      case .order(let order): order.action
      case .undo: .undo
      }
    }
    #expect(
      Set(actions) == [
        .pause, .resume, .restart, .scale, .rateLimit, .activateBackup, .deactivateBackup, .escalate, .blockIP,
        .unblockIP, .acknowledge, .undo,
      ])
  }

  @Test func everyOrderPassesTheCheckOfWhatIsTyped() throws {
    for case .order(let order) in DemoScript.steps {
      let typed = try CommandRequest(
        action: order.action.rawValue, targets: order.targets.map(\.description),
        arguments: order.arguments.map { "\($0.key)=\($0.value)" }, reason: "")
      #expect(typed == order)
    }
  }

  private func line(_ id: CommandID, _ phase: AuditLine.Phase, _ target: AgentID = .none) -> AuditLine {
    AuditLine(origin: .command(id), phase: phase, action: "pause", target: target, at: .epoch)
  }

  @Test func commandIsObeyedOnceItSucceededAndWasConfirmed() throws {
    var script = DemoScript()
    let next = script.next(at: .epoch)
    let pause = try #require(next)
    #expect(!script.mayGoOn && script.succeeded == 0)
    script.take(line(pause.id, .received))
    script.take(line(pause.id, .succeeded, "support-eu-01"))
    #expect(!script.mayGoOn)
    script.take(line(pause.id, .succeeded))
    #expect(script.mayGoOn && script.succeeded == 1 && script.obeyed == 0)
    #expect(script.unfinished == ["pause support-eu-01: not confirmed"])
    script.take(line(pause.id, .obeyed, "support-eu-01"))
    #expect(script.obeyed == 1 && script.unfinished == [])
  }

  @Test func failedCommandHoldsNothingUp() throws {
    var script = DemoScript()
    let next = script.next(at: .epoch)
    let pause = try #require(next)
    script.take(line(pause.id, .rejected))
    #expect(script.mayGoOn && script.succeeded == 0 && script.unfinished == ["pause support-eu-01: failed"])
  }
}
