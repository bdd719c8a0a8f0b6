import FleetModel
import TestSupport
import Testing

/// An order that was split is one entry, and stands as its parts do together.
@Suite struct CommandLogBatchTests {
  private var fleet = Fleet()
  private let id = CommandID("order")

  private var entry: CommandLog.Entry? { fleet.commands[id] }

  private mutating func hear(
    _ part: Int, _ phase: AuditLine.Phase, _ target: AgentID = .none, _ detail: String = "", of parts: Int = 2,
    as prefix: String = "part-"
  ) {
    fleet.apply(
      AuditLine(
        origin: .command(CommandID("\(prefix)\(part)")), batch: Batch(id: id, part: part, parts: parts), phase: phase,
        action: "pause", target: target, operator: "alice@bastion", detail: detail, at: .at(1)))
  }

  private mutating func send(_ targets: [[AgentID]]) {
    for (index, targets) in targets.enumerated() {
      let batch = Batch(id: id, part: index + 1, parts: 2)
      fleet.commands.enter(
        Command(
          id: CommandID("part-\(index + 1)"), action: .pause, targets: targets, operator: "alice@bastion",
          issuedAt: .at(0), expiresAt: .at(60), batch: batch),
        at: .at(0))
    }
  }

  @Test mutating func ownOrderIsOneEntryThatClosesWhenAllItsPartsHave() throws {
    send([["a", "b"], ["c"]])
    #expect(fleet.commands.entries.count == 1)
    #expect(entry?.progress == .sent && entry?.targets == ["a", "b", "c"] && entry?.isOwn == true)
    hear(1, .received)
    #expect(entry?.progress == .phase(.received))
    for agent in ["a", "b"] as [AgentID] { hear(1, .succeeded, agent) }
    hear(1, .succeeded)
    #expect(entry?.progress == .phase(.started) && entry?.isFinished == false)
    #expect(entry?.detail == "1 of 2 parts closed")
    hear(2, .received)
    hear(2, .succeeded, "c")
    hear(2, .succeeded)
    #expect(entry?.progress == .phase(.succeeded) && entry?.isFinished == true)
    #expect(entry?.succeeded == 3 && entry?.detail == "3 agents")
    #expect(entry?.concerns("c") == true && fleet.commands.entries.count == 1)
  }

  @Test(arguments: [
    (AuditLine.Phase.failed, AuditLine.Phase.succeeded, AuditLine.Phase.failed), (.succeeded, .unknown, .unknown),
    (.rejected, .expired, .rejected), (.succeeded, .rejected, .rejected), (.undone, .succeeded, .succeeded),
    (.undone, .undone, .undone), (.unknown, .failed, .failed),
  ])
  mutating func wholeIsTheWorstOfItsParts(
    first: AuditLine.Phase, second: AuditLine.Phase, whole: AuditLine.Phase
  ) {
    hear(1, first, .none, "one")
    #expect(entry?.isFinished == false)
    hear(2, second, .none, "two")
    #expect(entry?.progress == .phase(whole))
    #expect(entry?.detail == (first == whole ? "one" : "two"))
  }

  @Test mutating func failuresAddUp() {
    hear(1, .succeeded, "a")
    hear(1, .failed, "b")
    hear(1, .failed, .none, "1 of 2 done: b: it is gone")
    hear(2, .failed, "c")
    hear(2, .failed, .none, "no such agent")
    #expect(entry?.succeeded == 1 && entry?.failed == 2)
    #expect(entry?.detail.hasPrefix("1 of 3 done: ") == true)
    #expect(entry?.isPartlyDone == true)
  }

  @Test mutating func orderIsObeyedWhenEachPartIs() {
    hear(1, .succeeded, "a")
    hear(1, .obeyed, "a")
    hear(1, .succeeded)
    hear(2, .succeeded, "b")
    hear(2, .succeeded)
    #expect(entry?.progress == .phase(.succeeded))
    hear(2, .obeyed, "b")
    hear(2, .obeyed)
    #expect(entry?.progress == .phase(.obeyed))
  }

  /// Anybody may give a batch the id of another's command, or a command the id of a batch.
  @Test mutating func rowTakesNoLinesOfWhatHasOnlyItsIDInCommon() {
    func line(_ phase: AuditLine.Phase, _ target: AgentID = .none) -> AuditLine {
      AuditLine(origin: .command(id), phase: phase, action: "restart", target: target, at: .at(1))
    }
    fleet.apply(line(.received))
    fleet.apply(line(.succeeded, "a"))
    hear(1, .rejected, .none, "no")
    hear(1, .succeeded, "b")
    #expect(entry?.targets == ["a"] && entry?.succeeded == 1 && entry?.parts == nil)
    #expect(fleet.commands[CommandID("part-1")]?.targets == ["b"])
    fleet = Fleet()
    hear(1, .received)
    fleet.apply(line(.succeeded, "b"))
    #expect(entry?.targets == [] && entry?.action == "pause")
  }

  /// What takes an order back is one command, whose handler has a run for each of the order's parts.
  @Test mutating func undoOfAnOrderIsOneEntryThatItsOwnLinesClose() {
    func line(_ phase: AuditLine.Phase, _ detail: String = "") -> AuditLine {
      AuditLine(origin: .command(CommandID("order")), phase: phase, action: "undo", detail: detail, at: .at(1))
    }
    fleet.apply(line(.received))
    hear(1, .received, as: "batch/order/")
    hear(1, .succeeded, "a", as: "batch/order/")
    hear(1, .succeeded, as: "batch/order/")
    hear(2, .rejected, .none, "nothing is known of it", as: "batch/order/")
    #expect(entry?.isFinished == false && fleet.commands.entries.count == 1)
    fleet.apply(line(.failed, "1 of 2 parts not undone"))
    #expect(entry?.progress == .phase(.failed) && entry?.detail == "1 of 2 parts not undone")
    #expect(entry?.targets == ["a"])
  }
}
