import FleetModel
import Insight
import Testing
import Wire

@testable import World

/// Each promise of versions and rollbacks, and a history that breaks it: the ledger finds it.
@Suite struct RollbackLedgerTests {
  /// Two minutes of two agents of each version: 60 of 400 messages fail, and 10 of 410.
  private var minutes: VersionMinutes {
    var minutes = VersionMinutes()
    for minute in 1...2 as ClosedRange<Int64> {
      let at = Instant(milliseconds: minute * 60_000)
      for agent in ["b1", "b2"] as [AgentID] { minutes.add(agent, "1.4.2", rate: 0.15, messages: 100, at: at) }
      minutes.add("a1", "1.4.1", rate: 0.05, messages: 100, at: at)
      minutes.add("a2", "1.4.1", rate: 0, messages: 105, at: at)
    }
    return minutes
  }

  private func fault(_ words: String, missing: Int = 0) throws -> String? {
    minutes.fault(of: try #require(VersionMinutes.claim(words)), missing: missing)
  }

  @Test func wordsOfAFindingAreReadAsTheProductSaysThem() throws {
    let difference = VersionDifference(
      metric: MetricID(rawValue: 0), worse: "1.4.2", better: "1.4.1", worseCounts: RateCounts(failures: 60, of: 400),
      betterCounts: RateCounts(failures: 10, of: 410))
    let claim = try #require(VersionMinutes.claim(difference.words(named: "error_rate")))
    #expect(claim.worseCounts == difference.worseCounts && claim.betterCounts == difference.betterCounts)
    #expect(claim.worse == "1.4.2" && claim.better == "1.4.1")
    #expect(VersionMinutes.claim("version 1.4.2 is bad") == nil)
  }

  @Test func numbersThatTheEventsBearOutAreNoFault() throws {
    let claim = VersionMinutes.claim(
      VersionDifference(
        metric: MetricID(rawValue: 0), worse: "1.4.2", better: "1.4.1", worseCounts: RateCounts(failures: 60, of: 400),
        betterCounts: RateCounts(failures: 10, of: 410)
      ).words(named: "error_rate"))
    #expect(minutes.fault(of: try #require(claim), missing: 0) == nil)
  }

  @Test func numbersThatNoEventsBearOutAreFound() throws {
    let rest = "messages against 10 of 410"
    // More messages than there were, more failures, and another ratio than that of the counts.
    #expect(try fault("version 1.4.2: error_rate is 5.8 times that of 1.4.1, 60 of 410 \(rest)") != nil)
    #expect(try fault("version 1.4.2: error_rate is 8.6 times that of 1.4.1, 88 of 400 \(rest)") != nil)
    #expect(
      try fault("version 1.4.2: error_rate is 3 times that of 1.4.1, 60 of 400 \(rest)")?.contains("times") == true)
    #expect(try fault("version 1.4.3: error_rate is 5.9 times that of 1.4.1, 60 of 400 \(rest)") != nil)
  }

  // MARK: Steps

  /// A role in a world without a handler: what the product would write is written by hand.
  private final class Scene {
    let world = SimulatedWorld(seed: 1)
    var ledger: RollbackLedger
    static let words = "version 1.4.2: error_rate is 5.9 times that of 1.4.1, 60 of 400 messages against 10 of 410"
    private var events = 0

    init(allows: Set<Autonomy>) {
      let role = VersionedRole(world, truth: .worse, isCalm: true)
      ledger = RollbackLedger(role, most: 1, missing: 0) { allows.contains($0) }
      for _ in 1...2 {
        for agent in ["b1", "b2"] as [AgentID] { tell(agent, "1.4.2", 0.15, 100) }
        tell("a1", "1.4.1", 0.05, 100)
        tell("a2", "1.4.1", 0, 105)
        world.pass(milliseconds: 60_000)
      }
    }

    func tell(_ agent: AgentID, _ version: String, _ rate: Double, _ messages: Int64) {
      world.publish(
        event: "agent.metrics", of: agent,
        ["version": .string(version), "error_rate": .number(rate), "messages_per_minute": .integer(messages)])
    }

