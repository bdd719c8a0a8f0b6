import FleetModel
import Screen
import TestSupport
import Testing

@testable import Console

/// What rules made of the event, or what became of the command, under the cursor.
@Suite struct WhyTests {
  static let entry = "1795334972000-0"

  /// The security alert of `auth`, with the cursor on it and its explanation open.
  private func onAlert(columns: Int = 130, rows: Int = 40) throws -> (scene: Scene, incident: Incident) {
    var scene = try Scene.full(columns: columns, rows: rows)
    scene.press(.character("5"))
    let effects = scene.press(.character("x"))
    let incident = try #require(scene.model.fleet.incidents.security.last)
    #expect(effects == [.traceEvent(incident)])
    return (scene, incident)
  }

  private func hearDecisions(_ scene: inout Scene) {
    func run(_ rule: String) -> String { "rule/\(rule)/\(Self.entry)/auth" }
    scene.hearRule(
      .started, "rule", "auth", "block_ip 203.0.113.9, notify ops", rule: "intrusion", run: run("intrusion"),
      reason: "data.risk_level is critical", at: .at(573))
    scene.hearRule(
      .succeeded, "block_ip", "auth", "203.0.113.9 for 1h", rule: "intrusion", run: run("intrusion"),
      reason: "data.risk_level is critical", at: .at(574))
    scene.hearRule(
      .skipped, "rule", "auth", "throttled: acted 1m ago, once in 15m", rule: "suspicious", run: run("suspicious"),
      reason: "data.attempts_count is 812, >= 100", at: .at(573))
    // Of another event of the same agent.
    scene.hearRule(
      .skipped, "rule", "auth", "stale: 3m old", rule: "intrusion", run: "rule/intrusion/1795334972000-1/auth",
      at: .at(575))
  }

  @Test(arguments: [(80, 24), (130, 40), (200, 50), (40, 10)])
  func alertIsExplainedRuleByRule(columns: Int, rows: Int) throws {
    var (scene, incident) = try onAlert(columns: columns, rows: rows)
    hearDecisions(&scene)
    _ = scene.model.update(.traced(incident, .entry(Self.entry)))
    expectScreen(scene.draw(), "why-event-\(columns)x\(rows)")
  }

  @Test func onlyWhatTheEventLedToIsShown() throws {
    var (scene, incident) = try onAlert()
    hearDecisions(&scene)
    _ = scene.model.update(.traced(incident, .entry(Self.entry)))
    let text = scene.draw().lines().joined(separator: "\n")
    #expect(text.contains("08:09:33Z  intrusion acts"))
    #expect(text.contains("because data.risk_level is critical"))
    #expect(text.contains("suspicious did nothing, since it acted a short while ago"))
    #expect(!text.contains("came too late"))
    #expect(text.contains("vigia runbook explain \(Self.entry) "))
  }

  @Test func eventThatNoRuleTouchedSaysSoAndNamesTheCommand() throws {
    var (scene, incident) = try onAlert(columns: 80, rows: 24)
    _ = scene.model.update(.traced(incident, .entry(Self.entry)))
    expectScreen(scene.draw(), "why-event-nothing-80x24")
  }

  @Test(
    arguments: [
      (.looking, "Looking for it in the stream."), (.absent, "The stream of events does not hold it"),
      (.unknown, "Under which id it stands in the stream of events could not be found out"),
    ] as [(EventTrace, String)])
  func whereTheEventStandsIsSaidAsFarAsItIsKnown(trace: EventTrace, words: String) throws {
    var (scene, incident) = try onAlert()
    _ = scene.model.update(.traced(incident, trace))
    let text = scene.draw().lines().joined()
    #expect(text.contains(words) && text.contains("critical: brute force from 203.0.113.9"))
    #expect(!text.contains("runbook explain"))
  }

  @Test func answerAboutAnotherAlertIsPassedOver() throws {
    var (scene, incident) = try onAlert()
    incident.number -= 1
    _ = scene.model.update(.traced(incident, .entry(Self.entry)))
    #expect(scene.model.trace == .looking)
  }

  @Test func secondPressGoesOnToTheAgentAndEscapeLeaves() throws {
    var (scene, _) = try onAlert()
    #expect(scene.draw().lines().joined().contains("x goes to the agent"))
    #expect(scene.press(.character("x")) == [])
    #expect(scene.model.explained == .agent("auth"))
    #expect(scene.draw().lines().joined().contains("Why: Auth gateway"))
    scene.press(.escape)
    #expect(scene.model.explained == nil && scene.model.focus == .security)
  }

