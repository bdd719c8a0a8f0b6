import FleetModel
import TestThreads
import Testing
import Wire

@testable import Handler

/// Who runs with what was tried in a role that is no longer its own.
@Suite(.threaded) struct TunedElsewhereTests {
  private static func tuning(_ by: String, _ value: String? = "25", _ parameter: String = "timeout_s") -> AgentTuning {
    AgentTuning(parameter: parameter, value: value, by: by)
  }

  @Test func onlyWhatWasTriedInAnotherRoleCounts() {
    var kept = TunedElsewhere()
    let (support, sales) = (ExactText("support"), ExactText("sales"))
    kept.note(1, [Self.tuning("tuning/support")], role: support)
    kept.note(2, [Self.tuning("maria@bastion"), Self.tuning("load/support"), Self.tuning("rule/x")], role: sales)
    kept.note(3, [Self.tuning("tuning/support", nil)], role: sales)
    #expect(kept.positions(of: "tuning/support").isEmpty)
    kept.note(1, [Self.tuning("tuning/support"), Self.tuning("tuning/sales", "1", "heat")], role: sales)
    #expect(kept.positions(of: "tuning/support") == [1] && kept.positions(of: "tuning/sales").isEmpty)
    kept.note(1, [Self.tuning("maria@bastion")], role: sales)
    #expect(kept.positions(of: "tuning/support").isEmpty)
  }

  @Test func nameOfARoleIsThatOfItsCommands() {
    #expect(TunedElsewhere.author(of: ExactText("support")) == "tuning/support")
    let odd = TunedElsewhere.author(of: ExactText("a b\u{7}"))
    #expect(odd.hasPrefix(AgentTuning.byTrial) && odd.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
  }

  @Test func whatIsKeptIsWhatALookThroughAllWouldFind() {
    var random = SeededRandom(seed: 11)
    var kept = TunedElsewhere()
    var truth: [Int: Set<String>] = [:]
    let roles = ["a", "b", "c"]
    for _ in 0..<3000 {
      let position = Int.random(in: 0..<20, using: &random)
      guard Int.random(in: 0..<4, using: &random) > 0 else {
        kept.remove(position)
        truth[position] = nil
        continue
      }
      let role = roles[Int.random(in: 0..<3, using: &random)]
      let tried = roles.filter { _ in Bool.random(using: &random) }
      kept.note(position, tried.map { Self.tuning("tuning/\($0)") }, role: ExactText(role))
      truth[position] = Set(tried.filter { $0 != role })
      for name in roles {
        #expect(kept.positions(of: "tuning/\(name)") == Set(truth.filter { $0.value.contains(name) }.keys))
      }
    }
  }
}
