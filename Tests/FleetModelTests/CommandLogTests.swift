import FleetModel
import TestSupport
import Testing

@Suite struct CommandLogTests {
  private var fleet = Fleet()
  private let id = CommandID("c1")

  private var entry: CommandLog.Entry? { fleet.commands[id] }

  private mutating func hear(_ phase: AuditLine.Phase, _ target: AgentID = .none, _ detail: String = "", at: Int64 = 1)
  {
    fleet.apply(
      AuditLine(
        origin: .command(id), phase: phase, action: "pause", target: target, operator: "alice@bastion",
        reason: "errors 25%", detail: detail, at: .at(at)))
  }

  private mutating func send(_ targets: [AgentID]) {
    fleet.commands.enter(
      Command(
        id: id, action: .pause, targets: targets, operator: "alice@bastion", issuedAt: .at(0), expiresAt: .at(60)),
      at: .at(0))
  }

  @Test mutating func ownCommandIsSentUntilSomebodyTakesIt() throws {
    send(["a"])
    let sent = try #require(entry)
    #expect(sent.progress == .sent)
    #expect(sent.isOwn)
    #expect(!sent.isReceived)
    #expect(!sent.isFinished)
    #expect(sent.expiresAt == .at(60))
    hear(.received)
    #expect(entry?.isReceived == true)
    #expect(entry?.isFinished == false)
    #expect(entry?.isOwn == true)
    #expect(fleet.commands.entries.count == 1)
  }

  /// Other proposals wait for a person.
  @Test(arguments: [("handoff", true), ("maintenance", false)])
  mutating func proposedAgentForAConversationIsAllThatIsTold(_ action: String, _ isFinished: Bool) {
    let run = AuditLine.Origin.run("\(action)/1/c-1")
    fleet.apply(AuditLine(origin: run, phase: .proposed, action: action, operator: "handler/h1", at: .at(1)))
    #expect(fleet.commands.entries.map(\.isFinished) == [isFinished])
  }

  /// A line for each of 50,000 targets, twice: seconds where it is, minutes where each is looked for among all others.
  @Test(.timeLimit(.minutes(1))) mutating func targetsAreFoundAtOnce() {
    hear(.received)
    for _ in 1...2 { for number in 0..<50_000 { hear(.started, AgentID("agent-\(number)")) } }
    #expect(entry?.targets.count == 50_000)
    #expect(entry?.targets.first == "agent-0" && entry?.targets.last == "agent-49999")
  }

  @Test mutating func commandOfAnotherIsKnownFromTheAudit() throws {
    hear(.received, at: 5)
    let heard = try #require(entry)
    #expect(heard.progress == .phase(.received))
    #expect(heard.operator == "alice@bastion")
    #expect(heard.reason == "errors 25%")
    #expect(heard.firstAt == .at(5))
    #expect(!heard.isOwn)
  }

  @Test mutating func commandGoesFromReceivedToObeyed() {
    send(["a"])
    hear(.received, at: 1)
    hear(.started, "a", at: 2)
    #expect(entry?.progress == .phase(.started))
    hear(.succeeded, "a", "paused for 15m", at: 3)
    #expect(entry?.progress == .phase(.started))
    hear(.succeeded, at: 3)
    #expect(entry?.progress == .phase(.succeeded))
    #expect(entry?.isFinished == true)
    #expect(entry?.detail == "paused for 15m")
    hear(.obeyed, "a", at: 4)
    #expect(entry?.progress == .phase(.obeyed))
    #expect(entry?.obeyed == ["a"])
    #expect(entry?.lastAt == .at(4))
    #expect(entry?.targets == ["a"])
  }

  @Test mutating func commandIsObeyedOnceAllItsTargetsAre() {
    send(["a", "b"])
    hear(.received)
    hear(.succeeded, "a")
    hear(.succeeded, "b")
    hear(.succeeded)
    hear(.obeyed, "a")
    #expect(entry?.progress == .phase(.succeeded))
    hear(.obeyed, "b")
    #expect(entry?.progress == .phase(.obeyed))
    #expect(entry?.succeeded == 2)
  }

  @Test mutating func commandOfAnotherIsNotObeyedByTheFirstOfItsTargets() {
    hear(.received)
    hear(.started, "a")
    hear(.succeeded, "a")
    hear(.obeyed, "a")
    #expect(entry?.progress == .phase(.started))
    hear(.succeeded, "b")
    hear(.succeeded)
    #expect(entry?.progress == .phase(.succeeded))
    hear(.obeyed, "b")
    #expect(entry?.progress == .phase(.obeyed))
  }

  @Test mutating func targetMayBeHeardOfBeforeItsCommand() {
    send(["a"])
    hear(.started, "a")
    #expect(entry?.progress == .phase(.started))
  }