  /// What is shown and what keys act on are one.
  @Test func keysActOnTheAgentOfTheAlert() throws {
    var (scene, _) = try onAlert()
    scene.press(.character("p"))
    #expect(scene.promptText().hasPrefix(" pause Auth gateway (auth)"))
  }

  @Test func alertThatHasLeftTheMemoryIsSaid() throws {
    var (scene, _) = try onAlert()
    for number in 0..<500 as Range<Int64> {
      try scene.model.fleet.apply("security_alert", "auth", #"{"alert_type":"x"}"#, at: .at(600 + number))
    }
    #expect(scene.draw().lines().joined().contains("This console does not remember it any more."))
  }

  /// A storm brings several of one agent in one millisecond.
  @Test func alertsOfOneMomentAreRowsOfTheirOwn() throws {
    var scene = Scene()
    for kind in ["first", "second"] {
      try scene.model.fleet.apply("security_alert", "a", #"{"alert_type":"\#(kind)"}"#, at: .at(0))
    }
    scene.goLive(at: .at(1))
    scene.press(.character("5"), .down, .character("x"))
    #expect(scene.draw().lines().joined().contains("08:00:00Z  first"))
  }

  // MARK: The commands

  @Test func runOfARuleIsExplainedByItsEvent() throws {
    var scene = try Scene.full(columns: 130, rows: 40)
    hearDecisions(&scene)
    scene.tick(.at(606))
    let key = "run:rule/intrusion/\(Self.entry)/auth"
    scene.press(.character("6"))
    while scene.model.selectedRow != .command(key) { scene.press(.down) }
    #expect(scene.press(.character("x")) == [])
    let text = scene.draw().lines().joined(separator: "\n")
    #expect(text.contains("Why: rule intrusion: Auth gateway"))
    #expect(text.contains("event \(Self.entry)") && text.contains("vigia runbook explain \(Self.entry)"))
    #expect(text.contains("suspicious did nothing"))
  }

  @Test func commandOfAnOperatorTellsWhatBecameOfIt() throws {
    var scene = try Scene.plain(agents: 3)
    scene.hear("c1", .received, "pause", at: .at(1))
    scene.hear("c1", .rejected, "pause", .none, "a0, a1: not running", at: .at(3))
    scene.tick(.at(4))
    scene.press(.character("6"), .character("x"))
    let text = scene.draw().lines().joined(separator: "\n")
    #expect(text.contains("08:00:03Z  rejected: a0, a1: not running"))
    #expect(text.contains("given at 08:00:01Z, by alice@bastion"))
    #expect(text.contains("No event led to it, and no rule decided on it."))
  }

  /// One on several agents has a row too.
  @Test func commandOnSeveralAgentsIsExplained() throws {
    var scene = try Scene.plain(agents: 3)
    for agent in ["a0", "a1"] as [AgentID] { scene.hear("c1", .succeeded, "pause", agent, at: .at(1)) }
    scene.tick(.at(4))
    scene.press(.character("6"), .character("x"))
    #expect(scene.model.explained == .command("c1"))
    #expect(scene.draw().lines().joined().contains("Why: pause a0, a1"))
    scene.press(.character("x"))
    #expect(scene.model.explained == .command("c1"))
  }

  // MARK: Steps

  @Test func reasonOfARunIsSaidOnceWhereItBegan() throws {
    var (scene, incident) = try onAlert()
    hearDecisions(&scene)
    let run = "rule/intrusion/\(Self.entry)/auth"
    for target in ["auth", .none] as [AgentID] {
      scene.hearRule(
        .obeyed, "pause", target, "it reports paused", rule: "intrusion", run: run,
        reason: "data.risk_level is critical", at: .at(576))
    }
    _ = scene.model.update(.traced(incident, .entry(Self.entry)))
    let lines = scene.draw().lines()
    // The step that closes the action says nothing else than the one before it.
    #expect(lines.count { $0.contains("was obeyed: pause") } == 1)
    #expect(lines.contains { $0.contains("was obeyed: pause Auth gateway") })
    #expect(lines.count { $0.contains("it reports paused") } == 1)
  }

  // MARK: The agent

  @Test func stepsOfAnAgentStandUnderTheirEvents() throws {
    var scene = try Scene.full(columns: 130, rows: 40)
    hearDecisions(&scene)
    scene.press(.character("5"), .character("x"), .character("x"))
    let events = scene.draw().lines().compactMap { $0.contains("│ event ") ? String($0.dropFirst(8).prefix(15)) : nil }
    #expect(events == ["1795334972000-1", Self.entry])
  }
}
