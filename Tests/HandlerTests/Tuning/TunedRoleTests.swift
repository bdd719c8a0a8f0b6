import FleetModel
import TestSupport
import Testing
import Wire

@testable import Handler
@testable import Insight

/// When a role is looked at, and how it is written and read.
@Suite struct TunedRoleTests {
  private func role(_ name: String = "support") throws -> TunedRole {
    let timeout = try #require(TunableParameter(name: "timeout_s", minimum: 5, maximum: 60, step: 5, value: 20))
    let members = (1...4).map {
      TuningRun.Member(agent: AgentID("a\($0)"), settings: [20], isFree: true, minute: .idle)
    }
    return TunedRole(
      ExactText(name), try #require(RoleTuning([timeout], seed: 7, members: members, at: .at(0))))
  }

  @Test(arguments: [TimeSpan.minutes(1), .seconds(1), .milliseconds(150), .minutes(10)])
  func eachSpanIsLookedAtOnceThoughLooksAreLate(every: TimeSpan) throws {
    for name in (0..<50).map({ "role-\($0)" }) {
      var role = try role(name)
      #expect(role.phase >= 0.1 && role.phase < 0.9)
      var now = Instant.at(3)
      role.setDue(after: now, every: every)
      for turn in 0..<20 {
        #expect(role.due > now && role.due - now <= every)
        let minute = role.minute(every: every)
        #expect(minute + every <= role.due && role.due - minute < every * 2)
        // As late as nine tenths of what is left of the span.
        now = role.due + TimeSpan(milliseconds: every.milliseconds * Int64(turn % 10) / 10)
        role.setDue(after: now, every: every)
        #expect(role.minute(every: every) == minute + every, "\(name) \(turn)")
      }
    }
  }

  /// At a span of a second neither events of half a minute ago nor a command of a minute ago tell of this half.
  @Test func whatMayBeLateFollowsFromTheSpan() throws {
    var options = TuningOptions()
    #expect(options.late == .seconds(30))
    options.every = .seconds(1)
    #expect(options.late == .milliseconds(2500))
    options.every = .minutes(10)
    #expect(options.late == .seconds(30))
    let (role, now) = (try role(), Instant.at(9))
    let order = TuningRun.Order(parameter: "timeout_s", value: 25, agents: ["a1"], isReturn: false, words: "tries it")
    for (every, patience) in [(TimeSpan.seconds(1), 5), (.seconds(2), 10), (.minutes(1), 60), (.minutes(10), 60)] {
      #expect(role.command(order, 0, at: now, every: every).expiresAt == now + .seconds(Int64(patience)))
    }
  }

  @Test func whyNothingIsTriedIsSaid() throws {
    var role = try role()
    let members = (1...5).map {
      TuningRun.Member(agent: AgentID("a\($0)"), settings: [20], isFree: $0 < 4, minute: .idle)
    }
    var sight = TuningRun.Sight(.at(60), members: members, mode: .auto)
    role.setWhy(role.tuning, sight)
    #expect(role.why == "only 3 of 5 agents may be set at present")
    sight.guardFault = "automation is not on"
    role.setWhy(role.tuning, sight)
    let report = try #require(TuningCoding.decode(role.encoded(words: "nothing is tried", at: .at(60)))).report
    #expect(report.words == "nothing is tried: automation is not on" && !report.isIdle)
    role.setWhy(role.tuning, TuningRun.Sight(.at(60), members: members.map(\.free), mode: .auto))
    let idle = try #require(TuningCoding.decode(role.encoded(words: "nothing is tried", at: .at(60)))).report
    #expect(role.why == nil && idle.words == "nothing is tried" && idle.isIdle)
  }

  @Test func looksAreSpreadOverTheSpan() throws {
    let phases = try (0..<200).map { try role("role-\($0)").phase }
    for part in 0..<8 {
      let range = 0.1 + Double(part) / 10..<0.2 + Double(part) / 10
      #expect(phases.count { range.contains($0) } > 5)
    }
  }

  @Test func whatIsWrittenIsReadAndWhatIsNoneIsNone() throws {
    var role = try role()
    role.run = "tuning/support/1"
    role.question = .init(proposal: ProposalID("rule/handler/tuning/1/a1"), agent: "a1")
    let bytes = role.encoded(words: "nothing is tried", at: .at(5))
    let read = try #require(TunedRole(role.field, bytes))
    #expect(read.tuning == role.tuning && read.run == role.run && read.question == role.question)
    #expect(read.stored == bytes && read.role == role.role)
    #expect(TunedRole([], bytes) == nil && TunedRole([0xFF], bytes) == nil)
    #expect(TunedRole(Array(repeating: 0x61, count: 200), bytes) == nil)
    for length in stride(from: 0, to: bytes.count, by: 7) {
      #expect(TunedRole(role.field, Array(bytes[..<length])) == nil)
    }
  }

  @Test func commandsOfAStepAreTheSameWhoeverSendsThem() throws {
    var role = try role("support\u{1B} / ü")
    let order = TuningRun.Order(
      parameter: "timeout_s", value: 25, agents: ["a1", "a2"], isReturn: false, words: "tries it")
    let command = role.command(order, 0, at: .at(9), every: .minutes(1))
    #expect(command.id == role.command(order, 0, at: .at(70), every: .minutes(1)).id)
    #expect(Keys.isCommandID(command.id.text.utf8) && command.action == .tune && command.targets == ["a1", "a2"])
    #expect(command.arguments == ["parameter": "timeout_s", "value": "25"] && command.reason == "tries it")
    #expect(
      command.operator.hasPrefix(AgentTuning.byTrial) && command.operator.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
    #expect(command.id != role.command(order, 1, at: .at(9), every: .minutes(1)).id)
    #expect(role.hasGiven(command))
    var forged = command
    forged.operator = "tuning/other"
    #expect(!role.hasGiven(forged))
    role.tuning.steps += 1
    #expect(!role.hasGiven(command))
    #expect(command.id != role.command(order, 0, at: .at(9), every: .minutes(1)).id)
    let read = try CommandCoding.decode(CommandCoding.encode(command))
    #expect(read.id == command.id && read.operator == command.operator)
  }
}

extension TuningRun.Member {
  fileprivate var free: TuningRun.Member {
    var member = self
    member.isFree = true
    return member
  }
}
