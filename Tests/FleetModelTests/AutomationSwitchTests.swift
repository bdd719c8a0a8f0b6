import FleetModel
import TestSupport
import Testing

@Suite struct AutomationSwitchTests {
  private var fleet = Fleet()

  private func line(
    _ phase: AuditLine.Phase, _ detail: String, action: String = "automation", at second: Int64
  ) -> AuditLine {
    AuditLine(
      origin: .command(CommandID("c\(second)")), phase: phase, action: action, operator: "alice@bastion",
      detail: detail, at: .at(second))
  }

  @Test mutating func nobodyKnowsUntilItIsRead() {
    #expect(fleet.automation.setting == .unknown && fleet.automation.setting.mode == nil)
    fleet.setAutomation(.unset, at: .at(1))
    #expect(fleet.automation.setting.mode == .dry)
  }

  @Test(
    arguments: [("on", .set(.on)), ("dry", .set(.dry)), ("off", .set(.off)), ("ON", .unset), ("", .unset)]
      as [(
        String, AutomationSetting
      )])
  func onlyAModeIsOne(text: String, setting: AutomationSetting) {
    #expect(AutomationSetting(text: text) == setting)
    #expect(AutomationSetting(text: nil) == .unset)
  }

  @Test mutating func auditTurnsItBeforeTheKeyIsReadAgain() {
    fleet.setAutomation(.unset, at: .at(10))
    fleet.apply(line(.received, "", at: 11))
    #expect(fleet.automation.setting == .unset)
    fleet.apply(line(.succeeded, "automation dry → on", at: 11))
    #expect(fleet.automation.setting == .set(.on))
    // An answer to a question from before.
    fleet.setAutomation(.unset, at: .at(10))
    #expect(fleet.automation.setting == .set(.on))
    fleet.setAutomation(.set(.off), at: .at(12))
    #expect(fleet.automation.setting == .set(.off))
    #expect(fleet.automation.change?.operator == "alice@bastion")
  }

  @Test mutating func historyTellsOnlyWhoAndWhen() {
    fleet.setAutomation(.set(.dry), at: .at(1000))
    fleet.apply(line(.succeeded, "automation dry → on", at: 10))
    fleet.apply(line(.succeeded, "automation on → dry", action: "undo", at: 20))
    #expect(fleet.automation.setting == .set(.dry))
    #expect(fleet.automation.change?.mode == .dry && fleet.automation.change?.at == .at(20))
  }

  @Test mutating func otherLinesTurnNothing() {
    fleet.setAutomation(.unset, at: .at(1))
    fleet.apply(line(.failed, "automation dry → on", at: 2))
    fleet.apply(line(.succeeded, "automation dry → everything", at: 2))
    fleet.apply(line(.succeeded, "automation dry → on", action: "pause", at: 2))
    fleet.apply(line(.succeeded, "", at: 2))
    #expect(fleet.automation.setting == .unset && fleet.automation.change == nil)
  }

  @Test mutating func readingTheSameIsNoReasonToDraw() {
    fleet.setAutomation(.set(.on), at: .at(1))
    let revision = fleet.revision
    fleet.setAutomation(.set(.on), at: .at(2))
    #expect(fleet.revision == revision)
  }
}
