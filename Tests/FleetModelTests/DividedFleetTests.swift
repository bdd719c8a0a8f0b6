import FleetModel
import TestSupport
import Testing

/// A fleet of four shards: what one shard tells holds for its agents alone.
@Suite struct DividedFleetTests {
  private var fleet = Fleet(division: AgentDivision(4))
  /// An agent of each shard.
  private let agents: [AgentID]

  init() {
    let division = AgentDivision(4)
    agents = (0..<4).map { shard in
      (0...).lazy.map { AgentID("agent-\($0)") }.first { division.shard(of: $0) == shard } ?? .none
    }
    fleet.watch()
  }

  private func paused(_ version: Int) -> AgentRecord {
    var record = AgentRecord()
    (record.state, record.version) = (.paused, version)
    return record
  }

  // MARK: Records

  @Test mutating func shardThatTellsItsRecordsAnewForgetsNothingOfTheOthers() {
    for shard in 0..<4 { fleet.beginRecords(ofShard: shard) }
    for agent in agents { fleet.setStoredRecord(paused(3), of: agent) }
    for shard in 0..<4 { fleet.endRecords(ofShard: shard) }
    #expect(agents.allSatisfy { fleet[$0]?.state == .paused })
    fleet.beginRecords(ofShard: 2)
    fleet.endRecords(ofShard: 2)
    #expect(agents.map { fleet[$0]?.record.version } == [3, 3, 0, 3])
  }

  /// Two shards tell at the same time, each begun before the other has ended.
  @Test mutating func tellingsThatOverlapKeepWhatTheAuditSaidMeanwhile() {
    fleet.beginRecords(ofShard: 0)
    fleet.setRecord(paused(5), of: agents[0])
    fleet.beginRecords(ofShard: 1)
    fleet.setStoredRecord(paused(4), of: agents[0])
    fleet.setStoredRecord(paused(2), of: agents[1])
    fleet.endRecords(ofShard: 0)
    fleet.endRecords(ofShard: 1)
    #expect(fleet[agents[0]]?.record.version == 5 && fleet[agents[1]]?.record.version == 2)
  }

  // MARK: Insight

