import FleetModel
import Testing
import Wire

@testable import Simulation

/// A fleet and a clock that moves it on in steps of a tenth of a second.
struct Stage {
  static let start = Instant(milliseconds: 1_795_334_400_000)
  var fleet: SimulatedFleet
  var now = Stage.start

  init(
    agents: Int = 12, rate: Double = 40, seed: UInt64 = 7, _ plan: IncidentPlan = .none, present: Instant? = nil,
    waits: Bool = false, versions: Bool = false, handsOver: Bool = false
  ) {
    fleet = SimulatedFleet(
      agents: agents, rate: rate, seed: seed, incidents: plan, at: Self.start, present: present, waits: waits,
      versions: versions, handsOver: handsOver)
  }

  mutating func run(seconds: Int64) -> [SimulatedEvent] {
    var events: [SimulatedEvent] = []
    let end = now + .seconds(seconds)
    while now < end {
      now = now + .milliseconds(100)
      events += fleet.advance(to: now)
    }
    return events
  }

  mutating func order(
    _ action: Action, _ agent: AgentID, _ arguments: [String: String] = [:], id: String = "c1", until: Instant? = nil
  ) -> [SimulatedEvent] {
    fleet.obey(
      ControlMessage(agent: agent, action: action, arguments: arguments, commandID: CommandID(id), until: until))
  }
}

extension [SimulatedEvent] {
  func of(_ kind: EventKind, _ agent: AgentID? = nil) -> [SimulatedEvent] {
    filter { $0.kind == kind && (agent == nil || $0.agent == agent) }
  }
  func last(_ field: String, of agent: AgentID, _ kind: EventKind = .metrics) -> Double? {
    of(kind, agent).last?.data[field]?.double
  }
}

@Suite struct SimulatedFleetTests {
  @Test func sameSeedGivesTheSameEvents() {
    var first = Stage(.automatic)
    var second = Stage(.automatic)
    var other = Stage(seed: 8, .automatic)
    let events = first.run(seconds: 30)
    #expect(events == second.run(seconds: 30))
    #expect(events != other.run(seconds: 30))
  }

  @Test func everyAgentIntroducesItselfAtOnce() {
    var stage = Stage()
    let events = stage.run(seconds: 1)
    #expect(events.of(.created).map(\.agent.description) == Roster.agents(12).map(\.id.description))
    #expect(Set(events.of(.metrics).map(\.agent)).count == 12)
    #expect(events.of(.created, "support-jp-01").first?.data["name"]?.text == "東京サポート")
    #expect(events.of(.created, "support-jp-02").first?.data["backup_for"]?.text == "support-jp-01")
  }

  /// What the handler says itself, and what agents of a fleet without people behind it do not say.
  private static let notSimulated: Set<EventKind> = [
    .other, .silent, .anomaly, .runaway, .budget, .waiting, .personAccepted, .personReturned, .conversationEnded,
    .handoffAccepted, .handoffRefused,
  ]

  @Test func everyTypeOfEventAppears() {
    var stage = Stage(.automatic)
    let kinds = Set(stage.run(seconds: 120).map(\.kind))
    #expect(kinds == Set(EventKind.allCases).subtracting(Self.notSimulated))
  }

  @Test func rateIsKept() {
    var stage = Stage(rate: 40, .automatic)
    _ = stage.run(seconds: 1)
    let count = stage.run(seconds: 60).count
    #expect((2300...2500).contains(count))
  }

  @Test func pastIsCalmAndThePresentBeginsInTheFirstIncidentWithAVisitorToCome() {
    var stage = Stage(.automatic, present: Stage.start + .minutes(10))
    let past = stage.run(seconds: 585)
    #expect(past.of(.created).count == 12 && past.of(.deleted).isEmpty && past.of(.performanceDegraded).isEmpty)
    let lastOfIt = stage.run(seconds: 15)
    #expect(lastOfIt.last("error_rate", of: "sales-us-01") ?? 0 > 0.2)
    #expect(lastOfIt.of(.performanceDegraded).isEmpty && lastOfIt.of(.created).isEmpty)
    let present = stage.run(seconds: 60)
    #expect(present.of(.created).count == 1 && present.of(.deleted).count == 1)
  }

  @Test func noIncidentBefallsAVisitor() {
    var stage = Stage(.automatic)
    let reports = stage.run(seconds: 120).filter { $0.eventID != nil }
    let residents = Set(Roster.agents(12).map(\.id))
    #expect(reports.count > 20 && reports.allSatisfy { residents.contains($0.agent) })
  }

  @Test func laterAgentsFollowThePattern() {
    let ids = Roster.agents(14).map(\.id.description)
    #expect(ids[12] == "support-eu-03")
    #expect(Roster.agents(14)[13].backupFor == "support-eu-03")
    #expect(Set(Roster.agents(1000).map(\.id)).count == 1000)
    #expect(Roster.agents(1000).allSatisfy { Roster.isSimulated($0.id) })
    #expect(Roster.isSimulated("sales-promo-01"))
    #expect(!Roster.isSimulated("agent-0042"))
    #expect(!Roster.isSimulated("support-eu"))
  }