    /// Names agents as the handler does: the event's entry.
    func name(_ agents: [AgentID], _ mode: Autonomy, remembers: [AgentID]? = nil) -> String {
      events += 1
      var version = WorseVersion(
        role: VersionedRole.name, worse: "1.4.2", better: "1.4.1", metric: "error_rate", words: Self.words,
        namedAt: .epoch)
      version.step = WorseVersion.Step(remembers ?? agents, at: world.serverTime)
      world.server.run([
        "HSET".bytes, world.keys.insightRecord, WorseVersionCoding.field, WorseVersionCoding.encode([version]),
      ])
      let event: JSONValue = [
        "entity_id": .string(agents[0].bytes), "event_type": "agent.version_worse", "source": "vigia",
        "event_id": .string("event-\(events)"),
        "data": [
          "worse": "1.4.2", "better": "1.4.1", "detail": .string(Self.words), "mode": .string(mode.rawValue),
          "agents": .array(agents.map { .string($0.bytes) }),
        ],
      ]
      return world.server.run(["XADD".bytes, world.keys.events, "*".bytes, Keys.dataField, event.encoded]).bytes?.text
        ?? ""
    }

    func audit(
      _ phase: AuditLine.Phase, _ action: String, _ target: AgentID, of rule: String, _ entry: String
    ) throws(Violation) {
      try ledger.take(
        AuditLine(
          origin: .run("rule/\(rule)/\(entry)/b1"), rule: rule, phase: phase, action: action, target: target,
          at: world.serverTime), world)
    }
  }

  /// What a history breaks; nil if nothing.
  private func broken(_ allows: Set<Autonomy> = [.auto], _ history: (Scene) throws -> Void) -> String? {
    let scene = Scene(allows: allows)
    do {
      try history(scene)
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test func whoIsNamedAndGoesBackBreaksNothing() {
    let fault = broken { scene in
      let entry = scene.name(["b1"], .auto)
      try scene.ledger.read(scene.world)
      try scene.audit(.started, AuditLine.wholeRun, "b1", of: "rollback-auto", entry)
      try scene.audit(.succeeded, "rollback", "b1", of: "rollback-auto", entry)
      #expect(scene.ledger.decided == 1 && scene.ledger.rolledBack == 1)
    }
    #expect(fault == nil)
  }

  @Test func agentsAreNamedOnceAndAsManyAsMayBe() {
    let twice = broken { scene in
      for _ in 1...2 {
        _ = scene.name(["b1"], .auto)
        try scene.ledger.read(scene.world)
      }
    }
    #expect(twice == "b1 is named twice")
    let early = broken { scene in
      for agent in ["b1", "b2"] as [AgentID] {
        _ = scene.name([agent], .auto)
        try scene.ledger.read(scene.world)
      }
    }
    #expect(early?.contains("b1 has not left 1.4.2") == true)
    let many = broken { scene in
      _ = scene.name(["b1", "b2"], .auto)
      try scene.ledger.read(scene.world)
    }
    #expect(many == "2 agents go back at once, 1 may")
    let forgotten = broken { scene in
      _ = scene.name(["b1"], .auto, remembers: ["b2"])
      try scene.ledger.read(scene.world)
    }
    #expect(forgotten?.contains("something else is remembered") == true)
  }

  @Test func nobodyGoesBackWithoutAWordOrWhileAutomationIsOffOrFromAnotherVersion() {
    let unasked = broken([.propose]) { scene in
      let entry = scene.name(["b1"], .propose)
      try scene.ledger.read(scene.world)
      try scene.audit(.started, AuditLine.wholeRun, "b1", of: "rollback", entry)
    }
    #expect(unasked?.hasSuffix("nobody has approved it") == true)
    let off = broken { scene in
      let entry = scene.name(["b1"], .auto)
      try scene.ledger.read(scene.world)
      scene.ledger.note(automation: "automation on → off")
      try scene.audit(.started, AuditLine.wholeRun, "b1", of: "rollback-auto", entry)
    }
    #expect(off?.hasSuffix("automation is not on") == true)
    let replaced = broken { scene in
      let entry = scene.name(["b1"], .auto)
      scene.tell("b1", "1.4.3", 0.01, 100)
      try scene.ledger.read(scene.world)
      scene.world.pass(milliseconds: 60_000)
      try scene.audit(.started, AuditLine.wholeRun, "b1", of: "rollback-auto", entry)
      try scene.audit(.succeeded, "rollback", "b1", of: "rollback-auto", entry)
    }
    #expect(replaced == "b1 goes back from 1.4.2, and runs 1.4.3")
  }
}
