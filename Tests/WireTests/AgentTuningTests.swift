import FleetModel
import TestSupport
import Testing

@testable import Wire

/// Who set which parameter of an agent, as its hash and the audit hold it.
@Suite struct AgentTuningTests {
  private typealias Field = (name: [UInt8], value: [UInt8])

  private func fields(_ pairs: [(String, String)]) -> [Field] {
    pairs.map { (Array($0.0.utf8), Array($0.1.utf8)) }
  }

  private let share = AgentTuning(
    parameter: "routing_share", value: "0.8", by: "load/support-3", at: .at(60), command: CommandID("0a1b"))

  @Test func valueAndAuthorStandInTwoFields() {
    #expect(AgentTuningCoding.valueField(of: "routing_share") == Array("tune:routing_share".utf8))
    #expect(AgentTuningCoding.authorField(of: "routing_share") == Array("tuned:routing_share".utf8))
    let found = AgentTuningCoding.decode(fields: [
      (AgentTuningCoding.valueField(of: "routing_share"), Array("0.8".utf8)),
      (AgentTuningCoding.authorField(of: "routing_share"), AgentTuningCoding.author(of: share)),
    ])
    #expect(found == [share])
  }

  @Test func aParameterThatWasUnsetKeepsItsAuthor() {
    let unset = AgentTuning(
      parameter: "timeout_s", value: nil, by: "maria@bastion", at: .at(5), command: CommandID("c9"))
    let found = AgentTuningCoding.decode(fields: [
      (AgentTuningCoding.authorField(of: "timeout_s"), AgentTuningCoding.author(of: unset))
    ])
    #expect(found == [unset])
    #expect(found[0].number == nil && found[0].isByHand)
  }

  @Test func aValueOfAnOlderHandlerHasNoAuthor() {
    let record = AgentRecordCoding.decode(fields: fields([("version", "3"), ("tune:temperature", "0.2")]))
    #expect(record.tuning(of: "temperature") == AgentTuning(parameter: "temperature", value: "0.2"))
    #expect(record.tuning(of: "temperature")?.number == 0.2)
    #expect(record.tuning(of: "routing_share") == nil)
  }

  @Test(arguments: ["", "{", "[]", "7", "null", #"{"by":7,"at":"x","command":[]}"#, #"{"at":1e400}"#])
  func anAuthorThatIsNoneIsPassedOver(author: String) {
    let found = AgentTuningCoding.decode(fields: fields([("tune:p", "1"), ("tuned:p", author)]))
    #expect(found == [AgentTuning(parameter: "p", value: "1")])
  }

  @Test func hugeTextsAreCutOrLeftOut() {
    let long = String(repeating: "x", count: 5000)
    let found = AgentTuningCoding.decode(
      fields: fields([
        ("tune:\(long)", "1"), ("tune:p", long), ("tuned:p", #"{"by":"\#(long)","command":"\#(long)"}"#),
      ]))
    #expect(found.map(\.parameter) == ["p"])
    #expect(found[0].value?.utf8.count == TextBound.word && found[0].by.utf8.count == TextBound.title)
    #expect(found[0].command == nil && found[0].number == nil)
  }

  @Test func onlyTheLatestAreKept() {
    var record = AgentRecord()
    for number in 1...40 {
      record.set(AgentTuning(parameter: "p\(number)", value: "1", by: "a", at: .at(Int64(number))))
    }
    #expect(record.tunings.count == AgentTuning.most)
    #expect(record.tuning(of: "p40") != nil && record.tuning(of: "p24") == nil && record.tuning(of: "p25") != nil)
    record.set(AgentTuning(parameter: "p40", value: "2", by: "b", at: .at(50)))
    #expect(record.tunings.count == AgentTuning.most && record.tuning(of: "p40")?.value == "2")
  }

  @Test func whoeverSetsManyPushesOutNothingThatTheHandlerGoesBy() {
    var record = AgentRecord()
    record.set(AgentTuning(parameter: "routing_share", value: "0.5", by: "maria@bastion", at: .at(1)))
    record.set(AgentTuning(parameter: "timeout_s", value: "20", by: "tuning/support", at: .at(2)))
    for number in 1...40 {
      record.set(AgentTuning(parameter: "p\(number)", value: "1", by: "a", at: .at(Int64(100 + number))))
    }
    #expect(record.tunings.count == AgentTuning.most)
    #expect(record.tuning(of: "routing_share")?.value == "0.5" && record.tuning(of: "timeout_s")?.value == "20")
    #expect(record.tuning(of: "p27") != nil && record.tuning(of: "p26") == nil)
  }

  @Test func theAuditCarriesThem() throws {
    var record = AgentRecord()
    record.set(share)
    record.set(
      AgentTuning(parameter: "timeout_s", value: nil, by: "maria@bastion", at: .at(5), command: CommandID("c9")))
    let json = AgentRecordCoding.json(record)
    #expect(json["tunings"]?.list?.first?["parameter"]?.text == "routing_share")
    #expect(AgentRecordCoding.decode(json: json) == record)
    #expect(AgentRecordCoding.json(AgentRecord())["tunings"] == nil)
  }

  @Test(arguments: [
    ("maria@bastion", true), ("", true), ("load/support-3", false), ("tuning/support-3", false),
    ("rule/handler/load", false), ("schedule", true),
  ])
  func handlersAndRulesSetNothingByHand(by: String, isByHand: Bool) {
    #expect(AgentTuning(parameter: "p", value: "1", by: by, at: .at(0)).isByHand == isByHand)
  }

  @Test func noChangeLiesAhead() {
    var record = AgentRecord()
    record.set(AgentTuning(parameter: "p", value: "1", by: "a", at: .at(5000)))
    #expect(record.noLater(than: .at(10)).tuning(of: "p")?.at == .at(10))
  }
}
