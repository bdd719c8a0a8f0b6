import Execution
import FleetModel
import TestSupport
import TestThreads
import Testing
import Wire

@testable import Handler

/// From a version that is named worse to agents that run another one again.
@Suite(.threaded) struct RollbackTests {
  private let versions: VersionScene
  private var scene: HandlerScene { versions.scene }

  init() throws { versions = try VersionScene() }

  private func proposed() throws -> [AuditLine] {
    try scene.audit().filter { $0.phase == .proposed }
  }

  /// Waits until so many events have named agents.
  private func wait(named count: Int) throws {
    try scene.server.wait { ((try? versions.named()) ?? []).count == count }
  }

  // MARK: The command

  @Test func rollbackNamesBothVersionsAndIsRefusedWhereThereIsNothingToDo() throws {
    let scene = try HandlerScene()
    let event: JSONValue = [
      "entity_id": "agent-1", "event_type": "agent.updated", "data": ["version": "1.4.2"],
    ]
    _ = try scene.server.call("XADD", scene.keys.events, "*", Keys.dataField, event.encoded)
    try scene.server.wait {
      (try? scene.server.call("HEXISTS", scene.keys.profiles, "agent-1")) == .integer(1)
    }
    let same = try scene.send(.rollback, ["agent-1"], ["version": "1.4.2"])
    #expect(same.last?.short == "failed: agent-1 runs version 1.4.2 already")
    #expect(try scene.control().isEmpty)
    let other = try scene.send(.rollback, ["agent-1"], ["version": "1.4.1"])
    #expect(other.last?.short == "succeeded: version 1.4.2 → 1.4.1")
    let told = try #require(try scene.control().first)
    #expect(told.action == .rollback && told.arguments == ["version": "1.4.1"])
    try scene.report("agent-1", "running", command: told.commandID.text)
    try scene.server.wait { (try? scene.audit().contains { $0.phase == .obeyed && $0.action == "rollback" }) ?? false }
  }

  @Test func versionThatCameWithTheEffectItselfDoesNotSpeakAgainstItsOutcome() throws {
    // Planned again after a takeover, with an intent: the agent may report the new version by then.
    var context = PlanningContext(
      target: "a", record: AgentRecord(), commandID: CommandID("c"), operator: "o", now: .epoch,
      restartLimit: .minutes(1))
    context.knownVersion = "1.4.1"
    #expect(throws: Refusal("a runs version 1.4.1 already")) { try Change.rollback(to: "1.4.1", context) }
    context.knownVersion = nil
    #expect(try Change.rollback(to: "1.4.1", context).detail == "version 1.4.1")
  }

  // MARK: Proposed