  @Test mutating func commandEnteredTwiceIsOneRow() {
    hear(.received)
    send(["a"])
    send(["a"])
    #expect(fleet.commands.entries.count == 1)
    #expect(entry?.progress == .phase(.received))
    #expect(entry?.isOwn == true)
    #expect(entry?.targets == ["a"])
    #expect(entry?.expiresAt == .at(60))
  }

  @Test mutating func confirmationMayComeBeforeTheClosingLine() {
    send(["a"])
    hear(.received)
    hear(.succeeded, "a")
    hear(.obeyed, "a")
    hear(.succeeded)
    #expect(entry?.progress == .phase(.obeyed))
  }

  @Test mutating func failureOfSomeIsFailureOfTheWhole() {
    send(["a", "b"])
    hear(.received)
    hear(.succeeded, "a")
    hear(.failed, "b", "already paused")
    hear(.failed, .none, "1 of 2 done: b: already paused")
    #expect(entry?.progress == .phase(.failed))
    #expect(entry?.succeeded == 1)
    #expect(entry?.failed == 1)
    hear(.obeyed, "a")
    #expect(entry?.progress == .phase(.failed) && entry?.isPartlyDone == true)
    #expect(entry?.detail == "1 of 2 done: b: already paused")
  }

  @Test(arguments: [AuditLine.Phase.rejected, .expired, .unknown, .skipped, .undone])
  mutating func closingLineEndsACommand(phase: AuditLine.Phase) {
    send(["a"])
    hear(phase, .none, "why")
    #expect(entry?.progress == .phase(phase))
    #expect(entry?.isFinished == true)
    #expect(entry?.detail == "why")
  }

  private mutating func run(
    _ phase: AuditLine.Phase, _ action: String, _ target: AgentID = .none, _ detail: String = ""
  ) {
    fleet.apply(
      AuditLine(
        origin: .run("rule/storm/1-0/a"), rule: "storm", phase: phase, action: action, target: target,
        reason: "errors 38%", detail: detail, at: .at(3)))
  }

  private var storm: CommandLog.Entry? { fleet.commands[key: "run:rule/storm/1-0/a"] }

  /// An action that its runtime confirms says nothing of the other one.
  @Test mutating func runOfWhichAPartWasDoneIsNeverObeyed() {
    run(.started, "rule", "a", "activate the backup for a and pause a")
    run(.skipped, "activate_backup", "a", "no backup of a is known")
    run(.succeeded, "pause", "a", "paused for 15m")
    run(.obeyed, "pause", "a", "it reports paused")
    run(.obeyed, "pause", .none, "it reports paused")
    #expect(storm?.progress == .phase(.started))
    run(.succeeded, "rule", .none, "1 of 2 done: no backup of a is known; done: paused for 15m")
    #expect(storm?.progress == .phase(.succeeded) && storm?.isPartlyDone == true)
    run(.obeyed, "pause", "a", "it reports paused")
    run(.succeeded, "rule", .none, "cleared: error rate 2%")
    #expect(storm?.progress == .phase(.succeeded) && storm?.isPartlyDone == true)
  }

  @Test mutating func runIsObeyedOnceEachOfItsActionsIs() {
    run(.started, "rule", "a", "pause a and restart a")
    for action in ["pause", "restart"] { run(.succeeded, action, "a") }
    run(.obeyed, "pause", "a", "it reports paused")
    run(.succeeded, "rule", .none, "paused for 15m, told to restart")
    #expect(storm?.progress == .phase(.succeeded))
    run(.obeyed, "restart", "a", "it reports running")
    #expect(storm?.progress == .phase(.obeyed))
    #expect(storm?.detail == "paused for 15m, told to restart")
  }

  @Test mutating func runOfARuleIsApartFromACommandOfThatID() {
    hear(.received)
    fleet.apply(AuditLine(origin: .run("c1"), rule: "storm", phase: .succeeded, action: "pause", at: .at(2)))
    #expect(fleet.commands.entries.map(\.rule) == [nil, "storm"])
    #expect(entry?.progress == .phase(.received))
  }

  @Test mutating func oldestAreForgottenAndTheRestStillFound() {
    for number in 0..<1500 {
      fleet.apply(
        AuditLine(origin: .command(CommandID("n\(number)")), phase: .received, action: "pause", at: .at(Int64(number))))
    }
    #expect(fleet.commands.entries.count <= 1000)
    #expect(fleet.commands[CommandID("n0")] == nil)
    #expect(fleet.commands[CommandID("n1499")]?.firstAt == .at(1499))
    #expect(fleet.commands[CommandID("n1000")]?.firstAt == .at(1000))
  }
}
