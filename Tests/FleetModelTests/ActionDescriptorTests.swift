import FleetModel
import Testing

@Suite struct ActionDescriptorTests {
  @Test(arguments: Action.allCases)
  func entryOfATableIsWhole(action: Action) {
    let entry = action.descriptor
    #expect(!entry.title.isEmpty && !entry.verb.isEmpty && !entry.risks.isEmpty)
    #expect(Set(entry.parameters.map(\.name)).count == entry.parameters.count, "each argument once")
    for parameter in entry.parameters {
      #expect(
        parameter.defaultText.map { parameter.fault(of: $0) } ?? nil == nil, "\(parameter.name) takes its default")
    }
    // Only what reaches a runtime can be confirmed by one.
    #expect(entry.goal == nil || entry.reachesRuntimes)
    #expect(!entry.needsRuntime || entry.reachesRuntimes)
  }

  @Test func inversesAreActions() {
    for action in Action.allCases {
      switch action.descriptor.inverse {
      case .action(let words):
        let first = String(words.split(separator: " ")[0])
        #expect(Action(rawValue: first) != nil || action == .automation, "\(action.rawValue) is undone by \(words)")
      case .none(let reason): #expect(!reason.isEmpty)
      }
    }
  }

  @Test func whatShutsUsersOutTakesACode() {
    let byKey = Action.allCases.filter { $0.descriptor.confirmation == .key }
    #expect(
      byKey == [
        .pause, .resume, .rateLimit, .activateBackup, .escalate, .acknowledge, .unacknowledge, .silence, .unsilence,
        .reject, .undo, .take, .handBack, .drain, .cancelMaintenance,
      ])
  }

  @Test func whatMayMakeAnIllFleetWorseIsHeldBack() {
    let held = Action.allCases.filter { $0.descriptor.risks.contains(.held) }
    #expect(
      held == [
        .pause, .restart, .scale, .rateLimit, .rebalance, .activateBackup, .deactivateBackup, .offerCoupon, .schedule,
        .tune, .rollback,
      ])
  }

  @Test func whatHappensAnewEachTimeIsNotRepeated() {
    let once = Action.allCases.filter { !$0.descriptor.isSafeToRepeat }
    #expect(
      once == [
        .restart, .escalate, .transfer, .offerCoupon, .schedule, .cancel, .notify, .approve, .reject, .undo,
        .planMaintenance, .cancelMaintenance,
      ])
  }
}