  @Test func agentsOfAWorseVersionAreProposedOnceWithTheEvidenceAndGoBackOnceAPersonSaysSo() throws {
    try versions.start("h1", .propose)
    try versions.pass(minutes: 8)
    try scene.server.wait { ((try? proposed()) ?? []).count == 1 }
    let line = try #require(try proposed().first)
    let proposal = try #require(line.proposal)
    #expect(line.rule == "rollback" && proposal.rule == "rollback")
    #expect(
      proposal.steps
        == ["b1", "b2"].map {
          Proposal.Step(action: "rollback", target: $0, arguments: ["version": "1.4.1"])
        })
    #expect(proposal.reason.hasPrefix("version 1.4.2: error_rate is ") && proposal.reason.contains(" against "))
    let stored = try #require(try versions.stored()?.first)
    #expect(stored.isOf("sales", "1.4.2") && stored.better == "1.4.1" && stored.words == proposal.reason)
    #expect(stored.step?.agents == ["b1", "b2"] && !stored.isClosed)
    #expect(try versions.rolledBack() == [], "nobody has said so yet")
    try scene.send(.approve, [], ["proposal": proposal.id.text, "sha256": proposal.digest])
    try scene.server.wait { (try? versions.rolledBack()) == ["b1 1.4.1", "b2 1.4.1"] }
    let done = try scene.audit().filter { $0.action == "rollback" && $0.phase == .succeeded }
    #expect(done.map(\.detail) == ["version 1.4.2 → 1.4.1", "version 1.4.2 → 1.4.1"])
    #expect(done.allSatisfy { $0.reason == proposal.reason })
    for agent in ["b1", "b2"] as [AgentID] { versions.set(agent, "1.4.1", rate: 0.01) }
    try versions.pass(minutes: 4)
    try scene.server.wait { (try? versions.stored()?.first?.isClosed) == true }
    #expect(try versions.named() == [["b1", "b2"]])
  }

  /// Hours may pass before a person says so.
  @Test func whoRunsANewerVersionByTheTimeAPersonSaysSoStaysThere() throws {
    try versions.start("h1", .propose)
    try versions.pass(minutes: 8)
    try scene.server.wait { ((try? proposed()) ?? []).count == 1 }
    let proposal = try #require(try proposed().first?.proposal)
    versions.set("b1", "1.4.3", rate: 0.01)
    try versions.pass(minutes: 3)
    try scene.send(.approve, [], ["proposal": proposal.id.text, "sha256": proposal.digest])
    try scene.server.wait { (try? versions.rolledBack()) == ["b2 1.4.1"] }
    let refused = try scene.audit().filter { $0.rule == "rollback" && $0.detail.hasPrefix("guarded: ") }
    #expect(
      refused.map(\.detail) == [
        "guarded: roll b1 back to version 1.4.1: version 1.4.3 was not named worse than 1.4.1"
      ])
  }

  @Test func successorNamesNobodyTwiceThoughItFindsTheSame() throws {
    try versions.start("h1", .propose)
    try versions.pass(minutes: 8)
    try scene.server.wait { ((try? proposed()) ?? []).count == 1 }
    let before = try versions.stored()
    try versions.replace(by: "h2", .propose)
    // As long as it took the first to find it.
    try versions.pass(minutes: 10)
    #expect(try versions.named() == [["b1", "b2"]])
    #expect(try proposed().count == 1)
    #expect(try versions.stored() == before)
  }

  @Test func garbageInPlaceOfWhatWasNamedIsPassedOver() throws {
    _ = try scene.server.call("HSET", scene.keys.insightRecord, "versions", "{nonsense")
    try versions.start("h1", .propose)
    try versions.pass(minutes: 8)
    try wait(named: 1)
    #expect(try versions.stored()?.count == 1)
  }

  // MARK: By themselves

  @Test func agentsGoBackOneAfterTheOtherAlsoIfTheHandlerIsReplacedBetweenThem() throws {
    try versions.start("h1", .auto)
    try versions.pass(minutes: 8)
    try scene.server.wait { (try? versions.rolledBack()) == ["b1 1.4.1"] }
    #expect(try versions.named() == [["b1"]])
    // It has not left the version yet: nobody else is named.
    try versions.pass(minutes: 3)
    #expect(try versions.named() == [["b1"]])
    try versions.replace(by: "h2", .auto)
    versions.set("b1", "1.4.1", rate: 0.01)
    try versions.pass(minutes: 3)
    try scene.server.wait { (try? versions.rolledBack()) == ["b1 1.4.1", "b2 1.4.1"] }
    #expect(try versions.named() == [["b1"], ["b2"]])
    let reasons = try scene.audit().filter { $0.action == "rollback" && $0.phase == .succeeded }.map(\.reason)
    #expect(reasons.count == 2 && reasons.allSatisfy { $0.hasPrefix("version 1.4.2: error_rate is ") })
  }

  @Test func nobodyFollowsAnAgentThatIsGoneAfterItsRollback() throws {
    try versions.start("h1", .auto)
    try versions.pass(minutes: 8)
    try scene.server.wait { (try? versions.rolledBack()) == ["b1 1.4.1"] }
    let first = try #require(versions.agents.first { $0.id == "b1" })
    versions.set("b1", "1.4.1", rate: 0.01)
    try versions.delete("b1")
    try versions.pass(minutes: 4)
    #expect(try versions.named() == [["b1"]])
    // It is back, and says which version it runs.
    versions.agents.append(first)
    versions.set("b1", "1.4.1", rate: 0.01)
    try versions.pass(minutes: 5)
    try scene.server.wait { (try? versions.named()) == [["b1"], ["b2"]] }
  }

  @Test func whileAutomationIsOffNobodyIsNamedAndNothingIsLost() throws {
    try versions.start("h1", .auto)
    try scene.send(.automation, [], ["mode": "off"])
    try versions.pass(minutes: 8)
    try scene.server.wait { (try? versions.stored()?.count) == 1 }
    try versions.pass(minutes: 2)
    #expect(try versions.named() == [] && versions.stored()?.first?.step == nil)
    try scene.send(.automation, [], ["mode": "on"])
    try versions.pass(minutes: 2)
    try scene.server.wait { (try? versions.rolledBack()) == ["b1 1.4.1"] }
  }

  @Test func whileAutomationIsDryNothingGoesBackAndTheAuditSaysWhatWould() throws {
    try versions.start("h1", .auto)
    _ = try scene.server.call("SET", scene.keys.automation, "dry")
    try versions.pass(minutes: 8)
    try wait(named: 1)
    try scene.server.wait {
      (try? scene.audit().contains { $0.rule == "rollback-auto" && $0.detail.hasPrefix("dry_run: would roll b1 back") })
        ?? false
    }
    #expect(try versions.rolledBack() == [])
  }

  // MARK: What an event alone claims

  /// A handler that has named agents of sales, and agents that run the version.
  private func named(_ agents: [AgentID], _ rollback: Autonomy) throws -> RuleScene {
    let rules = try RuleScene(rollback: rollback)
    let version = WorseVersion(
      role: "sales", worse: "1.4.2", better: "1.4.1", metric: "error_rate", words: "it is bad", namedAt: .epoch,
      step: WorseVersion.Step(agents, at: .epoch))
    _ = try rules.scene.server.call(
      "HSET", rules.scene.keys.insightRecord, WorseVersionCoding.field, WorseVersionCoding.encode([version]))
    for agent in ["agent-1", "agent-2"] as [AgentID] {
      try rules.event("agent.updated", agent, ["role": "sales", "version": "1.4.2"])
    }
    return rules
  }

  private func claim(_ mode: String, about agents: [AgentID]) -> JSONValue {
    [
      "mode": .string(mode), "role": "sales", "worse": "1.4.2", "better": "1.4.1", "detail": "it is bad",
      "agents": .array(agents.map { .string($0.bytes) }),
    ]
  }

  @Test func onlyWhomTheHandlerHasNamedGoesBack() throws {
    let rules = try named(["agent-2"], .auto)
    try rules.event("agent.version_worse", "agent-1", claim("auto", about: ["agent-1", "agent-2"]))
    try rules.actions(of: "rollback-auto")
    #expect(try rules.scene.control().filter { $0.action == .rollback }.map(\.agent) == ["agent-2"])
    let refused = try rules.lines().filter { $0.detail.hasPrefix("guarded: ") }.map(\.detail)
    #expect(
      refused == [
        "guarded: roll agent-1 back to version 1.4.1: it is not among those that are to go back now"
      ])
  }

  /// Neither done nor put before a person, whatever the event says.
  @Test(arguments: [("auto", Autonomy.propose), ("auto", .off), ("propose", .off)])
  func theSettingsSayWhetherAgentsGoBackAndNotTheEvent(_ mode: String, _ rollback: Autonomy) throws {
    let rules = try named(["agent-1"], rollback)
    try rules.event("agent.version_worse", "agent-1", claim(mode, about: ["agent-1"]))
    let lines = try rules.lines { $0.phase == .skipped }
    let detail = "guarded: roll agent-1 back to version 1.4.1: the settings have rollback = \"\(rollback.rawValue)\""
    #expect(lines.contains { $0.detail.hasPrefix(detail) })
    #expect(lines.allSatisfy { $0.phase != .proposed && $0.phase != .started })
    #expect(try rules.scene.control().isEmpty)
  }

  @Test func toAnAgentThatGetsTheVersionAgainAndAgainAPersonIsCalled() throws {
    let rules = try named(["agent-1"], .auto)
    for _ in 0..<3 { try rules.event("agent.version_worse", "agent-1", claim("auto", about: ["agent-1"])) }
    try rules.lines { $0.detail.hasPrefix("limited: acted 2 times within ") }
    try rules.scene.server.wait { (try? rules.scene.alert(.escalation, "agent-1")) != nil }
  }

  @Test func eventThatNamesNobodyIsNotTold() throws {
    let rules = try named(["agent-1"], .auto)
    try rules.event("agent.version_worse", "agent-1", claim("auto", about: []))
    let lines = try rules.lines { $0.rule == "rollback-auto" }
    #expect(lines.map(\.short) == ["skipped agent-1: guarded: tell operations: nobody goes back"])
  }

  /// Whoever may publish events could write one as the handler does.
  @Test func whatAnEventAloneClaimsRollsNobodyBack() throws {
    let rules = try RuleScene(rollback: .auto)
    let claim: JSONValue = [
      "mode": "auto", "worse": "1.4.2", "better": "0.9", "detail": "it is bad", "agents": ["agent-1", "agent-2"],
    ]
    try rules.event("agent.updated", "agent-1", ["role": "sales", "version": "1.4.2"])
    try rules.event("agent.version_worse", "agent-1", claim)
    // The notice would tell of what does not happen, so there is none.
    let lines = try rules.lines { $0.rule == "rollback-auto" }.filter { $0.rule == "rollback-auto" }
    #expect(
      lines.map(\.short) == [
        "skipped agent-1: guarded: roll agent-1 back to version 0.9: version 1.4.2 was not named worse than 0.9; "
          + "roll agent-2 back to version 0.9: it has not said its role and version; "
          + "tell operations: nobody goes back"
      ])
    #expect(try rules.scene.control().isEmpty)
  }

  @Test func nothingGoesBackByItselfToAVersionThatWasNamedWorseItself() throws {
    let rules = try RuleScene(rollback: .auto)
    let versions = [("1.4.1", "1.4.0"), ("1.4.2", "1.4.1")].map { worse, better in
      WorseVersion(
        role: "sales", worse: worse, better: better, metric: "error_rate", words: "it is bad", namedAt: .epoch)
    }
    _ = try rules.scene.server.call(
      "HSET", rules.scene.keys.insightRecord, WorseVersionCoding.field, WorseVersionCoding.encode(versions))
    for (agent, better) in [("agent-1", "1.4.1"), ("agent-2", "1.4.2")] as [(AgentID, String)] {
      try rules.event("agent.updated", agent, ["role": "sales", "version": "1.4.2"])
      try rules.event(
        "agent.version_worse", agent,
        ["mode": "auto", "better": .string(better), "agents": .array([.string(agent.bytes)])])
    }
    try rules.lines { $0.target == "agent-2" && $0.phase == .skipped }
    let refused = try rules.lines().map(\.detail).filter { $0.hasPrefix("guarded: ") }
    #expect(
      refused == [
        "guarded: roll agent-1 back to version 1.4.1: version 1.4.1 was named worse itself; "
          + "tell operations: nobody goes back",
        "guarded: roll agent-2 back to version 1.4.2: it runs version 1.4.2 already; "
          + "tell operations: nobody goes back",
      ])
    #expect(try rules.scene.control().isEmpty)
  }
}
