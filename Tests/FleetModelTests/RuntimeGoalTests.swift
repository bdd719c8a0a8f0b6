import FleetModel
import Testing

/// What a runtime reports once it has obeyed.
@Suite struct RuntimeGoalTests {
  @Test(arguments: AgentState.allCases) func stateThatWasAskedForIsTheOneThatCounts(_ state: AgentState) {
    #expect(RuntimeGoal(of: .pause).isReached(by: state, replicas: nil) == (state == .paused))
    #expect(RuntimeGoal(of: .drain).isReached(by: state, replicas: nil) == (state == .draining))
    for action in [Action.resume, .restart] {
      #expect(RuntimeGoal(of: action).isReached(by: state, replicas: nil) == (state == .running))
    }
    for action in Action.allCases where ![.pause, .resume, .restart, .drain].contains(action) {
      #expect(RuntimeGoal(of: action).isReached(by: state, replicas: 7))
    }
  }

  @Test func numberThatWasAskedForIsTheOneThatCounts() {
    let goal = RuntimeGoal(of: .scale, replicas: 3)
    #expect(goal.isReached(by: .paused, replicas: 3) && goal.isReached(by: nil, replicas: 3))
    #expect(!goal.isReached(by: .running, replicas: 2) && !goal.isReached(by: .running, replicas: nil))
  }

  @Test func silenceAboutAStateIsNoConfirmationOfIt() {
    #expect(!RuntimeGoal(of: .pause).isReached(by: nil, replicas: 1))
    #expect(RuntimeGoal(of: .tune).isReached(by: nil, replicas: nil))
  }
}
