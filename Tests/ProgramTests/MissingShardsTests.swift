import FleetModel
import Testing
import Wire

@testable import vigia

/// What is said of shards that do not answer.
struct MissingShardsTests {
  @Test func warningNamesShardsAndWhy() {
    #expect(MissingShards().warning == nil && MissingShards().json == nil)
    #expect(
      MissingShards([3: "connect: Connection refused"]).warning
        == "warning: shard 03 does not answer: connect: Connection refused; what it has is missing here")
    #expect(
      MissingShards([5: "no", 2: "no"]).warning
        == "warning: shards 02 05 do not answer: no; what they have is missing here")
    #expect(
      MissingShards([5: "no", 2: "no", 7: "\u{1B}[2J"]).warning?.hasPrefix(
        "warning: shards 02 05 07 do not answer: no (shards 02 05), ") == true)
    #expect(MissingShards([7: "\u{1B}[2J"]).warning?.contains("\u{1B}") == false)
  }

  @Test func documentSaysWhichAreMissing() {
    #expect(MissingShards().noted(in: ["a": 1]) == ["a": 1])
    #expect(
      MissingShards([5: "b", 2: "a"]).noted(in: ["a": 1]) == [
        "a": 1, "missing_shards": [["shard": "02", "reason": "a"], ["shard": "05", "reason": "b"]],
      ])
  }

  @Test func workBeginsOnceEnoughIsKnownOfTheShards() {
    #expect(!FleetQuery.isSettled([.up, .connecting, .lost], heldBy: nil))
    #expect(FleetQuery.isSettled([.up, .lost, .lost], heldBy: nil))
    #expect(FleetQuery.isSettled([.up, .connecting, .connecting], heldBy: 0))
    #expect(!FleetQuery.isSettled([.connecting, .up, .up], heldBy: 0))
    // Whoever holds all is gone: nobody waits for a third.
    #expect(FleetQuery.isSettled([.lost, .connecting, .up], heldBy: 0))
    #expect(!FleetQuery.isSettled([.lost, .connecting, .lost], heldBy: 0))
  }

  @Test func switchStandsWhereThoseSayThatSayAnything() {
    let one = SwitchStanding([.set(.on), .set(.on), .unknown, .set(.on)])
    #expect(one.setting == .set(.on) && one.differs == nil && one.shardWords == "shard 02 does not say")
    let two = SwitchStanding([.unknown, .set(.on), .unknown, .unset])
    #expect(two.setting == .unset && two.silentWords == "shards 00 02 do not say")
    #expect(two.shardWords == "dry in shard 03, on in the others; shards 00 02 do not say")
    let none = SwitchStanding([.unknown])
    #expect(none.setting == .unknown && none.shardWords == nil)
  }

  // MARK: Orders

  private func order(_ shards: Int) -> [RoutedCommand] {
    (0..<shards).map { shard in
      RoutedCommand(
        Command(
          id: CommandID("c\(shard)"), action: .automation, arguments: ["mode": "off"], operator: "ana", reason: "",
          issuedAt: .epoch, expiresAt: .epoch + .seconds(60)), shard: shard)
    }
  }

  private func line(_ shard: Int, _ phase: AuditLine.Phase) -> AuditLine {
    AuditLine(
      origin: .command(CommandID("c\(shard)")), phase: phase, action: "automation", target: .none, operator: "ana",
      at: .epoch)
  }

  @Test func orderThatAllHaveDoneNeedsNoWords() {
    let routes = order(2)
    var progress = OrderProgress(routes.map(\.command), needsObedience: false)
    #expect(progress.take(line(0, .succeeded)) == nil)
    #expect(SubmissionStanding(routes, progress, MissingShards()).words == "done in shard 00; not taken up in shard 01")
    #expect(progress.take(line(1, .succeeded)) == .done)
    #expect(SubmissionStanding(routes, progress, MissingShards()).words == nil)
    #expect(SubmissionStanding(order(1), OrderProgress(), MissingShards()).words == nil)
  }

  @Test func orderIsToldShardByShard() {
    let routes = order(4)
    var progress = OrderProgress(routes.map(\.command), needsObedience: false)
    for (shard, phase) in [(0, AuditLine.Phase.succeeded), (1, .received), (2, .failed)] {
      #expect(progress.take(line(shard, phase)) == nil)
    }
    #expect(
      SubmissionStanding(routes, progress, MissingShards([4: "gone"])).words
        == "done in shard 00; refused or failed in shard 02; under way in shard 01; not taken up in shard 03; "
        + "shard 04 does not answer: gone; nothing was sent there")
  }

  @Test func nobodySaysThatNothingWasSentWhereItMayHaveBeenTaken() {
    let routes = order(1)
    var progress = OrderProgress(routes.map(\.command), needsObedience: false)
    #expect(progress.take(line(0, .succeeded)) == .done)
    let missing = MissingShards([2: "full", 3: "gone"])
    #expect(
      SubmissionStanding(routes, progress, missing, unsure: [2]).words
        == "done in shard 00; shard 03 does not answer: gone; nothing was sent there; "
        + "shard 02 does not answer: full; not known whether it was taken there")
    #expect(
      SubmissionStanding([], OrderProgress(), MissingShards([2: "full"]), unsure: [2]).words
        == "shard 02 does not answer: full; not known whether it was taken there")
  }

  @Test func whatCannotBeSentIsNotWaitedFor() {
    let routes = order(3)
    var progress = OrderProgress(routes.map(\.command), needsObedience: false)
    #expect(progress.take(line(0, .succeeded)) == nil)
    progress.leaveOut([CommandID("c2")])
    #expect(progress.outcome == nil && progress.commands.count == 2)
    #expect(progress.take(line(1, .succeeded)) == .done)
  }
}