  @Test func calmFleetRaisesNoAlarm() {
    var stage = Stage()
    let events = stage.run(seconds: 120)
    #expect(events.of(.performanceDegraded).isEmpty && events.of(.healthCritical).isEmpty)
    let rates = events.of(.metrics).compactMap { $0.data["error_rate"]?.double }
    #expect(rates.allSatisfy { $0 < 0.05 })
    #expect(events.of(.metrics).compactMap { $0.data["response_time"]?.double }.allSatisfy { $0 < 2000 })
    #expect(events.of(.metrics).compactMap { $0.data["queue_size"]?.double }.allSatisfy { $0 < 100 })
    #expect(events.of(.metrics).compactMap { $0.data["avg_rating"]?.double }.allSatisfy { $0 > 3.5 })
  }
}

@Suite struct SimulatedIncidentTests {
  private let victim: AgentID = "support-br-01"

  @Test func errorStormShowsOnOneAgent() {
    var stage = Stage(.fixed([.errorStorm]))
    let events = stage.run(seconds: 15)
    #expect(events.of(.performanceDegraded).allSatisfy { $0.agent == victim })
    #expect(events.of(.performanceDegraded).count >= 4)
    #expect(events.last("error_rate", of: victim) ?? 0 > 0.3)
    #expect(events.last("response_time", of: victim) ?? 0 > 4000)
    #expect(events.of(.healthCritical, victim).first?.data["suggested_actions"] == ["restart"])
    let others = events.of(.metrics).filter { $0.agent != victim }.compactMap { $0.data["error_rate"]?.double }
    #expect(others.allSatisfy { $0 < 0.05 })
  }

  @Test func trafficSpikeFillsTheQueue() {
    var stage = Stage(.fixed([.trafficSpike]))
    let events = stage.run(seconds: 60)
    #expect(events.of(.predictiveAlert, victim).count == 1)
    #expect(events.of(.highTraffic, victim).count >= 15)
    #expect(events.last("queue_size", of: victim) ?? 0 > 200)
    #expect(events.last("messages_per_minute", of: victim) ?? 0 > 500)
  }

  /// No rule is about metrics, so that nobody but a person ends it.
  @Test func badReleaseShowsInMetricsAloneAndLeavesItsAgentToItself() {
    var stage = Stage(.automatic)
    let events = stage.run(seconds: 120)
    let ids = Set(events.filter { $0.agent == "sales-us-01" && $0.eventID != nil }.map(\.kind))
    #expect(ids == [.metrics])
    #expect(events.last("error_rate", of: "sales-us-01") ?? 0 > 0.2)
    #expect(events.of(.healthCritical, "sales-us-01").isEmpty)
  }

  @Test func pauseOfABadReleaseSendsItsUsersToAnother() {
    var stage = Stage(.automatic)
    _ = stage.run(seconds: 15)
    let answers = stage.order(.pause, "sales-us-01", until: stage.now + .minutes(15))
    #expect(answers.of(.status, "sales-us-01").first?.data["state"] == "paused")
    #expect(answers.of(.predictiveAlert).map(\.agent) == ["sales-fr-01"])
    #expect(!stage.run(seconds: 15).of(.highTraffic, "sales-fr-01").isEmpty)
    _ = stage.order(.resume, "sales-us-01")
    #expect(stage.run(seconds: 20).last("error_rate", of: "sales-us-01") ?? 1 < 0.05)
  }

  @Test func unhappyUsersSaySo() {
    var stage = Stage(.fixed([.unhappyUsers]))
    let events = stage.run(seconds: 40)
    #expect(events.last("avg_rating", of: victim) ?? 5 < 2.5)
    #expect(events.of(.satisfactionLow, victim).last?.data["main_complaints"]?.list?.count == 2)
  }

  @Test func intrusionNamesItsAddressesAndGrows() throws {
    var stage = Stage(.fixed([.intrusion]))
    let alerts = stage.run(seconds: 30).of(.securityAlert)
    #expect(alerts.allSatisfy { $0.agent == victim })
    #expect(alerts.first?.data["risk_level"] == "medium")
    #expect(alerts.last?.data["risk_level"] == "critical")
    #expect(alerts.last?.data["suspicious_ips"]?.list?.count == 2)
  }

  @Test func leakShowsInHealthAlone() {
    var stage = Stage(.fixed([.leak]))
    let events = stage.run(seconds: 30)
    #expect(!events.of(.healthCritical).isEmpty && events.of(.healthCritical).allSatisfy { $0.agent == victim })
    #expect(events.of(.performanceDegraded).isEmpty)
  }

  @Test func incidentsOfATimetableBefallDifferentAgents() {
    var stage = Stage(.automatic)
    let events = stage.run(seconds: 110)
    let victims = [EventKind.performanceDegraded, .highTraffic, .satisfactionLow, .securityAlert].map {
      Set(events.of($0).map(\.agent)).count
    }
    #expect(victims == [1, 1, 1, 1])
    #expect(
      events.of(.performanceDegraded).first?.agent == "support-br-01"
        && events.of(.highTraffic).first?.agent == "support-eu-01")
  }
}