  @Test mutating func insightOfOneShardIsSweptAlone() throws {
    for agent in agents { try fleet.apply("metrics", agent.description, #"{"error_rate":0.1}"#, at: .at(1)) }
    var insight = AgentInsight(at: .at(1))
    insight.health = 0.5
    for shard in 0..<4 { fleet.beginInsights(ofShard: shard) }
    for agent in agents { fleet.setInsight(insight, of: agent) }
    for shard in 0..<4 { fleet.endInsights(ofShard: shard) }
    fleet.beginInsights(ofShard: 1)
    fleet.endInsights(ofShard: 1)
    let known = agents.map { agent in fleet.position(of: agent).flatMap { fleet.insights[$0] } != nil }
    #expect(known == [true, false, true, true])
  }

  // MARK: Alerts

  private func alert(_ shard: Int) -> AlertRecord {
    AlertRecord(id: AlertID(.securityAlert, agents[shard]), severity: .high, since: .at(1), last: .at(1))
  }

  private var open: Set<AgentID> { Set(fleet.alerts.open.map(\.id.agent)) }

  @Test mutating func alertsThatAShardTellsCloseThoseOfItsAgentsAlone() {
    for shard in 0..<4 {
      fleet.setHandler(isAlive: true, ofShard: shard)
      fleet.setAlerts([alert(shard)], judgedUpTo: .at(1), at: .at(2), ofShard: shard)
    }
    #expect(open == Set(agents))
    fleet.setAlerts([], judgedUpTo: .at(3), at: .at(3), ofShard: 3)
    #expect(open == Set(agents.prefix(3)))
    // What a key of a shard says of another shard's agent is nobody's word.
    fleet.setAlerts([alert(0), alert(3)], judgedUpTo: .at(4), at: .at(4), ofShard: 0)
    #expect(open == Set(agents.prefix(3)))
  }

  @Test mutating func localAlertStaysUntilItsOwnShardsHandlerHasReadAsFar() throws {
    for shard in 0..<4 { fleet.setHandler(isAlive: true, ofShard: shard) }
    for agent in agents.prefix(2) { try fleet.apply("security_alert", agent.description, at: .at(5)) }
    fleet.advance(to: .at(20))
    fleet.noteJudged(upTo: .at(20), ofShard: 1)
    #expect(open == [agents[0]])
    fleet.noteJudged(upTo: .at(20), ofShard: 0)
    #expect(open.isEmpty)
  }

  @Test mutating func shardWithoutAHandlerIsJudgedHereAndTheOthersAreNot() throws {
    for shard in 0..<4 { fleet.setHandler(isAlive: true, ofShard: shard) }
    fleet.openSilentAlerts()
    for second in stride(from: Int64(0), through: 60, by: 10) {
      for agent in agents { try fleet.apply("metrics", agent.description, #"{"error_rate":0.1}"#, at: .at(second)) }
    }
    for shard in 0..<4 { fleet.noteJudged(upTo: .at(60), ofShard: shard) }
    fleet.setHandler(isAlive: false, ofShard: 2)
    // Others go on, so that it is the agents that are silent.
    for second in stride(from: Int64(70), through: 300, by: 10) {
      for agent in [agents[0], agents[1]] {
        try fleet.apply("metrics", agent.description, #"{"error_rate":0.1}"#, at: .at(second))
      }
      fleet.advance(to: .at(second))
    }
    let silent = Set(fleet.alerts.open.filter { $0.id.kind == .silent }.map(\.id.agent))
    #expect(silent == [agents[2]], "the handler of shard 03 would tell")
    #expect(fleet.isInsightCurrent(at: try #require(fleet.position(of: agents[0]))))
    #expect(!fleet.isInsightCurrent(at: try #require(fleet.position(of: agents[2]))))
  }

  @Test mutating func agentsOfAShardWithoutALinkAreNotSilent() throws {
    fleet.openSilentAlerts()
    for second in stride(from: Int64(0), through: 60, by: 10) {
      for agent in agents { try fleet.apply("metrics", agent.description, #"{"error_rate":0.01}"#, at: .at(second)) }
    }
    fleet.setHeard(false, ofShard: 3)
    for second in stride(from: Int64(70), through: 300, by: 10) {
      for agent in agents.prefix(3) {
        try fleet.apply("metrics", agent.description, #"{"error_rate":0.01}"#, at: .at(second))
      }
      fleet.advance(to: .at(second))
    }
    #expect(fleet.silences.silent.isEmpty && open.isEmpty)
    fleet.setHeard(true, ofShard: 3)
    #expect(fleet.silences.silent.isEmpty && fleet.silences.reporting == 4, "it has its time to be heard again")
    for second in stride(from: Int64(310), through: 600, by: 10) {
      for agent in agents.prefix(3) {
        try fleet.apply("metrics", agent.description, #"{"error_rate":0.01}"#, at: .at(second))
      }
      fleet.advance(to: .at(second))
    }
    #expect(open == [agents[3]])
  }

  // MARK: The switch

  @Test mutating func strictestSwitchHoldsAndItIsSaidWhere() {
    for shard in 0..<4 { fleet.setAutomation(.set(.on), at: .at(1), ofShard: shard) }
    #expect(fleet.automation.setting == .set(.on) && fleet.automationDiffers == nil)
    fleet.setAutomation(.unset, at: .at(2), ofShard: 2)
    #expect(fleet.automation.setting == .unset && fleet.automationDiffers == "dry in shard 02, on in the others")
    fleet.setAutomation(.set(.off), at: .at(3), ofShard: 0)
    #expect(fleet.automation.setting == .set(.off))
    #expect(fleet.automationDiffers == "off in shard 00, on or dry in the others")
    for shard in 0..<4 { fleet.setAutomation(.set(.dry), at: .at(4), ofShard: shard) }
    #expect(fleet.automation.setting == .set(.dry) && fleet.automationDiffers == nil)
    fleet.setAutomation(.unknown, at: .at(5), ofShard: 1)
    #expect(fleet.automation.setting == .unknown && fleet.automationDiffers == nil)
  }

  @Test func switchIsToldByTheShardsThatSayIt() {
    let settings: [AutomationSetting] = [.set(.on), .unknown, .set(.dry), .set(.on)]
    #expect(AutomationSetting.strictest(of: settings) == .unknown)
    #expect(AutomationSetting.strictestKnown(of: settings) == .set(.dry))
    #expect(AutomationSetting.differenceWords(settings) == "dry in shard 02, on in the others")
    #expect(AutomationSetting.differenceWords([.set(.on), .unknown]) == nil)
    #expect(AutomationSetting.strictestKnown(of: [.unknown, .unknown]) == .unknown)
  }

  @Test mutating func turnInOneShardTurnsNoOther() {
    for shard in 0..<4 { fleet.setAutomation(.set(.off), at: .at(1), ofShard: shard) }
    let line = AuditLine(
      origin: .command(CommandID("c")), phase: .succeeded, action: "automation", operator: "ana",
      detail: "automation off → on", at: .at(2))
    fleet.apply(line, ofShard: 0)
    #expect(fleet.automation.setting == .set(.off))
    for shard in 1..<4 { fleet.apply(line, ofShard: shard) }
    #expect(fleet.automation.setting == .set(.on) && fleet.automation.change?.operator == "ana")
  }

  // MARK: Proposals and notices

  @Test mutating func proposalsAndNoticesOfOneShardLeaveTheOthers() {
    func proposal(_ shard: Int) -> Proposal {
      Proposal(
        id: ProposalID("p\(shard)"), rule: "r", agent: agents[shard], steps: [], reason: "", digest: "d",
        madeAt: .at(0), expiresAt: .at(1000), state: .open)
    }
    for shard in 0..<4 { fleet.setProposals([proposal(shard)], at: .at(0), ofShard: shard) }
    fleet.setProposals([], at: .at(100), ofShard: 1)
    #expect(Set(fleet.proposals.open(at: .at(100)).map(\.id.text)) == ["p0", "p2", "p3"])
    fleet.setUndelivered([.at(5), .at(6)], before: .at(50), ofShard: 0)
    fleet.setUndelivered([.at(7)], before: .at(60), ofShard: 3)
    #expect(fleet.undelivered.count(at: .at(100)) == 3)
    fleet.setUndelivered([], before: .at(50), ofShard: 0)
    #expect(fleet.undelivered.count(at: .at(100)) == 1)
  }

  // MARK: Orders

  /// An undo over two shards is a batch of undos, each of which has runs of its own for the parts that it takes back.
  @Test mutating func undoOverShardsIsOneRow() {
    func line(
      _ id: String, _ batch: Batch, _ phase: AuditLine.Phase, _ target: AgentID = .none, _ shard: Int
    ) {
      fleet.apply(
        AuditLine(
          origin: .command(CommandID(id)), batch: batch, phase: phase, action: "undo", target: target, operator: "ana",
          at: .at(1)), ofShard: shard)
    }
    for (number, shard) in [(1, 0), (2, 3)] {
      line("u\(number)", Batch(id: CommandID("whole"), part: number, parts: 2), .received, .none, shard)
      line(
        "batch/u\(number)/1", Batch(id: CommandID("u\(number)"), part: 1, parts: 1), .succeeded, agents[shard], shard)
      line("batch/u\(number)/1", Batch(id: CommandID("u\(number)"), part: 1, parts: 1), .succeeded, .none, shard)
      line("u\(number)", Batch(id: CommandID("whole"), part: number, parts: 2), .succeeded, .none, shard)
    }
    #expect(fleet.commands.entries.count == 1)
    let entry = fleet.commands[CommandID("whole")]
    #expect(entry?.progress == .phase(.succeeded) && Set(entry?.targets ?? []) == [agents[0], agents[3]])
  }

  @Test mutating func shardsThatWaitAreKnown() {
    for (number, shard) in [(1, 0), (2, 2), (3, 3)] {
      let command = Command(
        id: CommandID("part-\(number)"), action: .pause, targets: [agents[shard]], operator: "ana", issuedAt: .at(0),
        expiresAt: .at(60), batch: Batch(id: CommandID("order"), part: number, parts: 3))
      fleet.commands.enter(command, shard == 2 ? .waiting : .delivered, at: .at(0), shard: shard)
    }
    let id = CommandID("order")
    #expect(fleet.commands[id]?.openShards == [0, 2, 3] && fleet.commands[id]?.waitingShards == [2])
    fleet.apply(
      AuditLine(
        origin: .command(CommandID("part-1")), batch: Batch(id: id, part: 1, parts: 3), phase: .received,
        action: "pause", at: .at(1)), ofShard: 0)
    #expect(fleet.commands[id]?.openShards == [2, 3])
  }
}
