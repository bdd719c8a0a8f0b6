import Redis
import TestThreads
import Testing
import Wire

@testable import Handler

/// What is decided by what a server says of its replicas.
@Suite(.threaded) struct ReplicaValuesTests {
  private func bulk(_ text: String) -> Reply { .string(Array(text.utf8)) }

  @Test func replicasThatFollowAreCounted() {
    let server = "# Server\r\nredis_version:7.0.15\r\nrun_id:abc\r\n"
    let replication = """
      # Replication\r
      role:master\r
      connected_slaves:2\r
      slave0:ip=127.0.0.1,port=7001,state=online,offset=84,lag=0\r
      slave1:ip=127.0.0.1,port=7002,state=wait_bgsave,offset=0,lag=0\r
      master_replid:x\r

      """
    #expect(ReplicaState([bulk(server), bulk(replication)]) == ReplicaState(runID: "abc", replicas: 1))
    #expect(ReplicaState([bulk(server), bulk("# Memory\r\n")]) == ReplicaState(runID: "abc", replicas: nil))
    let denied = Reply.error(ServerError("NOPERM no"))
    #expect(ReplicaState([denied, denied]) == ReplicaState())
    #expect(ReplicaState([]) == ReplicaState())
  }

  @Test func replicasAreBelievedForAWhileAfterTheyAreGone() {
    var durability = Durability()
    #expect(durability.witness(at: 0) == .nobody)
    durability.note(replicas: 1, at: 1000)
    #expect(durability.witness(at: 1000) == .replica)
    durability.note(replicas: 0, at: 2000)
    #expect(durability.witness(at: 60_999) == .replica)
    #expect(durability.witness(at: 61_000) == .nobody)
  }

  @Test func whereAnotherServerMayBePromotedSomebodyHasToVouch() {
    var durability = Durability(mayBeReplaced: true)
    #expect(durability.witness(at: 0) == .judges)
    durability.note(replicas: 2, at: 0)
    #expect(durability.witness(at: 0) == .replica)
    durability.note(replicas: nil, at: 1)
    #expect(durability.witness(at: 1_000_000) == .judges)
  }

  @Test func settingsDecideAboveAll() {
    var durability = Durability(setting: .local, mayBeReplaced: true)
    durability.note(replicas: 2, at: 0)
    #expect(durability.witness(at: 0) == .nobody)
    durability.setting = .replicated
    durability.note(replicas: 0, at: 1)
    #expect(durability.witness(at: 1_000_000) == .replica)
  }

  @Test func roundCountsOnlyIfTheLeaseWasRenewedAndAReplicaHasIt() {
    let time = Reply.array([bulk("1"), bulk("2")])
    let fenced = Reply.error(ServerError("FENCED 9"))
    func outcome(_ renewed: Reply?, _ waited: Reply) -> ReplicaConfirmation.Outcome {
      ReplicaConfirmation.outcome(renewed, .success(waited))
    }
    #expect(outcome(time, .integer(1)) == .confirmed(time: time))
    #expect(outcome(time, .integer(2)) == .confirmed(time: time))
    #expect(outcome(time, .integer(0)) == .unconfirmed("no replica confirms"))
    #expect(outcome(fenced, .integer(2)) == .refused(ServerError("FENCED 9")))
    #expect(outcome(nil, .integer(2)) == .unconfirmed("the lease was not renewed"))
    #expect(outcome(time, .status("OK")) == .unconfirmed("no replica confirms"))
    #expect(
      outcome(time, .error(ServerError("NOPERM x"))) == .unconfirmed("WAIT is refused: NOPERM x"))
    #expect(
      ReplicaConfirmation.outcome(time, .failure(.closedByServer))
        == .unconfirmed("the server closed the connection"))
  }

  @Test func whatAnotherServerLacksIsCounted() {
    let keys = Keys()
    func info(_ last: String, _ added: Int?, first: String = "1-1") -> Reply {
      var parts = [
        bulk("length"), .integer(5), bulk("last-generated-id"), bulk(last), bulk("first-entry"),
        .array([bulk(first), .array([])]),
      ]
      if let added { parts += [bulk("entries-added"), .integer(Int64(added))] }
      return .array(parts)
    }
    var marks = StreamMarks(keys)
    marks.note([info("9-1", 12), info("9-2", nil), info("9-3", 7)])
    #expect(marks.questions.count == 6)
    let entry = Reply.array([.array([bulk("9-1"), .array([])])])
    #expect(marks.losses([info("9-1", 12), entry, info("9-2", nil), entry, info("9-9", 9), entry]) == nil)
    #expect(
      marks.losses([
        info("7-1", 9), .array([]), info("8-2", nil), .array([]), .error(ServerError("ERR no such key")), .array([]),
      ])
        == "3 entries of agentos:audit from behind 7-1 to 9-1, entries of agentos:commands from behind 8-2 to 9-2, "
        + "all of agentos:events, which ended at 9-3")
    #expect(
      marks.losses([
        info("9-9", 12), .array([]), .error(ServerError("NOPERM x")), .null, info("9-9", 12, first: "9-8"), .array([]),
      ])
        == "the entry 9-1 of agentos:audit and maybe some before it")
    #expect(marks.losses([]) == nil)
  }
}
