import TestThreads
import Testing

@testable import Redis

@Suite(.threaded) struct SentinelVotesTests {
  private typealias Node = SentinelGroup.Node
  private let first = Node(host: "a", port: 1)
  private let second = Node(host: "b", port: 2)
  private let sentinels = (1...5).map { Node(host: "s\($0)", port: 26379) }

  private func answer(_ primary: Node, _ epoch: Int64? = nil) -> SentinelInquiry.Outcome {
    .success(SentinelAnswer(primary: primary, epoch: epoch))
  }

  /// What each answer in turn leads to.
  private func verdicts(
    _ outcomes: [SentinelInquiry.Outcome], newest: Int64 = 0, doubted: Set<Node> = []
  ) -> [SentinelVotes.Verdict] {
    var votes = SentinelVotes(asked: outcomes.count, newestEpoch: newest, doubted: doubted)
    return zip(outcomes, sentinels).map { votes.take($0, of: $1) }
  }

  @Test func firstGoodAnswerDecides() {
    #expect(verdicts([answer(first, 3), answer(second, 3)])[0] == .found(SentinelAnswer(primary: first, epoch: 3)))
    #expect(verdicts([answer(first)], newest: 7)[0] == .found(SentinelAnswer(primary: first)))
  }

  @Test func answerThatIsBehindWaitsForTheOthers() {
    let found = verdicts([answer(first, 3), answer(second, 4)], newest: 4)
    #expect(found == [.undecided, .found(SentinelAnswer(primary: second, epoch: 4))])
  }

  @Test func whatIsDoubtedIsTakenOnlyIfNobodyNamesAnother() {
    let found = verdicts([answer(first, 4), answer(second, 4)], doubted: [first])
    #expect(found == [.undecided, .found(SentinelAnswer(primary: second, epoch: 4))])
    let only = verdicts([answer(first, 4), answer(first, 4)], doubted: [first])
    #expect(only == [.undecided, .found(SentinelAnswer(primary: first, epoch: 4))])
  }

  @Test func lieAboutTheEpochDoesNotOutweighADoubt() {
    let found = verdicts([answer(first, .max), answer(second, 4)], newest: .max, doubted: [first])
    #expect(found == [.undecided, .found(SentinelAnswer(primary: second, epoch: 4))])
  }

  @Test func ofAnswersThatAreAllBehindTheNewestIsTaken() {
    let found = verdicts([answer(first, 1), answer(second, 2), answer(first, 1)], newest: 9)
    #expect(found.last == .found(SentinelAnswer(primary: second, epoch: 2)))
  }

  @Test func reasonsAreToldWhenNobodyKnows() {
    let faults = (1...5).map { number -> SentinelInquiry.Outcome in
      .failure(.init(words: number == 2 ? "knows no master named m" : "no answer for 1 s"))
    }
    #expect(
      verdicts(faults).last
        == .nobody(
          "s1:26379 no answer for 1 s; s2:26379 knows no master named m; s3:26379 no answer for 1 s; and 2 more"))
  }

  @Test func answersOfEveryShapeAreReadOrRefused() throws {
    let place = Reply.array([.string(Array("10.0.0.1".utf8)), .string(Array("6379".utf8))])
    let info = Reply.array([.string(Array("config-epoch".utf8)), .string(Array("12".utf8))])
    let other = Reply.array(["ip", "10.0.0.9", "port", "26380"].map { .string(Array($0.utf8)) })
    let whole = try SentinelAnswer([place, info, .array([other, .null, .array([]), other])])
    #expect(whole.primary == Node(host: "10.0.0.1", port: 6379))
    #expect(whole.epoch == 12)
    #expect(whole.others == [Node(host: "10.0.0.9", port: 26380), Node(host: "10.0.0.9", port: 26380)])
    let denied = try SentinelAnswer([place, .error(ServerError("NOPERM no")), .error(ServerError("NOPERM no"))])
    #expect(denied == SentinelAnswer(primary: whole.primary))
    #expect(throws: SentinelAnswer.Refusal.unknownName) { try SentinelAnswer([.null, .null, .null]) }
    #expect(throws: SentinelAnswer.Refusal.error(ServerError("ERR x"))) {
      try SentinelAnswer([.error(ServerError("ERR x"))])
    }
    let garbage: [Reply] = [
      .integer(7), .string([0, 255]), .array([]), .array([.null, .null]), .array([place, place]),
      .array([.string(Array("a b".utf8)), .string(Array("1".utf8))]),
      .array([.string([27, 91]), .string(Array("1".utf8))]), .array([.string([]), .string(Array("1".utf8))]),
      .array([.string(Array("h".utf8)), .string(Array("0".utf8))]),
      .array([.string(Array("h".utf8)), .string(Array("65536".utf8))]),
      .array([.string(Array("h".utf8)), .string(Array("-1".utf8))]),
      .array([.string(Array(repeating: 97, count: 254)), .string(Array("1".utf8))]),
    ]
    for reply in garbage {
      #expect(throws: SentinelAnswer.Refusal.unusable("no usable address"), "\(reply)") { try SentinelAnswer([reply]) }
    }
  }
}
