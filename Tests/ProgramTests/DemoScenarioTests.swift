import Automation
import Configuration
import FleetModel
import Handler
import Simulation
import TestThreads
import Testing
import Wire

@testable import vigia

/// What happens in the demo within its first two minutes, by its own clock: the simulation that it starts, on the wire and
/// back, through the rules inside the program.
@Suite(.threaded) struct DemoScenarioTests {
  /// Each kind of event that rules are about, and the rules of which one at least is to do something about it.
  private static let scenarios: [(type: String, rules: Set<String>)] = [
    ("agent.performance_degraded", ["performance-degraded"]), ("agent.high_traffic", ["high-traffic"]),
    ("agent.satisfaction_low", ["satisfaction-low", "satisfaction-amends"]),
    ("agent.security_alert", ["security-alert"]), ("agent.created", ["agent-created"]),
    ("agent.health_critical", ["health-critical"]), ("agent.predictive_alert", ["foreseen"]),
    ("agent.handoff_requested", ["handoff"]),
  ]

  /// - Parameter history: what the console's demo has behind it when it begins, in minutes; the headless one nothing.
  @Test(arguments: [1, 5] as [UInt64], [0, 15] as [Int64])
  func allEightScenariosHappenAndAreListed(_ seed: UInt64, history: Int64) throws {
    var run = try DemoInVirtualTime(seed: seed, history: .minutes(history))
    try run.advance(by: .minutes(2))
    for scenario in Self.scenarios {
      #expect(run.types.contains(scenario.type), "it happens")
      let counts = scenario.rules.compactMap { run.tally.json[$0] }
      let done = counts.reduce(0) { $0 + ($1["acted"]?.int ?? 0) + ($1["proposed"]?.int ?? 0) }
      #expect(done > 0, "\(scenario.type): \(String(decoding: run.tally.json.encoded, as: UTF8.self))")
    }
  }
}

/// The demo's simulation and the rules on a clock that only this moves, with agents that obey what rules do.
private struct DemoInVirtualTime {
  /// What occurred, and what `--headless` counts of it, since the demo began.
  private(set) var types: Set<String> = []
  private(set) var tally = RuleTally()
  private var fleet: SimulatedFleet
  private var runbookTest: RunbookTest
  private let decoder = EventDecoder()
  private var now: Instant
  private let beginning = Instant(milliseconds: 1_795_334_400_000)
  private var published = 0

  /// As `vigia demo` starts it, and as a handler that has never been there before takes up what is past.
  init(seed: UInt64, history: TimeSpan) throws {
    now = beginning - history
    fleet = SimulatedFleet(
      agents: 12, rate: 20, seed: seed, incidents: .automatic, at: now,
      present: history > .zero ? beginning : nil)
    runbookTest = RunbookTest(try RunbookFile.builtIn(), mode: .on)
    while now < beginning { try publish(fleet.advance(to: now + .milliseconds(200)), .milliseconds(200)) }
  }

  mutating func advance(by span: TimeSpan) throws {
    let end = beginning + span
    while now < end { try publish(fleet.advance(to: now + .milliseconds(20)), .milliseconds(20)) }
  }

  private mutating func publish(_ events: [SimulatedEvent], _ span: TimeSpan) throws {
    now = now + span
    guard now > beginning - HandlerOptions(id: "h1").firstLook else { return }
    for event in events {
      let line = try line(event)
      let findings = try line.withUnsafeBytes { try runbookTest.take($0) }
      // What is past has not been acted on.
      guard now > beginning else { continue }
      types.insert(event.type)
      for finding in findings { conclude(finding) }
    }
  }

  /// The event's line in a recording, read from what it is on the wire.
  private mutating func line(_ event: SimulatedEvent) throws -> [UInt8] {
    published += 1
    let formats = EventEncoding.Format.allCases
    let payload = EventEncoding.encode(
      event.body(at: now, isDotted: false), as: formats[published % formats.count], correlationID: "\(published)")
    let channel = Array(event.channel(isPlural: published % 16 == 0).utf8)
    return try payload.withUnsafeBytes { payload in
      try channel.withUnsafeBytes { channel in
        let event = try decoder.decode(payload, channel: channel, receivedAt: now)
        return EventLine.encode(
          event, id: StreamID(milliseconds: UInt64(now.milliseconds), sequence: UInt64(published)))
      }
    }
  }

  /// Counts it as the audit's line of it is counted, and has the agents do what is done.
  private mutating func conclude(_ finding: RunbookTest.Finding) {
    let phase: AuditLine.Phase
    switch finding.decision.course {
    case .act: phase = .started
    case .propose: phase = .proposed
    case .dryRun, .suppression: return
    }
    tally.take(
      AuditLine(
        origin: .run("\(finding.rule)/\(finding.event)"), rule: finding.rule, phase: phase, action: "rule",
        target: finding.agent, operator: "rule/\(finding.rule)", at: finding.at))
    guard phase == .started else { return }
    for ruleAction in finding.ruleActions {
      guard case .action(let action) = ruleAction.kind, action.reachesRuntimes else { continue }
      let end = ruleAction.arguments["for"].flatMap { TimeSpan($0) }.map { now + $0 }
      _ = fleet.obey(
        ControlMessage(
          agent: ruleAction.target, action: action, arguments: ruleAction.arguments,
          commandID: CommandID(finding.event), until: end
        ))
    }
  }
}
